-- Revises: 0010
-- Reason: Bans and strikes, and every message that shows a job's pictures.

-- Guild 0 is the whole instance. No `until` is for good. No reference to `users`: whoever never painted can be banned,
-- and whoever is forgotten stays so.
CREATE TABLE bans (
    guild_id  INTEGER NOT NULL,
    user_id   INTEGER NOT NULL,
    since     REAL    NOT NULL,
    until     REAL,
    reason    TEXT    NOT NULL,
    forgotten INTEGER NOT NULL DEFAULT 0 CHECK (forgotten IN (0, 1)),
    PRIMARY KEY (guild_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX bans_of_member ON bans (user_id);
CREATE INDEX bans_by_end ON bans (until) WHERE until IS NOT NULL;

-- How long a strike counts is a setting of the server. AUTOINCREMENT: a number that was told never means another one.
CREATE TABLE strikes (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    guild_id INTEGER NOT NULL,
    user_id  INTEGER NOT NULL,
    at       REAL    NOT NULL,
    reason   TEXT    NOT NULL,
    told_at  REAL
) STRICT;
CREATE INDEX strikes_of_member ON strikes (user_id, guild_id, id);
CREATE INDEX strikes_of_guild ON strikes (guild_id, at);
CREATE INDEX strikes_untold ON strikes (user_id) WHERE told_at IS NULL;

-- `jobs` knows the newest message of a job only.
CREATE TABLE posts (
    message_id INTEGER PRIMARY KEY,
    guild_id   INTEGER NOT NULL,
    channel_id INTEGER NOT NULL,
    job_id     INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE
) STRICT;
CREATE INDEX posts_of_job ON posts (job_id);
INSERT OR IGNORE INTO posts (message_id, guild_id, channel_id, job_id)
SELECT message_id, guild_id, channel_id, id FROM jobs
WHERE message_id IS NOT NULL AND origin = 'discord' AND deleted_at IS NULL;

-- A trigger, so that no way to a message can leave one out.
CREATE TRIGGER jobs_posted AFTER UPDATE OF message_id ON jobs
WHEN NEW.message_id IS NOT NULL AND NEW.origin = 'discord'
BEGIN
    INSERT OR IGNORE INTO posts (message_id, guild_id, channel_id, job_id)
    VALUES (NEW.message_id, NEW.guild_id, NEW.channel_id, NEW.id);
END;

CREATE INDEX audit_by_time ON audit (at);
