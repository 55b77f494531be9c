-- Accounts and what signs them in. Ids are random: no row tells an order or a time.
-- BLOBs that hold something of a person are sealed with that person's key (src/keystore/seal.rs).

-- One row: the name of the key store that belongs to this database.
CREATE TABLE store (keys BLOB NOT NULL) STRICT;

CREATE TABLE accounts (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL,                -- the name of its key in the key store
    handle BLOB NOT NULL,             -- sealed
    picture BLOB                      -- sealed: the name of the file
) STRICT;

CREATE TABLE emails (
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    address BLOB NOT NULL             -- sealed
) STRICT;
CREATE INDEX emails_by_account ON emails (account);

CREATE TABLE subjects (
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    subject BLOB NOT NULL             -- sealed: provider and subject
) STRICT;
CREATE INDEX subjects_by_account ON subjects (account);

CREATE TABLE passkeys (
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    credential_id BLOB NOT NULL,      -- sealed
    credential BLOB NOT NULL,         -- sealed
    label BLOB NOT NULL               -- sealed
) STRICT;
CREATE INDEX passkeys_by_account ON passkeys (account);

CREATE TABLE sessions (
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    kind INTEGER NOT NULL,
    hash BLOB NOT NULL UNIQUE,        -- SHA-256 of a random token
    label BLOB NOT NULL,              -- sealed
    ends_day INTEGER NOT NULL         -- rounded up
) STRICT;
CREATE INDEX sessions_by_account ON sessions (account);

-- Sign-ins under way: sealed with a key that only the link and the browser open, not the server.
CREATE TABLE attempts (
    id BLOB PRIMARY KEY,
    link BLOB NOT NULL UNIQUE,        -- SHA-256 of the link's secret
    browser BLOB NOT NULL UNIQUE,     -- SHA-256 of the browser's secret
    link_key BLOB NOT NULL,           -- the attempt's key, sealed with the link's secret
    browser_key BLOB NOT NULL,        -- the same, sealed with the browser's secret
    code BLOB NOT NULL,               -- keyed hash of the code, under the attempt's key
    wrong INTEGER NOT NULL,           -- wrong codes so far
    content BLOB NOT NULL             -- sealed with the attempt's key: address, end, and what then
) STRICT, WITHOUT ROWID;
