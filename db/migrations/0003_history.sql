-- Revises: 0002
-- Reason: A history that can be searched, and favourites.

-- One row for each job, by its number. The owner is a word of its own, so that one member's pictures are found among
-- everybody's without reading the others.
CREATE VIRTUAL TABLE job_texts USING fts5 (owner, prompt, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3 4 5');
INSERT INTO job_texts (rowid, owner, prompt)
SELECT id, 'u' || user_id, coalesce(json_extract(request, '$.prompt'), '') FROM jobs WHERE json_valid(request);

CREATE TABLE favourites (
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    image_id   INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    created_at REAL    NOT NULL,
    PRIMARY KEY (user_id, image_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX favourites_by_image ON favourites (image_id);

-- A member's finished jobs, newest first, without those that are deleted.
CREATE INDEX jobs_of_member ON jobs (user_id, id) WHERE deleted_at IS NULL AND state IN ('rendered', 'delivered');
