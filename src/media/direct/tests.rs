use super::*;

fn direct(origins: &[&str]) -> Direct {
    let media = Media {
        direct: true,
        direct_origins: origins.iter().map(ToString::to_string).collect(),
        ..Media::default()
    };
    Direct::new(&media).unwrap()
}

fn told(url: &str) -> Track {
    Track {
        id: TrackId("t_theirs".into()),
        provider: NAME.into(),
        title: "A\u{202e} title\n".into(),
        artists: vec!["Somebody".into()],
        duration_ms: 60_000,
        url: url.into(),
        artwork: Some("https://elsewhere.example/x.png".into()),
        accent: Some("red".into()),
    }
}

#[test]
fn nothing_elsewhere_is_taken_until_the_operator_allows_it() {
    assert!(Direct::new(&Media::default()).is_none());
}

#[test]
fn an_export_is_believed_no_more_than_who_adds_by_hand() {
    let anywhere = direct(&[]);
    let taken = anywhere.told(&told("https://a.example/x.mp3#t")).unwrap();
    assert_eq!(&*taken.url, "https://a.example/x.mp3");
    assert_eq!(&*taken.title, "A title");
    assert_ne!(&*taken.id.0, "t_theirs");
    assert_eq!((&taken.artwork, &taken.accent), (&None, &None));
    for url in ["http://a.example/x.mp3", "javascript:x", "/media/x", ""] {
        assert!(anywhere.told(&told(url)).is_none(), "{url}");
    }
    let endless = Track {
        duration_ms: u64::MAX,
        ..told("https://a.example/x.mp3")
    };
    assert!(anywhere.told(&endless).is_none());
    let one = direct(&["http://nas.example:4533"]);
    assert!(one.told(&told("http://nas.example:4533/x.mp3")).is_some());
    assert!(one.told(&told("https://a.example/x.mp3")).is_none());
}

#[tokio::test]
async fn who_is_looked_at_is_judged_by_every_way_to_say_it() {
    let anywhere = direct(&[]);
    let look = anywhere.look(address(1)).unwrap();
    for (url, fault) in [
        ("https://ada@a.example/x.mp3", Fault::Address),
        ("http://a.example/x.mp3", Fault::Address),
        ("ftp://a.example/x.mp3", Fault::Address),
        ("https://*.example/x.mp3", Fault::Address),
        ("https://127.0.0.1:1/", Fault::Nothing),
        ("https://2130706433:1/", Fault::Nothing),
        ("https://[::ffff:7f00:1]:1/", Fault::Address),
        ("https://169.254.169.254/latest/meta-data", Fault::Nothing),
        ("https://localhost:1/", Fault::Nothing),
    ] {
        assert_eq!(look.at(url).await.unwrap_err(), fault, "{url}");
    }
}

fn address(last: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, last])
}

#[test]
fn no_more_than_so_many_are_looked_at_together_and_few_for_one() {
    let anywhere = direct(&[]);
    let of_one: Vec<_> = (0..2).map(|_| anywhere.look(address(1)).unwrap()).collect();
    assert_eq!(anywhere.look(address(1)).err(), Some(Fault::Busy));
    let others = (2..2 + AT_ONCE as u8 - 2).map(|last| anywhere.look(address(last)).unwrap());
    let others: Vec<_> = others.collect();
    assert_eq!(anywhere.look(address(99)).err(), Some(Fault::Busy));
    // A thread that still reads keeps the place that it was given.
    let read_on = of_one[0].place.clone();
    drop((of_one, others));
    assert!(anywhere.look(address(99)).is_ok());
    assert_eq!(anywhere.files.origins.len(), 0);
    assert_eq!(anywhere.looking.by_address.lock().len(), 1);
    drop(read_on);
    assert_eq!(anywhere.looking.places.available_permits(), AT_ONCE);
    assert!(anywhere.looking.by_address.lock().is_empty());
}

