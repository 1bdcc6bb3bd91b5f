-- Revises: 0000
-- Reason: The first schema: guilds, users, jobs, images, measured speeds and small settings.

-- Discord's ids are 64-bit snowflakes; 0 stands for the command line. Times are Unix seconds.
CREATE TABLE guilds (
    id         INTEGER PRIMARY KEY,
    name       TEXT    NOT NULL,
    first_seen REAL    NOT NULL,
    last_seen  REAL    NOT NULL
) STRICT;

CREATE TABLE users (
    id         INTEGER PRIMARY KEY,
    name       TEXT    NOT NULL,
    first_seen REAL    NOT NULL,
    last_seen  REAL    NOT NULL
) STRICT;

-- AUTOINCREMENT: the number of a deleted job must never be given to another one, because old buttons name it.
CREATE TABLE jobs (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    origin       TEXT    NOT NULL CHECK (origin IN ('discord', 'cli')),
    guild_id     INTEGER NOT NULL REFERENCES guilds (id),
    user_id      INTEGER NOT NULL REFERENCES users (id),
    channel_id   INTEGER NOT NULL,
    message_id   INTEGER,
    private      INTEGER NOT NULL CHECK (private IN (0, 1)),
    state        TEXT    NOT NULL CHECK (
        state IN ('queued', 'running', 'rendered', 'delivered', 'failed', 'cancelled', 'withheld')
    ),
    request      TEXT    NOT NULL,
    notes        TEXT    NOT NULL,
    error        TEXT,
    reference    TEXT,
    created_at   REAL    NOT NULL,
    started_at   REAL,
    rendered_at  REAL,
    delivered_at REAL
) STRICT;

CREATE TABLE images (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id          INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    position        INTEGER NOT NULL CHECK (position >= 0),
    state           TEXT    NOT NULL CHECK (state IN ('queued', 'running', 'painted', 'failed', 'cancelled')),
    recipe          TEXT    NOT NULL,
    profile         TEXT    NOT NULL,
    prompt          TEXT    NOT NULL,
    negative_prompt TEXT    NOT NULL,
    seed            INTEGER NOT NULL,
    width           INTEGER NOT NULL CHECK (width > 0),
    height          INTEGER NOT NULL CHECK (height > 0),
    steps           INTEGER NOT NULL CHECK (steps > 0),
    cost            REAL    NOT NULL CHECK (cost > 0),
    file            TEXT,
    sha256          TEXT,
    seconds         REAL,
    weights         TEXT,
    error           TEXT,
    reference       TEXT,
    started_at      REAL,
    ended_at        REAL,
    UNIQUE (job_id, position),
    CHECK (state <> 'painted' OR (file IS NOT NULL AND sha256 IS NOT NULL))
) STRICT;

-- These two hold only what is not final, so they stay small whatever the history.
CREATE INDEX jobs_pending ON jobs (guild_id, user_id) WHERE state IN ('queued', 'running');
CREATE INDEX images_pending ON images (job_id) WHERE state IN ('queued', 'running');

CREATE INDEX jobs_by_state ON jobs (state);
CREATE INDEX jobs_by_message ON jobs (message_id) WHERE message_id IS NOT NULL;

CREATE TABLE speeds (
    profile          TEXT    PRIMARY KEY,
    seconds_per_cost REAL    NOT NULL CHECK (seconds_per_cost > 0),
    samples          INTEGER NOT NULL,
    updated_at       REAL    NOT NULL
) STRICT;

CREATE TABLE keyvalue (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
