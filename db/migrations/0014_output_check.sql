-- Revises: 0013
-- Reason: What the check of finished pictures says, pictures that are withheld, and what members report.

-- NULL: nobody has looked, as in old rows. `withheld`, `unchecked`, `reported` and `rejected` pictures have no file here:
-- it lies in `reviews`, or is gone, so that nothing that shows pictures can come upon it.
ALTER TABLE images ADD COLUMN check_state TEXT CHECK (
    check_state IN ('off', 'passed', 'approved', 'spoiler', 'withheld', 'unchecked', 'reported', 'rejected')
);
-- JSON of the four probabilities; taken away where a moderator has approved, as they no longer count then.
ALTER TABLE images ADD COLUMN scores TEXT;
ALTER TABLE images ADD COLUMN classifier TEXT;

-- Counts how often a finished job was changed by moderation, and so is to be posted anew.
ALTER TABLE jobs ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
-- Whether the member is still to be told that something was released.
ALTER TABLE jobs ADD COLUMN released INTEGER NOT NULL DEFAULT 0;
CREATE INDEX jobs_withheld_untold ON jobs (id) WHERE state = 'withheld' AND delivered_at IS NULL;

-- AUTOINCREMENT: an old button must never mean another picture.
CREATE TABLE reviews (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    guild_id   INTEGER NOT NULL,
    job_id     INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    image_id   INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    kind       TEXT    NOT NULL CHECK (kind IN ('withheld', 'unchecked', 'reported')),
    state      TEXT    NOT NULL CHECK (
        state IN ('open', 'approved', 'spoiler', 'rejected', 'dismissed', 'expired', 'gone')
    ),
    -- The picture's file while it is withheld; NULL while everybody can see it.
    file       TEXT,
    sha256     TEXT,
    bytes      INTEGER,
    scores     TEXT,
    classifier TEXT,
    reference  TEXT,
    ceiling    TEXT,
    threshold  REAL,
    created_at REAL    NOT NULL,
    decided_at REAL,
    -- The message for moderators, and whether it lacks or no longer says what is so.
    channel_id INTEGER,
    message_id INTEGER,
    stale      INTEGER NOT NULL CHECK (stale IN (0, 1))
) STRICT;
CREATE UNIQUE INDEX reviews_open ON reviews (image_id) WHERE state = 'open';
CREATE INDEX reviews_of_guild ON reviews (guild_id, id) WHERE state = 'open';
CREATE INDEX reviews_stale ON reviews (id) WHERE stale = 1;
CREATE INDEX reviews_of_image ON reviews (image_id);
CREATE INDEX reviews_of_job ON reviews (job_id);

-- One member's report of one picture, however often they press.
CREATE TABLE reports (
    image_id   INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    user_id    INTEGER NOT NULL,
    review_id  INTEGER NOT NULL REFERENCES reviews (id) ON DELETE CASCADE,
    reason     TEXT    NOT NULL,
    created_at REAL    NOT NULL,
    PRIMARY KEY (image_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX reports_of_review ON reports (review_id);
CREATE INDEX reports_of_member ON reports (user_id);
