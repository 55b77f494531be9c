//! What a room promises, as facts about its pure state. No tasks and no sockets in here.

mod facts;
mod random;
mod stored;
mod vectors;
mod world;
