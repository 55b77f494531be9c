-- What a person chose: language and mails.
ALTER TABLE accounts ADD COLUMN preferences BLOB; -- sealed