#[test]
fn what_was_taken_once_is_judged_by_what_is_taken_now() {
    let hosted = Track {
        provider: Track::HOSTED.into(),
        ..told("/media/x")
    };
    let one = direct(&["https://a.example"]);
    let (off, on) = (Direct::judge(None), Direct::judge(Some(&one)));
    assert!(off(&hosted) && on(&hosted));
    assert!(on(&told("https://a.example/x.mp3")));
    assert!(!on(&told("https://b.example/x.mp3")) && !off(&told("https://a.example/x.mp3")));
}

/// An ID3v2.4 tag with a frame that inflates to far more than the file has (ID3v2.4.0 §4.1.2).
#[test]
fn what_inflates_without_an_end_is_not_inflated() {
    use std::io::Write;
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..64 {
        packed.write_all(&[0; 1 << 20]).unwrap();
    }
    let packed = packed.finish().unwrap();
    let syncsafe = |size: usize| [21, 14, 7, 0].map(|shift| (size >> shift & 0x7f) as u8);
    for name in [b"TIT2", b"XYZW"] {
        let size = syncsafe(packed.len() + 4);
        let length = syncsafe(64 << 20);
        let frame = [name, &size[..], &[0, 0b1001], &length, &packed].concat();
        let sound = include_bytes!("../../../fuzz/seeds/audio/mp3");
        let tag = [&b"ID3\x04\0\0"[..], &syncsafe(frame.len()), &frame].concat();
        let file = [&tag[..], &sound[27..]].concat();
        let before = crate::allocations::bytes();
        let _ = measure(io::Cursor::new(file));
        let taken = crate::allocations::bytes() - before;
        assert!(taken < 8 << 20, "{taken} bytes");
    }
}

#[test]
fn a_piece_says_how_long_it_is_whatever_the_server_gives_of_it() {
    let answer = |status: u16, name: &str, value: &str| {
        let answer = http::Response::builder().status(status).header(name, value);
        whole_length(answer.body(vec![1]).unwrap()).map(|(length, _, in_parts)| (length, in_parts))
    };
    for (status, name, value, expected) in [
        (206, "content-range", "bytes 0-9/100", Ok((100, true))),
        (206, "content-range", "bytes 5-9/100", Err(Fault::NoAudio)),
        (206, "content-range", "bytes 0-9/*", Err(Fault::NoAudio)),
        (200, "content-length", "100", Ok((100, false))),
        (200, "etag", "x", Err(Fault::NoAudio)),
        (404, "content-length", "100", Err(Fault::Nothing)),
    ] {
        assert_eq!(answer(status, name, value), expected, "{status} {value}");
    }
}

#[test]
fn each_format_says_how_long_it_is_and_what_it_is_called() {
    for (format, file, millis) in [
        (
            "wav",
            &include_bytes!("../../../fuzz/seeds/audio/wav")[..],
            50,
        ),
        (
            "flac",
            include_bytes!("../../../fuzz/seeds/audio/flac"),
            10_000,
        ),
        ("mp3", include_bytes!("../../../fuzz/seeds/audio/mp3"), 208),
        (
            "opus",
            include_bytes!("../../../fuzz/seeds/audio/opus"),
            2_994,
        ),
        (
            "mp4",
            include_bytes!("../../../fuzz/seeds/audio/mp4"),
            90_000,
        ),
    ] {
        let measured = measure(io::Cursor::new(file)).expect(format);
        assert_eq!(measured.duration_ms, millis, "{format}");
        if format != "mp4" {
            assert_eq!(measured.title.as_deref(), Some("A title"), "{format}");
        }
    }
    assert_eq!(measure(io::Cursor::new(b"<!doctype html>")), None);
    // Multiplied, it is longer than numbers are: where that is checked, it is a panic that is caught.
    let endless = include_bytes!("../../../fuzz/seeds/audio/opus-that-is-too-long");
    let measured = measure(io::Cursor::new(endless));
    assert!(measured.is_none_or(|it| it.duration_ms <= 86_400_000));
}
