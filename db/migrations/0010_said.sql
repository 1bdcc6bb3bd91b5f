-- Revises: 0009
-- Reason: Failures are said in the language of whoever looks at them, not in that of the one who wrote them down.

-- What the sentence in `error` is made of, as JSON: its template and what fills it. NULL for plain English.
ALTER TABLE jobs ADD COLUMN error_said TEXT;
