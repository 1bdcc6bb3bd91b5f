-- Revises: 0004
-- Reason: Batches that wait for their member's confirmation, and members who asked to be mentioned.

-- Whether the member is to be mentioned after a long wait, and when that was done.
ALTER TABLE jobs ADD COLUMN notify INTEGER NOT NULL DEFAULT 0 CHECK (notify IN (0, 1));
ALTER TABLE jobs ADD COLUMN notified_at REAL;

-- What a batch is made of, until it is queued, cancelled or too old: no button has room for that. AUTOINCREMENT: an
-- old button must never find another batch.
CREATE TABLE confirmations (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    guild_id   INTEGER NOT NULL,
    user_id    INTEGER NOT NULL,
    batch      TEXT    NOT NULL,
    expires_at REAL    NOT NULL
) STRICT;
CREATE INDEX confirmations_by_expiry ON confirmations (expires_at);
CREATE INDEX confirmations_of_member ON confirmations (user_id, id);
