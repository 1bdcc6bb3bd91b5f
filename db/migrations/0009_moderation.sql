-- Revises: 0008
-- Reason: What owners and moderators set, and a log of who decided what.

-- One setting of a server, of one of its channels or of one of its roles, as JSON. Guild 0 is the instance itself.
CREATE TABLE policies (
    guild_id  INTEGER NOT NULL,
    scope     TEXT    NOT NULL CHECK (scope IN ('guild', 'channel', 'role')),
    target_id INTEGER NOT NULL,
    name      TEXT    NOT NULL CHECK (name <> ''),
    value     TEXT    NOT NULL CHECK (value <> ''),
    PRIMARY KEY (guild_id, scope, target_id, name),
    CHECK ((scope = 'guild') = (target_id = 0))
) STRICT, WITHOUT ROWID;

-- Written in the transaction of what it tells. Guild 0 is the instance itself, actor 0 the bot by its own rules.
-- AUTOINCREMENT: a number that was told to somebody never means another entry.
CREATE TABLE audit (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    guild_id   INTEGER NOT NULL,
    at         REAL    NOT NULL,
    actor_id   INTEGER NOT NULL,
    actor_name TEXT    NOT NULL,
    action     TEXT    NOT NULL CHECK (action <> ''),
    user_id    INTEGER,
    job_id     INTEGER,
    target     TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    details    TEXT    NOT NULL CHECK (details <> '')
) STRICT;
CREATE INDEX audit_of_guild ON audit (guild_id, id);
CREATE INDEX audit_of_member ON audit (user_id, id) WHERE user_id IS NOT NULL;
CREATE INDEX audit_by_actor ON audit (actor_id, id);
