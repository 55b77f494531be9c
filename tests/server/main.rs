//! The real server, over real sockets, on port 0. Each file is one part of what it promises.

// A test that cannot go on is a test that failed; one may say the seed of its evening.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod accounts;
mod authenticator;
mod backups;
mod bad_input;
mod connections;
mod cost;
mod crawl;
mod crowd;
mod described;
mod durable;
mod elsewhere;
mod erased;
mod faults;
mod folder;
mod http;
mod identity;
mod kept;
mod letters;
mod mails;
mod needles;
mod person;
mod policy;
mod portability;
mod process;
mod providers;
mod purge;
mod reports;
mod rooms;
mod shards;
mod stalls;
mod stay;
mod support;
mod terminal;
mod third_parties;
mod tls;
mod under_way;
mod uploads;
mod visits;
