use super::*;
use crate::store::Day;

fn named() -> Config {
    let mut config = Config::default();
    config.operator.name = "Ada & <b>sons</b>".into();
    config.operator.address = "ada@example.org".into();
    config.operator.servers = "Helsinki".into();
    config.operator.complaints = "the ombudsman".into();
    config.mail.smtp = "smtps://mail.example:465".into();
    config.telemetry.sentry_dsn = "https://key@reports.example/1".into();
    config.backup.recipients = vec!["age1".into()];
    config.analytics.enabled = true;
    config.server.public_url = "https://stereo.example".into();
    config
}

#[test]
fn every_section_is_there_in_both_languages_and_every_blank_is_filled() {
    let text = TEXT.as_ref().unwrap();
    for config in [Config::default(), named()] {
        let [en, vi] = [Language::English, Language::Vietnamese]
            .map(|language| policy(&config, language).unwrap());
        assert_eq!(en.sections.len(), vi.sections.len());
        for shown in en.sections.iter().chain(&vi.sections) {
            assert!(!shown.words.text.is_empty(), "{}", shown.id);
            for text in shown.words.text.iter().chain([&shown.words.title]) {
                assert!(
                    !text.contains(['{', '}']) && !text.trim().is_empty(),
                    "{text}"
                );
            }
        }
    }
    let mut ids: Vec<&String> = text.section.iter().map(|section| &section.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), text.section.len(), "each has a name of its own");
}

#[test]
fn a_section_stands_only_where_it_is_so() {
    let has = |config: &Config, id: &str| {
        let policy = policy(config, Language::English).unwrap();
        policy.sections.iter().any(|section| section.id == id)
    };
    for id in [
        "operator", "reach", "place", "complain", "letters", "reports",
    ] {
        assert!(has(&named(), id), "{id}");
        assert!(!has(&Config::default(), id), "{id}");
    }
    for id in ["counted", "backups", "transit_proxy"] {
        assert!(has(&named(), id) && !has(&Config::default(), id), "{id}");
    }
    for id in ["errors", "uncounted", "complain_anywhere"] {
        assert!(has(&Config::default(), id) && !has(&named(), id), "{id}");
    }
    let mut config = Config::default();
    assert!(has(&config, "no_direct") && !has(&config, "direct"));
    config.media.direct = true;
    assert!(has(&config, "direct") && !has(&config, "no_direct"));
    config.analytics.fathom_site = "ABCDEFGH".into();
    assert!(has(&config, "fathom") && !has(&config, "uncounted"));
    config.tls.certificate = "/certificate".into();
    config.server.listen = "0.0.0.0:443".parse().unwrap();
    assert!(has(&config, "transit_tls") && !has(&config, "transit_plain"));
    config.tls.certificate = "".into();
    assert!(has(&config, "transit_plain") && !has(&config, "transit_tls"));
    let html = policy(&named(), Language::English)
        .unwrap()
        .html(&named(), VERSIONS);
    assert!(html.contains("Ada &amp; &lt;b&gt;sons&lt;/b&gt;"), "{html}");
    assert!(
        html.contains("reports.example") && !html.contains("key@"),
        "{html}"
    );
}

#[test]
fn what_changed_is_told_with_and_without_scripts() {
    let told = summary(&named(), VERSIONS);
    let page = |language| {
        let policy = policy(&named(), language).unwrap();
        policy.html(&named(), VERSIONS)
    };
    let (en, vi) = (page(Language::English), page(Language::Vietnamese));
    for (version, told) in VERSIONS.iter().zip(told["changes"].as_array().unwrap()) {
        assert_eq!(told["text"]["en"], version.en);
        assert_eq!(told["significant"], version.significant);
        assert!(en.contains(version.en) && vi.contains(version.vi));
        assert!(en.contains(version.date) && vi.contains(version.date));
    }
}

#[test]
fn what_is_said_of_times_is_what_the_software_does() {
    let policy = policy(&named(), Language::English).unwrap();
    let cookies = policy.sections.iter().find(|one| one.id == "cookies");
    let text = cookies.unwrap().words.text.join(" ");
    assert!(text.contains("ten minutes") && crate::auth::cookie::SIGN_IN_SECONDS == 600);
    let backups = policy.sections.iter().find(|one| one.id == "backups");
    let text = backups.unwrap().words.text.join(" ");
    assert!(text.contains("after 30 days") && named().backup.keep_days == 30);
    assert_eq!(crate::support::GRANT_MS, 3_600_000, "an hour");
}

/// Promises that no behaviour shows: there are no such decisions, and nothing else to hand over.
#[test]
fn what_only_its_absence_shows_is_said() {
    let said = |language| {
        let policy = policy(&named(), language).unwrap();
        let texts = policy.sections.into_iter();
        let texts: Vec<String> = texts.flat_map(|section| section.words.text).collect();
        texts.join("\n")
    };
    let (en, vi) = (said(Language::English), said(Language::Vietnamese));
    for (in_english, in_vietnamese) in [
        (
            "No decision about you is made by a machine.",
            "Không có quyết định nào về bạn do máy đưa ra.",
        ),
        (
            "A court order could get what there is, and what there is is what your export shows.",
            "Lệnh của tòa án chỉ lấy được những gì có, và những gì có chính là những gì tệp bạn xuất ra cho thấy.",
        ),
    ] {
        assert!(en.contains(in_english), "{in_english}");
        assert!(vi.contains(in_vietnamese), "{in_vietnamese}");
    }
}

#[test]
fn versions_are_counted_and_dated() {
    for (older, version) in VERSIONS.iter().rev().enumerate() {
        assert_eq!(version.number as usize, older + 1);
        let dated = (20_000..40_000).any(|day| Day(day).date() == version.date);
        assert!(dated, "{}", version.date);
        assert!(!version.en.is_empty() && !version.vi.is_empty());
    }
    assert!(VERSIONS.windows(2).all(|two| two[0].date >= two[1].date));
}

#[test]
fn the_language_is_the_first_that_is_wished() {
    for (tags, expected) in [
        ("vi", Language::Vietnamese),
        ("vi-VN,vi;q=0.9,en;q=0.5", Language::Vietnamese),
        ("en-GB,vi;q=0.9", Language::English),
        ("VI", Language::Vietnamese),
        ("fr", Language::English),
        ("", Language::English),
    ] {
        assert_eq!(Language::of(tags), expected, "{tags}");
    }
}

#[test]
fn the_source_is_ours_or_where_the_operator_says() {
    let mut config = Config::default();
    assert_eq!(source(&config), OWN_SOURCE);
    config.operator.source_url = "https://git.example/stereo/tree/{commit}".into();
    assert_eq!(
        source(&config),
        format!("https://git.example/stereo/tree/{COMMIT}")
    );
}
