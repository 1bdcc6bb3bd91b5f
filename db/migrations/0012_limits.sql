-- Revises: 0011
-- Reason: Quotas that are counted from what was asked for, jobs that moderators moved forward, and broadcasts.

-- A moderator has moved the job to the front of its server's queue: when.
ALTER TABLE jobs ADD COLUMN promoted_at REAL;

-- The picture's own share of the engine's time. `seconds` is how long it took while others were painted beside it.
ALTER TABLE images ADD COLUMN share REAL;

-- What a member, or a server, has asked for lately.
CREATE INDEX jobs_lately ON jobs (guild_id, created_at, user_id);

-- What the owner of the instance tells every server. AUTOINCREMENT: an old button never means another text.
CREATE TABLE broadcasts (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    text       TEXT    NOT NULL CHECK (text <> ''),
    created_at REAL    NOT NULL,
    started_at REAL
) STRICT;

-- One row for each server. It is claimed before the message is sent, so that none is told twice.
CREATE TABLE broadcast_servers (
    broadcast_id INTEGER NOT NULL REFERENCES broadcasts (id) ON DELETE CASCADE,
    guild_id     INTEGER NOT NULL,
    state        TEXT    NOT NULL CHECK (state IN ('waiting', 'claimed', 'sent', 'failed')),
    PRIMARY KEY (broadcast_id, guild_id)
) STRICT, WITHOUT ROWID;

-- Jobs that are over, oldest first, for a rule of how long they are kept.
CREATE INDEX jobs_over ON jobs (created_at, id) WHERE state IN ('delivered', 'failed', 'cancelled', 'withheld');
