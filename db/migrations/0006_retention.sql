-- Revises: 0005
-- Reason: A rule for how long original files are kept, and painting again what it has taken.

-- Size of the file. NULL in old rows, until a limit in gigabytes makes the sweep look.
ALTER TABLE images ADD COLUMN bytes INTEGER;
-- The picture whose file this one brings back. The file then belongs to that picture, and this one's counts as swept.
ALTER TABLE images ADD COLUMN restores INTEGER REFERENCES images (id) ON DELETE SET NULL;
CREATE INDEX images_restoring ON images (restores) WHERE restores IS NOT NULL;

-- The files on the disk, oldest first. It holds the sizes, too, so that adding them up reads no picture's row.
CREATE INDEX images_kept ON images (ended_at, id, bytes, state, swept_at) WHERE state = 'painted' AND swept_at IS NULL;

-- Hashes that a picture's file had before it was painted again on another machine: recipes of others name them.
CREATE TABLE former_hashes (
    sha256   TEXT    NOT NULL,
    image_id INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    PRIMARY KEY (sha256, image_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX former_hashes_by_image ON former_hashes (image_id);

-- Of a failed job `delivered_at` says from now on when its member was told. Those of earlier versions count as told.
UPDATE jobs SET delivered_at = created_at WHERE state = 'failed' AND delivered_at IS NULL;
CREATE INDEX jobs_untold ON jobs (id) WHERE state = 'failed' AND delivered_at IS NULL;
