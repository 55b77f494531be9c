-- Tracks on the servers of others: their address and title are what a person gave, so they are
-- sealed with the key of whoever added them, and go with that person. Queue, history and what plays
-- hold only the track's random name.
CREATE TABLE room_tracks (
    room TEXT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    track TEXT NOT NULL,
    account INTEGER REFERENCES accounts (id) ON DELETE CASCADE,
    key BLOB,                         -- the name of a guest's key in the key store
    content BLOB NOT NULL,            -- sealed: the track, hash of a guest's token
    PRIMARY KEY (room, track)
) STRICT, WITHOUT ROWID;
CREATE INDEX room_tracks_by_account ON room_tracks (account);
