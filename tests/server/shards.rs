//! A room so large that several tasks write for it, over real sockets: while people come, stall, cut,
//! come back and go, shards are filled, halved, emptied and filled again, and each person gets every
//! event of the room once, in order, byte for byte as they stand in the room's own log.
//!
//! `STEREO_SEED` gives another evening; a failure names the seed that it was found with.

use crate::crowd::{Crowd, Dice, Habits, Host, Story, Way, seed, settings};
use crate::support::Server;
use std::time::Duration;

/// Who comes first: a shard of 512 is halved when it is full, twice by then.
const FIRST: usize = 1_100;
/// Who comes into the shards that were left.
const SECOND: usize = 400;
/// People who come between two things that are said.
const GROUP: usize = 25;
/// Who stays all evening: with the host fewer than there are shards, so that one is empty.
const STAY: usize = 1;

#[tokio::test(flavor = "multi_thread")]
async fn a_room_of_several_shards_gives_everybody_the_events_of_its_log() {
    provide_descriptors(4 * FIRST as u64);
    let mut settings = settings(256 << 10);
    settings.server.max_connections_per_address = 0;
    let server = Server::start_with(settings).await;
    let seed = seed();
    let mut dice = Dice(seed | 1);
    let way = Way {
        server: server.address,
        tls: None,
    };
    let (room, token) = way.room().await;
    let mut host = Host::new(&way, &room, &token).await;
    let crowd = |restless, number| {
        let seed = seed.rotate_left(number);
        let habits = Habits {
            restless,
            steady: 50,
            seed,
        };
        Crowd::new(&way, &room, habits)
    };

    let mut stay = crowd(600, 0);
    stay.bring(STAY);
    stay.all_came().await;
    let first = come_and_go(crowd(600, 1), FIRST, &mut host, &mut dice).await;
    while server.app.wheel.count() > 1 + STAY {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for _ in 0..5 {
        host.chatter(1, &mut dice).await;
    }
    let second = come_and_go(crowd(200, 2), SECOND, &mut host, &mut dice).await;
    let end = host.say(&["Goodbye, all".into()]).await;
    host.check_log(end);
    stay.end(&host.log, end).await;
    for total in [first, second] {
        assert!(total.resumed > 0 && total.replies > 0 && total.packed > 0);
    }
}

/// People come while things are said, hear the last of them, and go.
async fn come_and_go(mut crowd: Crowd, people: usize, host: &mut Host, dice: &mut Dice) -> Story {
    for _ in 0..people / GROUP {
        crowd.bring(GROUP);
        host.chatter(2, dice).await;
    }
    crowd.all_came().await;
    let end = host.chatter(3, dice).await;
    crowd.end(&host.log, end).await
}

/// Lets this process have so many files open: each connection has two ends here.
fn provide_descriptors(count: u64) {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: `limit` is a valid rlimit to be written to.
    assert_eq!(
        unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) },
        0
    );
    assert!(limit.rlim_max >= count, "{count} descriptors are needed");
    limit.rlim_cur = limit.rlim_max;
    // SAFETY: `limit` is a valid rlimit to be read from.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) }, 0);
}
