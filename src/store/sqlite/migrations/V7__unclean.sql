-- Whether something was deleted since it was last seen that nothing deleted is in any file: set with
-- the deletion, so that whoever ends the process in between does not keep it from being finished.
ALTER TABLE store ADD COLUMN unclean INTEGER NOT NULL DEFAULT 0;

-- The account that an address is to be added to: what is asked for goes with it.
ALTER TABLE attempts ADD COLUMN account INTEGER;
