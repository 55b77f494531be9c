//! The policy, with and without scripts, and the source of what runs.

use crate::support::{Server, config};
use serde_json::Value;
use std::io::Read;

#[tokio::test]
async fn the_policy_is_read_with_and_without_scripts_in_both_languages() {
    let mut settings = config();
    settings.operator.name = "Ada's <listening> club".into();
    let server = Server::start_with(settings).await;
    let (status, body) = server.http("GET", "/api/policy", &[], b"").await;
    let summary: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(status, 200);
    assert_eq!(summary["operator"]["name"], "Ada's <listening> club");
    assert_eq!(summary["version"], summary["changes"][0]["version"]);
    for (language, title) in [("en", "Privacy"), ("vi", "Quyền riêng tư")] {
        let path = format!("/api/policy/text?language={language}");
        let (_, body) = server.http("GET", &path, &[], b"").await;
        let text: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(
            (text["language"].as_str(), text["title"].as_str()),
            (Some(language), Some(title))
        );
        let wished = [("accept-language", language)];
        let (status, page) = server.http("GET", "/privacy", &wished, b"").await;
        assert_eq!(status, 200);
        let bare = page.split("<noscript>").nth(1).unwrap();
        let bare = bare.split("</noscript>").next().unwrap();
        let sections = text["sections"].as_array().unwrap();
        assert!(sections.len() > 10);
        for section in sections {
            let heading = section["title"].as_str().unwrap().replace('"', "&quot;");
            assert!(bare.contains(&heading), "{heading}");
        }
        let changed = summary["changes"][0]["text"][language].as_str().unwrap();
        assert!(bare.contains(changed), "what changed: {bare}");
        assert!(bare.contains("Ada's &lt;listening&gt; club"), "{bare}");
        assert!(page.contains("/assets/app.js"), "the page as always");
    }
}

#[tokio::test]
async fn a_page_without_scripts_is_led_to_the_source_of_what_runs() {
    for (given, at) in [
        ("", "/source.tar.gz"),
        (
            "https://git.example/{commit}",
            &*format!("https://git.example/{}", stereo::privacy::policy::COMMIT),
        ),
    ] {
        let mut settings = config();
        settings.operator.source_url = given.into();
        let server = Server::start_with(settings).await;
        let (status, head, _) = server
            .http_full(server.address, "GET", "/source", &[], b"")
            .await;
        assert_eq!(status, 302);
        assert!(head.contains(&format!("location: {at}\r\n")), "{head}");
        let (_, page) = server.http("GET", "/support", &[], b"").await;
        let bare = page.split("<noscript>").nth(1).unwrap();
        assert!(bare.contains("href=\"/source\""), "{bare}");
    }
}

#[tokio::test]
async fn the_source_of_what_runs_is_given_out() {
    let server = Server::start().await;
    let (_, body) = server.http("GET", "/api/policy", &[], b"").await;
    let summary: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(summary["source"], "/source.tar.gz");
    let (status, head, bytes) = server
        .http_full(server.address, "GET", "/source.tar.gz", &[], b"")
        .await;
    if summary["commit"] == "unknown" {
        assert_eq!(status, 404, "not built from a checkout");
        return;
    }
    assert_eq!(status, 200);
    assert!(head.contains("application/gzip"), "{head}");
    let mut tar = Vec::new();
    flate2::read::GzDecoder::new(&bytes[..])
        .read_to_end(&mut tar)
        .unwrap();
    let has = |text: &[u8]| tar.windows(text.len()).any(|part| part == text);
    // git writes the commit into the archive's head.
    assert!(has(summary["commit"]
        .as_str()
        .unwrap()
        .trim_end_matches("-dirty")
        .as_bytes()));
    assert!(has(b"stereo/src/main.rs"));
}
