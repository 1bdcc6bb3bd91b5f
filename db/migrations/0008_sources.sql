-- Revises: 0007
-- Reason: Pictures that members hand in to be painted from, and the masks to them.

-- A file is named by its hash and is there once, whoever has handed it in; it goes with the last of its rows. What was
-- made of a picture of ours keeps that one's rating; of what members hand in none is known.
CREATE TABLE sources (
    sha256     TEXT    NOT NULL,
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    guild_id   INTEGER NOT NULL,
    file       TEXT    NOT NULL,
    rating     TEXT,
    created_at REAL    NOT NULL,
    PRIMARY KEY (sha256, user_id, guild_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX sources_of_member ON sources (user_id);
