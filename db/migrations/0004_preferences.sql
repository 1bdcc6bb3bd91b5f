-- Revises: 0003
-- Reason: What members set for themselves: defaults of options, and named presets of them.

-- They belong to the member and not to a guild: models are the same everywhere, and a channel's ceiling lowers a rating
-- where it has to. NULL is "the card's own"; `private` has no card to ask.
CREATE TABLE preferences (
    user_id         INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    profile         TEXT,
    aspect          TEXT,
    negative_preset TEXT,
    count           INTEGER CHECK (count > 0),
    rating          TEXT,
    private         INTEGER NOT NULL DEFAULT 0 CHECK (private IN (0, 1)),
    updated_at      REAL    NOT NULL
) STRICT;

-- `folded` is the name without regard to case, so that a member finds it however it is typed.
CREATE TABLE presets (
    id         INTEGER PRIMARY KEY,
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name       TEXT    NOT NULL,
    folded     TEXT    NOT NULL,
    options    TEXT    NOT NULL CHECK (options <> ''),
    updated_at REAL    NOT NULL,
    UNIQUE (user_id, folded)
) STRICT;
