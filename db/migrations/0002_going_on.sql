-- Revises: 0001
-- Reason: Going on from a picture: what a job was made by, which picture it came from, and deleting it.

-- What asked for the job: `imagine`, `reroll`, `edit` and so on. The picture it went on from, if any.
ALTER TABLE jobs ADD COLUMN action TEXT NOT NULL DEFAULT 'imagine' CHECK (action <> '');
ALTER TABLE jobs ADD COLUMN parent_image_id INTEGER REFERENCES images (id) ON DELETE SET NULL;
CREATE INDEX jobs_by_parent ON jobs (parent_image_id) WHERE parent_image_id IS NOT NULL;

-- A deleted job keeps its row: its number stays taken, and its old buttons can say what happened.
ALTER TABLE jobs ADD COLUMN deleted_at REAL;

-- When the file was taken from the disk. Between deleting a job and that, a start can go on where it stopped.
ALTER TABLE images ADD COLUMN swept_at REAL;
-- A picture that another one starts from is named by its file's hash.
CREATE INDEX images_by_hash ON images (sha256) WHERE sha256 IS NOT NULL;
CREATE INDEX jobs_deleted ON jobs (id) WHERE deleted_at IS NOT NULL;
