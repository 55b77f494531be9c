//! What a room promises, as facts about its pure state. No tasks and no sockets in here.
