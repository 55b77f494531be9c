-- Rooms that stay. What names or describes people is sealed: the settings with the owner's key,
-- each member with a key of their own (an account's, or a guest's for this room).

CREATE TABLE rooms (
    id TEXT PRIMARY KEY,
    owner INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    settings BLOB NOT NULL,           -- sealed: settings, password's hash, invitations, host
    playing TEXT NOT NULL,            -- what plays, and where it is
    play_order BLOB NOT NULL          -- ids of items, 8 bytes each
) STRICT, WITHOUT ROWID;
CREATE INDEX rooms_by_owner ON rooms (owner);

CREATE TABLE room_members (
    room TEXT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    member TEXT NOT NULL,
    account INTEGER REFERENCES accounts (id) ON DELETE CASCADE,
    key BLOB,                         -- the name of a guest's key in the key store
    person BLOB NOT NULL,             -- sealed: name, picture, role, hash of a guest's token
    PRIMARY KEY (room, member)
) STRICT, WITHOUT ROWID;
CREATE INDEX room_members_by_account ON room_members (account);

CREATE TABLE room_bans (
    room TEXT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    ban TEXT NOT NULL,
    account INTEGER REFERENCES accounts (id) ON DELETE CASCADE,
    key BLOB,
    banned BLOB NOT NULL,             -- sealed: who, until when, hash of a guest's token
    PRIMARY KEY (room, ban)
) STRICT, WITHOUT ROWID;
CREATE INDEX room_bans_by_account ON room_bans (account);

CREATE TABLE room_items (
    room TEXT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    item BLOB NOT NULL,
    content TEXT NOT NULL,            -- track, the member who added it, whether it is pinned
    PRIMARY KEY (room, item)
) STRICT, WITHOUT ROWID;

CREATE TABLE room_history (
    room TEXT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    place INTEGER NOT NULL,           -- order, not time
    content TEXT NOT NULL,            -- track, the member who added it, why it ended
    PRIMARY KEY (room, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE room_log (
    room TEXT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    content TEXT NOT NULL,            -- what was done, by which member
    PRIMARY KEY (room, place)
) STRICT, WITHOUT ROWID;
