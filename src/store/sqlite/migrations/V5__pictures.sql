-- Pictures of people, in two sizes. Not files: what is deleted here is overwritten, and what a
-- backup holds of it goes with the key.
CREATE TABLE pictures (
    name TEXT PRIMARY KEY,            -- random: where it is served
    account INTEGER NOT NULL UNIQUE REFERENCES accounts (id) ON DELETE CASCADE,
    small BLOB NOT NULL,              -- sealed: a JPEG
    large BLOB NOT NULL               -- sealed: the same, larger
) STRICT, WITHOUT ROWID;
