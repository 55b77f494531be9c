-- Mails that wait to be sent. They go when they are sent, or cannot be, and with whom they are for.
CREATE TABLE mails (
    id INTEGER PRIMARY KEY,           -- random
    account INTEGER REFERENCES accounts (id) ON DELETE CASCADE,
    attempt BLOB REFERENCES attempts (id) ON DELETE CASCADE, -- of a link to sign in
    key BLOB,                         -- the name of the mail's own key; none: sealed with the account's
    content BLOB NOT NULL,            -- sealed: what about; of a link, also where to
    tries INTEGER NOT NULL,           -- in vain
    due_ms INTEGER NOT NULL           -- when it is tried next; 0 at first
) STRICT;
CREATE INDEX mails_by_account ON mails (account);
CREATE INDEX mails_by_attempt ON mails (attempt);
CREATE INDEX mails_by_due ON mails (due_ms);

-- Links that switch a kind of mail off.
CREATE TABLE unsubscribes (
    hash BLOB PRIMARY KEY,            -- SHA-256 of the link's secret, which only the account's key gives
    account INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    kind INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX unsubscribes_by_account ON unsubscribes (account);

-- Up to which version of the policy an account was told by mail.
ALTER TABLE accounts ADD COLUMN policy_told BLOB; -- sealed
