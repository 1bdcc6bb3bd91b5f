-- Revises: 0012
-- Reason: Blocked words and their exceptions, by server.

-- `words` is the pattern as it is compared: two spellings of the same words are one rule. Guild 0 is the instance
-- itself. AUTOINCREMENT: a number that a member was told never means another rule.
CREATE TABLE word_rules (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    guild_id   INTEGER NOT NULL,
    kind       TEXT    NOT NULL CHECK (kind IN ('block', 'allow')),
    pattern    TEXT    NOT NULL CHECK (pattern <> ''),
    words      TEXT    NOT NULL CHECK (words <> ''),
    note       TEXT    NOT NULL,
    created_at REAL    NOT NULL,
    UNIQUE (guild_id, words)
) STRICT;
