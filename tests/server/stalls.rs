//! Readers that stall, cut and come back: whatever the network does, each gets every event of the
//! room once, in order, byte for byte as they stand in the room's own log.
//!
//! `STEREO_SEED` gives another evening; a failure names the seed that it was found with.

use crate::crowd::{Crowd, Dice, Habits, Host, Story, Way, seed, settings};
use crate::support::Server;
use crate::tls::{certify, trusting, with_tls};
use stereo::config::Config;
use tokio_rustls::TlsConnector;

async fn evening(
    server: &Server,
    tls: Option<TlsConnector>,
    listeners: usize,
    events: u64,
) -> Story {
    let seed = seed();
    let way = Way {
        server: server.address,
        tls,
    };
    let (room, token) = way.room().await;
    let mut host = Host::new(&way, &room, &token).await;
    let habits = Habits {
        restless: 200,
        steady: 50,
        seed,
    };
    let mut crowd = Crowd::new(&way, &room, habits);
    crowd.bring(listeners);
    // Events that come while people still come in, and then many at once.
    let mut dice = Dice(seed | 1);
    let mut number = 0;
    while number < events {
        let together = 8 + dice.below(21);
        host.chatter(together, &mut dice).await;
        number += together;
    }
    // Whoever came late has heard something too.
    crowd.all_came().await;
    let end = host.say(&["Goodbye, all".into()]).await;
    host.check_log(end);
    let total = crowd.end(&host.log, end).await;
    assert!(total.resumed > 0 && total.replies > 0 && total.packed > 0);
    total
}

/// Written by the room itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_small_room_gives_everybody_the_events_of_its_log() {
    let server = Server::start_with(settings(40 << 10)).await;
    assert!(evening(&server, None, 60, 300).await.dropped > 0);
}

/// Written by one shard.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_room_gives_everybody_the_events_of_its_log() {
    let server = Server::start_with(settings(40 << 10)).await;
    assert!(evening(&server, None, 220, 300).await.dropped > 0);
}

/// Each connection is written by its own task.
#[tokio::test(flavor = "multi_thread")]
async fn over_tls_everybody_gets_the_events_of_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = certify(folder.path());
    let config = Config {
        tls: with_tls(folder.path()).tls,
        ..settings(100 << 10)
    };
    let server = Server::start_with(config).await;
    let tls = trusting(&certificate, &[&rustls::version::TLS13]);
    evening(&server, Some(tls), 60, 300).await;
}
