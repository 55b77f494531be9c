-- What people and support write to each other. Dates are days, inside what is sealed.
CREATE TABLE threads (
    id INTEGER PRIMARY KEY,           -- random
    account INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    content BLOB NOT NULL             -- sealed: subject, whether it is closed, what support looked at
) STRICT;
CREATE INDEX threads_by_account ON threads (account);

CREATE TABLE letters (
    id INTEGER PRIMARY KEY,           -- random
    thread INTEGER NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    account INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    place INTEGER NOT NULL,           -- in the order of the thread
    content BLOB NOT NULL             -- sealed: who wrote it, on which day, what it says
) STRICT;
CREATE INDEX letters_by_thread ON letters (thread, place);
CREATE INDEX letters_by_account ON letters (account);
