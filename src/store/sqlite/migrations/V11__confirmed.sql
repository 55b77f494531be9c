-- Whether somebody has shown that an address is theirs. One that only a provider vouches for signs
-- nobody in: no lookup leads from it to an account.
ALTER TABLE emails ADD COLUMN confirmed INTEGER NOT NULL DEFAULT 1;
-- Whether the link was opened in another browser, so that its code was shown to anybody.
ALTER TABLE attempts ADD COLUMN shown INTEGER NOT NULL DEFAULT 0;
