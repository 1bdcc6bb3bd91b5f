-- Revises: 0006
-- Reason: Members who want to be forgotten: what of that is still to be done.

-- Who asked, until everything of theirs is erased. Jobs with larger numbers came after they had asked, and stay.
CREATE TABLE forgetting (
    user_id  INTEGER PRIMARY KEY,
    last_job INTEGER NOT NULL,
    since    REAL    NOT NULL
) STRICT;

-- What is left to do when the rows are gone. Nobody is named here any more.
CREATE TABLE doomed_files (
    file TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
CREATE TABLE takedowns (
    message_id INTEGER PRIMARY KEY,
    guild_id   INTEGER NOT NULL,
    channel_id INTEGER NOT NULL,
    refused    INTEGER NOT NULL DEFAULT 0
) STRICT;

-- All jobs of a member, whatever became of them.
CREATE INDEX jobs_by_user ON jobs (user_id, id);
