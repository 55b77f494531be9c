//! Signing in with others: through a real provider, and past one that lies.

use crate::identity::{Key, RealProvider, SmallProvider, config_with, parameters, unsigned};
use crate::person::{Browser, Mailbox};
use crate::support::Server;
use serde_json::{Value, json};
use stereo::store::{Account, Identity};

const BEGIN: &str = "/sign-in/home";
const REFUSED: &str = "/sign-in#error=invalid";
const OVER: &str = "/sign-in#error=not_found";

#[tokio::test]
async fn a_provider_signs_a_person_in_and_the_same_one_next_time() {
    let mut provider = RealProvider::start().await;
    let server = provider.server().await;
    let claims = json!({"email": "ada@example.org", "email_verified": true});
    provider.set(json!({"claims": claims})).await;
    let ways = Browser::of(&server)
        .ask("GET", "/api/sign-in", Value::Null)
        .await
        .1;
    assert_eq!(
        ways["providers"],
        json!([{"id": "home", "name": "Our house"}])
    );
    let mut ada = Browser::of(&server);
    let led = ada.sign_in_with("/sign-in/home?then=/rooms/abc").await;
    assert_eq!(
        led, "/rooms/abc",
        "where they came from, also the first time"
    );
    assert_eq!(ada.cookies.keys().collect::<Vec<_>>(), ["stereo"]);
    let me = ada.me().await;
    assert_eq!(me["email"], "ada@example.org");
    let kinds: Vec<_> = me["ways"].as_array().unwrap().iter().collect();
    assert_eq!(kinds.len(), 1, "the address signs nobody in yet");
    assert_eq!(
        (&kinds[0]["kind"], &kinds[0]["name"]),
        (&json!("provider"), &json!("Our house"))
    );
    // Next time, another browser, and another address at the provider: it is the subject that counts.
    provider
        .set(json!({"claims": {"email": "ada@example.com", "email_verified": true}}))
        .await;
    let mut again = Browser::of(&server);
    let led = again.sign_in_with("/sign-in/home?then=/rooms/abc").await;
    assert_eq!(led, "/rooms/abc");
    assert_eq!(again.me().await, me);
    // Somebody else is somebody else.
    provider.set(json!({"account": "eve", "claims": {}})).await;
    let mut eve = Browser::of(&server);
    assert_eq!(eve.sign_in_with(BEGIN).await, "/settings#fresh");
    assert_ne!(eve.me().await["handle"], me["handle"]);
}

#[tokio::test]
async fn a_person_is_asked_for_no_more_than_who_they_are() {
    let mut provider = RealProvider::start().await;
    let server = provider.server().await;
    let (address, asked) = Browser::of(&server).begin(BEGIN).await;
    assert!(address.starts_with(&provider.issuer), "{address}");
    assert_eq!(asked["scope"], "openid email");
    assert_eq!(asked["response_type"], "code");
    assert_eq!(asked["code_challenge_method"], "S256");
    assert!(asked["state"].len() >= 43 && asked["nonce"].len() >= 43);
    let (_, asked) = Browser::of(&server).begin("/sign-in/home?picture=1").await;
    assert_eq!(asked["scope"], "openid email profile");
}

#[tokio::test]
async fn only_an_address_that_the_provider_has_verified_is_kept() {
    let mut provider = RealProvider::start().await;
    let server = provider.server().await;
    for (account, verified) in [
        ("a", json!(false)),
        ("b", Value::Null),
        ("c", json!("true")),
        ("d", json!(1)),
    ] {
        let mut claims = json!({"email": "ada@example.org"});
        if !verified.is_null() {
            claims["email_verified"] = verified.clone();
        }
        provider
            .set(json!({"account": account, "claims": claims}))
            .await;
        let mut anyone = Browser::of(&server);
        assert_eq!(
            anyone.sign_in_with(BEGIN).await,
            "/settings#fresh",
            "{verified}"
        );
        assert_eq!(anyone.me().await["email"], Value::Null, "{verified}");
    }
    let claims = json!({"email": "ada@example.org", "email_verified": true});
    provider
        .set(json!({"account": "e", "claims": claims}))
        .await;
    let mut ada = Browser::of(&server);
    assert_eq!(ada.sign_in_with(BEGIN).await, "/settings#fresh");
    assert_eq!(ada.me().await["email"], "ada@example.org");
}

#[tokio::test]
async fn an_equal_address_never_joins_two_accounts() {
    let (mut provider, mut mailbox) = (RealProvider::start().await, Mailbox::open().await);
    let mut config = mailbox.config();
    config.providers = config_with("home", &provider.issuer).providers;
    let server = Server::start_with(config).await;
    let redirect = format!("http://{}/sign-in/home/callback", server.address);
    let claims = json!({"email": "Ada@Example.org", "email_verified": true});
    provider
        .set(json!({"redirect": redirect, "claims": claims}))
        .await;
    let mut ada = Browser::of(&server);
    ada.sign_in(&mut mailbox, "ada@example.org").await;
    // The provider's word alone opens nothing, and makes nothing.
    let mut other = Browser::of(&server);
    assert_eq!(other.sign_in_with(BEGIN).await, "/sign-in#error=conflict");
    assert!(other.cookies.is_empty());
    // Who is signed in adds the provider themselves.
    assert_eq!(ada.sign_in_with("/sign-in/home?link=1").await, "/settings");
    let me = ada.me().await;
    assert_eq!(me["ways"].as_array().unwrap().len(), 2);
    assert_eq!(other.sign_in_with(BEGIN).await, "/");
    assert_eq!(other.me().await, me);
    // And takes it away again.
    let way = me["ways"][1]["id"].as_str().unwrap();
    let gone = ada
        .ask("DELETE", &format!("/api/me/ways/{way}"), Value::Null)
        .await;
    assert_eq!(gone.0, 204);
    assert_eq!(
        Browser::of(&server).sign_in_with(BEGIN).await,
        "/sign-in#error=conflict"
    );
}

#[tokio::test]
async fn a_provider_that_lies_about_an_address_gets_nobodys_links() {
    let mut mailbox = Mailbox::open().await;
    let (provider, key) = (SmallProvider::start().await, Key::new("one"));
    provider.publish(&[&key]);
    let mut config = mailbox.config();
    config.providers = config_with("home", &provider.issuer).providers;
    let server = Server::start_with(config).await;
    // First the attacker comes, by a provider that says the victim's address is theirs.
    let mut eve = Browser::of(&server);
    let (_, asked) = eve.begin(BEGIN).await;
    let mut claims = provider.claims(&asked["nonce"]);
    claims["email"] = json!("Victim@example.org");
    claims["email_verified"] = json!(true);
    provider.give(&key.sign(&claims));
    let back = format!("/sign-in/home/callback?code=any&state={}", asked["state"]);
    assert_eq!(eve.navigate(&back, "cross-site").await.1, "/settings#fresh");
    assert_eq!(eve.me().await["contact"], "Victim@example.org");
    // Then the victim, by a link.
    let mut victim = Browser::of(&server);
    let told = victim.sign_in(&mut mailbox, "victim@example.org").await;
    assert_eq!(told["fresh"], true, "an account of their own");
    assert_ne!(victim.me().await["handle"], eve.me().await["handle"]);
    // Who has the address by now keeps it, whatever the provider says next.
    let add = json!({"email": "victim@example.org", "add": true});
    assert_eq!(eve.ask("POST", "/api/sign-in/email", add).await.0, 202);
    let shown = json!({"token": mailbox.token().await});
    let confirmed = eve.ask("POST", "/api/sign-in/email/confirm", shown).await;
    assert_eq!(confirmed.0, 409, "even if they could read the mail");
    // And the attacker may take their claim back.
    for status in [204, 404] {
        let removed = eve.ask("DELETE", "/api/me/contact", Value::Null).await;
        assert_eq!(removed.0, status);
    }
    assert_eq!(eve.me().await["email"], Value::Null);
}

#[tokio::test]
async fn an_address_of_a_provider_signs_in_once_its_owner_has_confirmed_it() {
    let (mut provider, mut mailbox) = (RealProvider::start().await, Mailbox::open().await);
    let mut config = mailbox.config();
    config.providers = config_with("home", &provider.issuer).providers;
    let server = Server::start_with(config).await;
    let redirect = format!("http://{}/sign-in/home/callback", server.address);
    let claims = json!({"email": "Ada@example.org", "email_verified": true});
    provider
        .set(json!({"redirect": redirect, "claims": claims}))
        .await;
    let mut ada = Browser::of(&server);
    ada.sign_in_with(BEGIN).await;
    let add = json!({"email": "ada@example.org", "add": true});
    assert_eq!(ada.ask("POST", "/api/sign-in/email", add).await.0, 202);
    let shown = json!({"token": mailbox.token().await});
    let confirmed = ada.ask("POST", "/api/sign-in/email/confirm", shown).await;
    assert_eq!(confirmed.0, 200, "{}", confirmed.1);
    let me = ada.me().await;
    assert_eq!(me["contact"], Value::Null, "it is kept once");
    assert_eq!(
        (&me["email"], me["ways"].as_array().unwrap().len()),
        (&json!("Ada@example.org"), 2)
    );
    let told = Browser::of(&server)
        .sign_in(&mut mailbox, "ada@example.org")
        .await;
    assert_eq!((&told["fresh"], &told["me"]), (&json!(false), &me));
}

#[tokio::test]
async fn a_page_elsewhere_sends_nobody_through_a_provider() {
    let (mut provider, mut mailbox) = (RealProvider::start().await, Mailbox::open().await);
    let mut config = mailbox.config();
    config.providers = config_with("home", &provider.issuer).providers;
    let server = Server::start_with(config).await;
    let redirect = format!("http://{}/sign-in/home/callback", server.address);
    provider.set(json!({"redirect": redirect})).await;
    let mut ada = Browser::of(&server);
    ada.sign_in(&mut mailbox, "ada@example.org").await;
    let before = ada.cookies.clone();
    for site in ["cross-site", "same-site"] {
        for path in [
            BEGIN,
            "/sign-in/home?picture=1",
            "/sign-in/home?then=/rooms/x",
        ] {
            let led = ada.navigate(path, site).await;
            assert_eq!(led, (303, "/sign-in".into()), "{site} {path}");
            assert_eq!(ada.cookies, before, "nothing was begun");
        }
    }
    // A browser that does not say begins only what changes nothing.
    let silent = async |path: &str, cookie: &str| {
        let headers = [("cookie", cookie)];
        let (_, head, _) = server
            .http_full(server.address, "GET", path, &headers, b"")
            .await;
        head.to_lowercase()
            .contains(&format!("location: {}", provider.issuer))
    };
    assert!(!silent(BEGIN, &ada.cookie()).await);
    assert!(!silent("/sign-in/home?picture=1", "x=y").await);
    assert!(silent(BEGIN, "x=y").await);
    for site in ["same-origin", "none"] {
        assert!(
            ada.navigate(BEGIN, site)
                .await
                .1
                .starts_with(&provider.issuer)
        );
    }
}

#[tokio::test]
async fn a_way_is_added_only_by_the_account_that_began_it() {
    let (mut provider, mut mailbox) = (RealProvider::start().await, Mailbox::open().await);
    let mut config = mailbox.config();
    config.providers = config_with("home", &provider.issuer).providers;
    let server = Server::start_with(config).await;
    let redirect = format!("http://{}/sign-in/home/callback", server.address);
    provider.set(json!({"redirect": redirect})).await;
    let refused = "/settings#error=not_allowed";
    let link = "/sign-in/home?link=1";
    // Nobody is signed in.
    let mut ada = Browser::of(&server);
    assert_eq!(
        ada.navigate(link, "same-origin").await,
        (303, refused.into())
    );
    // A page elsewhere leads there.
    ada.sign_in(&mut mailbox, "ada@example.org").await;
    assert_eq!(
        ada.navigate(link, "cross-site").await,
        (303, refused.into())
    );
    // Another account is signed in when the person comes back; or none.
    let (address, _) = ada.begin(link).await;
    let callback = ada.through(address).await;
    let mut eve = Browser::of(&server);
    eve.sign_in(&mut mailbox, "eve@example.org").await;
    let began = ada.cookies["stereo-signin"].clone();
    eve.cookies.insert("stereo-signin".into(), began.clone());
    assert_eq!(eve.navigate(&callback, "cross-site").await.1, refused);
    let (address, _) = ada.begin(link).await;
    let callback = ada.through(address).await;
    assert_eq!(ada.ask("POST", "/api/sign-out", json!({})).await.0, 204);
    assert_eq!(ada.navigate(&callback, "cross-site").await.1, refused);
    for browser in [&mut ada, &mut eve] {
        browser.sign_in(&mut mailbox, "ada@example.org").await;
        assert_eq!(browser.me().await["ways"].as_array().unwrap().len(), 1);
    }
    // Somebody else's already.
    assert_eq!(
        Browser::of(&server).sign_in_with(BEGIN).await,
        "/settings#fresh"
    );
    assert_eq!(ada.sign_in_with(link).await, "/settings#error=conflict");
}

#[tokio::test]
async fn another_state_or_another_browser_is_not_believed() {
    let mut provider = RealProvider::start().await;
    let server = provider.server().await;
    let mut ada = Browser::of(&server);
    let (address, asked) = ada.begin(BEGIN).await;
    let callback = ada.through(address).await;
    let began = ada.cookies.clone();
    let other = callback.replace(&asked["state"], &"A".repeat(43));
    assert_ne!(other, callback);
    for path in [
        other.as_str(),
        "/sign-in/home/callback",
        "/sign-in/home/callback?state=&code=",
    ] {
        ada.cookies.clone_from(&began);
        assert_eq!(ada.navigate(path, "cross-site").await.1, OVER, "{path}");
        assert!(ada.cookies.is_empty(), "that sign-in is over: {path}");
    }
    // A browser that did not begin it: the address was sent to somebody.
    assert_eq!(
        Browser::of(&server)
            .navigate(&callback, "cross-site")
            .await
            .1,
        OVER
    );
    // One that began another.
    let mut eve = Browser::of(&server);
    eve.begin(BEGIN).await;
    assert_eq!(eve.navigate(&callback, "cross-site").await.1, OVER);
    // A cookie that is none.
    for cookie in ["o.", "o.AAAA", "e.AAAA", &"o.A".repeat(900)] {
        eve.cookies.insert("stereo-signin".into(), cookie.into());
        assert_eq!(eve.navigate(&callback, "cross-site").await.1, OVER);
    }
    assert!(!eve.cookies.contains_key("stereo"));
}

#[tokio::test]
async fn a_code_and_a_state_are_good_once() {
    let mut provider = RealProvider::start().await;
    let server = provider.server().await;
    let mut ada = Browser::of(&server);
    let (address, _) = ada.begin(BEGIN).await;
    let callback = ada.through(address).await;
    let code = parameters(&format!("http://x{callback}"))["code"].clone();
    let mut thief = Browser::of(&server);
    thief.cookies.clone_from(&ada.cookies);
    assert_eq!(
        ada.navigate(&callback, "cross-site").await.1,
        "/settings#fresh"
    );
    // The same address again, with a copy of the cookie: the state is used.
    assert_eq!(thief.navigate(&callback, "cross-site").await.1, OVER);
    // The code in a sign-in of one's own: the provider refuses it, and the verifier is another.
    let (_, asked) = thief.begin(BEGIN).await;
    let replayed = format!(
        "/sign-in/home/callback?state={}&code={code}",
        asked["state"]
    );
    assert_eq!(thief.navigate(&replayed, "cross-site").await.1, REFUSED);
    assert!(!thief.cookies.contains_key("stereo"));
}

#[tokio::test]
async fn a_stolen_code_is_of_no_use_without_the_browsers_verifier() {
    let mut provider = RealProvider::start().await;
    let server = provider.server().await;
    let mut ada = Browser::of(&server);
    let (address, _) = ada.begin(BEGIN).await;
    let callback = ada.through(address).await;
    let code = parameters(&format!("http://x{callback}"))["code"].clone();
    // Not used yet; injected into a sign-in of the thief's.
    let mut thief = Browser::of(&server);
    let (_, asked) = thief.begin(BEGIN).await;
    let injected = format!(
        "/sign-in/home/callback?state={}&code={code}",
        asked["state"]
    );
    assert_eq!(thief.navigate(&injected, "cross-site").await.1, REFUSED);
}

#[tokio::test]
async fn a_provider_may_change_its_key() {
    let mut provider = RealProvider::start().await;
    let server = provider.server().await;
    let mut ada = Browser::of(&server);
    assert_eq!(ada.sign_in_with(BEGIN).await, "/settings#fresh");
    provider.set(json!({"rotate": true})).await;
    assert_eq!(ada.sign_in_with(BEGIN).await, "/");
}

#[tokio::test]
async fn who_says_no_at_the_provider_is_told_and_not_signed_in() {
    let mut provider = RealProvider::start().await;
    let server = provider.server().await;
    let mut ada = Browser::of(&server);
    let (_, asked) = ada.begin(BEGIN).await;
    let no = format!(
        "/sign-in/home/callback?state={}&error=access_denied",
        asked["state"]
    );
    assert_eq!(
        ada.navigate(&no, "cross-site").await.1,
        "/sign-in#error=not_allowed"
    );
    assert!(ada.cookies.is_empty());
}

/// A server, a provider of the test's own with a key, and a browser that has been sent there.
macro_rules! begun {
    ($provider:ident, $key:ident, $server:ident, $ada:ident, $asked:ident, $back:ident) => {
        let ($provider, $key) = (SmallProvider::start().await, Key::new("one"));
        $provider.publish(&[&$key]);
        let $server = Server::start_with(config_with("home", &$provider.issuer)).await;
        let mut $ada = Browser::of(&$server);
        let (_, $asked) = $ada.begin(BEGIN).await;
        let $back = format!("/sign-in/home/callback?code=any&state={}", $asked["state"]);
    };
}

#[tokio::test]
async fn a_good_token_of_the_small_provider_is_believed() {
    begun!(provider, key, server, ada, asked, back);
    provider.give(&key.sign(&provider.claims(&asked["nonce"])));
    assert_eq!(ada.navigate(&back, "cross-site").await.1, "/settings#fresh");
}

#[tokio::test]
async fn a_token_that_says_anything_else_than_it_should_is_refused() {
    let (provider, key) = (SmallProvider::start().await, Key::new("one"));
    provider.publish(&[&key]);
    let server = Server::start_with(config_with("home", &provider.issuer)).await;
    for (name, value) in [
        ("iss", json!("https://accounts.google.com")),
        ("iss", Value::Null),
        ("aud", json!("another")),
        ("aud", json!(["stereo", "another"])),
        ("aud", json!([])),
        ("nonce", json!("another")),
        ("nonce", Value::Null),
        ("exp", json!(1_700_000_000)),
        ("exp", Value::Null),
        ("sub", json!("")),
        ("sub", json!("x".repeat(256))),
        ("sub", Value::Null),
    ] {
        let mut ada = Browser::of(&server);
        let (_, asked) = ada.begin(BEGIN).await;
        let mut claims = provider.claims(&asked["nonce"]);
        match value.is_null() {
            true => claims.as_object_mut().unwrap().remove(name),
            false => claims
                .as_object_mut()
                .unwrap()
                .insert(name.into(), value.clone()),
        };
        provider.give(&key.sign(&claims));
        let back = format!("/sign-in/home/callback?code=any&state={}", asked["state"]);
        let led = ada.navigate(&back, "cross-site").await.1;
        assert_eq!(led, REFUSED, "{name}: {value}");
        assert!(ada.cookies.is_empty(), "{name}: {value}");
    }
}

#[tokio::test]
async fn a_token_that_the_provider_did_not_sign_is_refused() {
    let (provider, key) = (SmallProvider::start().await, Key::new("one"));
    provider.publish(&[&key]);
    let server = Server::start_with(config_with("home", &provider.issuer)).await;
    for forgery in ["none", "another key", "altered", "cut", "hs256", "nothing"] {
        let mut ada = Browser::of(&server);
        let (_, asked) = ada.begin(BEGIN).await;
        let claims = provider.claims(&asked["nonce"]);
        let good = key.sign(&claims);
        let token = match forgery {
            "none" => unsigned(&claims),
            "another key" => Key::new("one").sign(&claims),
            "altered" => {
                let mut other = claims.clone();
                other["sub"] = json!("another");
                let signature = good.rsplit('.').next().unwrap();
                let text = key.sign(&other);
                format!("{}.{signature}", text.rsplit_once('.').unwrap().0)
            }
            "cut" => good[..good.rfind('.').unwrap() + 1].to_owned(),
            // By the secret that the two share: whoever reads one config could sign for anyone.
            "hs256" => crate::identity::by_secret(&claims),
            _ => String::new(),
        };
        provider.give(&token);
        let back = format!("/sign-in/home/callback?code=any&state={}", asked["state"]);
        let led = ada.navigate(&back, "cross-site").await.1;
        assert_eq!(led, REFUSED, "{forgery}");
        assert!(ada.cookies.is_empty(), "{forgery}");
    }
}

#[tokio::test]
async fn a_key_that_the_provider_has_withdrawn_signs_nobody_in() {
    let (provider, old, new) = (
        SmallProvider::start().await,
        Key::new("one"),
        Key::new("two"),
    );
    provider.publish(&[&old]);
    let server = Server::start_with(config_with("home", &provider.issuer)).await;
    let mut ada = Browser::of(&server);
    for (published, signed_with, led) in [
        (&old, &old, "/settings#fresh"),
        (&new, &new, "/"),
        (&new, &old, REFUSED),
        (&new, &new, "/"),
    ] {
        provider.publish(&[published]);
        let (_, asked) = ada.begin(BEGIN).await;
        provider.give(&signed_with.sign(&provider.claims(&asked["nonce"])));
        let back = format!("/sign-in/home/callback?code=any&state={}", asked["state"]);
        assert_eq!(ada.navigate(&back, "cross-site").await.1, led);
    }
}

#[tokio::test]
async fn tokens_with_unknown_keys_do_not_make_us_ask_again_and_again() {
    let (provider, key) = (SmallProvider::start().await, Key::new("one"));
    provider.publish(&[&key]);
    let server = Server::start_with(config_with("home", &provider.issuer)).await;
    for _ in 0..6 {
        let mut ada = Browser::of(&server);
        let (_, asked) = ada.begin(BEGIN).await;
        provider.give(&Key::new("unknown").sign(&provider.claims(&asked["nonce"])));
        let back = format!("/sign-in/home/callback?code=any&state={}", asked["state"]);
        assert_eq!(ada.navigate(&back, "cross-site").await.1, REFUSED);
    }
    assert_eq!(provider.asked("/.well-known/openid-configuration"), 1);
    assert!(provider.asked("/keys") <= 3, "{}", provider.asked("/keys"));
}

#[tokio::test]
async fn another_issuers_answer_is_refused() {
    begun!(provider, key, server, ada, asked, back);
    provider.give(&key.sign(&provider.claims(&asked["nonce"])));
    let mixed = format!("{back}&iss=https%3A%2F%2Fevil.example");
    assert_eq!(ada.navigate(&mixed, "cross-site").await.1, REFUSED);
}

#[tokio::test]
async fn a_provider_that_is_away_is_told_as_such() {
    let server = Server::start_with(config_with("home", "http://127.0.0.1:9")).await;
    let mut ada = Browser::of(&server);
    let (status, led) = ada.navigate(BEGIN, "same-origin").await;
    assert_eq!((status, led.as_str()), (303, "/sign-in#error=unavailable"));
    assert!(ada.cookies.is_empty());
    assert_eq!(ada.navigate("/sign-in/nobody", "same-origin").await.0, 404);
    assert_eq!(
        ada.navigate("/sign-in/home?then=//evil.example", "none")
            .await
            .0,
        400
    );
    for path in [BEGIN, "/sign-in/home/callback"] {
        assert_eq!(ada.ask("POST", path, json!({})).await.0, 405, "{path}");
    }
}

#[tokio::test]
async fn spotify_signs_in_by_its_id_and_is_asked_for_nothing() {
    let provider = SmallProvider::start().await;
    let server = Server::start_with(config_with("spotify", &provider.issuer)).await;
    let mut ada = Browser::of(&server);
    let (address, asked) = ada.begin("/sign-in/spotify").await;
    assert!(
        address.starts_with(&format!("{}/authorize?", provider.issuer)),
        "{address}"
    );
    assert!(!asked.contains_key("scope"), "{address}");
    assert_eq!(asked["code_challenge_method"], "S256");
    provider.give("");
    provider.say(
        json!({"id": "needle-of-subject", "email": "needle@example.org",
        "display_name": "needle-of-name", "country": "VN"}),
    );
    let back = format!(
        "/sign-in/spotify/callback?code=any&state={}",
        asked["state"]
    );
    assert_eq!(ada.navigate(&back, "cross-site").await.1, "/settings#fresh");
    assert_eq!(
        ada.me().await["email"],
        Value::Null,
        "Spotify does not verify it"
    );
    let kept = accounts_of(&server, &["https://accounts.spotify.com", &provider.issuer]).await;
    assert_eq!(kept.identities.len(), 1);
    found_nowhere(&server, &["needle"]);
}

#[tokio::test]
async fn of_all_that_a_provider_offers_only_subject_and_address_are_kept() {
    begun!(provider, key, server, ada, asked, back);
    let mut claims = provider.claims(&asked["nonce"]);
    for (name, value) in [
        ("email", json!("needle@example.org")),
        ("email_verified", json!(true)),
        ("name", json!("needle-of-name")),
        ("picture", json!("https://needle.example/picture.png")),
        ("birthdate", json!("1815-12-10")),
        ("phone_number", json!("+84 needle")),
        ("locale", json!("needle")),
    ] {
        claims[name] = value;
    }
    provider.give(&key.sign(&claims));
    assert_eq!(ada.navigate(&back, "cross-site").await.1, "/settings#fresh");
    let kept = accounts_of(&server, &[&provider.issuer]).await;
    let subject = Identity::Subject {
        provider: provider.issuer.clone().into(),
        subject: "needle-of-subject".into(),
    };
    assert!(kept.identities == [subject], "exactly this");
    assert_eq!(kept.contact.as_deref(), Some("needle@example.org"));
    assert_eq!((kept.picture, kept.preferences), (None, Default::default()));
    // Everybody sees it.
    let handle = &kept.handle;
    assert!(!handle.contains("needle"), "{handle} tells of the address");
    let me = ada.me().await.to_string();
    assert!(
        !me.contains("needle-of-name") && !me.contains("1815"),
        "{me}"
    );
    found_nowhere(&server, &["needle", "1815-12-10"]);
}

#[tokio::test]
async fn a_picture_is_taken_from_a_provider_only_by_who_wants_it() {
    let (provider, key) = (SmallProvider::start().await, Key::new("one"));
    provider.publish(&[&key]);
    let server = Server::start_with(config_with("home", &provider.issuer)).await;
    for (path, wanted) in [(BEGIN, false), ("/sign-in/home?picture=1", true)] {
        let mut ada = Browser::of(&server);
        let (_, asked) = ada.begin(path).await;
        let mut claims = provider.claims(&asked["nonce"]);
        claims["email"] = json!("ada@example.org");
        claims["picture"] = json!(format!("{}/picture.png", provider.issuer));
        provider.give(&key.sign(&claims));
        let back = format!("/sign-in/home/callback?code=any&state={}", asked["state"]);
        ada.navigate(&back, "cross-site").await;
        assert_eq!(
            provider.asked("/picture.png"),
            usize::from(wanted),
            "{path}"
        );
        let picture = ada.me().await["picture"].clone();
        assert_eq!(picture.is_object(), wanted, "{path}: {picture}");
        if let Some(small) = picture["small"].as_str() {
            let (status, _, bytes) = ada.send("GET", small, "", b"").await;
            assert_eq!(
                (status, &bytes[..3]),
                (200, &[0xff, 0xd8, 0xff][..]),
                "ours, not theirs"
            );
        }
    }
}

/// The account of `needle-of-subject` at one of these providers.
async fn accounts_of(server: &Server, providers: &[&str]) -> Account {
    for provider in providers {
        let identity = Identity::Subject {
            provider: (*provider).into(),
            subject: "needle-of-subject".into(),
        };
        if let Some(id) = server.app.store.account_of(identity).await.unwrap() {
            return server.app.store.account(id).await.unwrap().unwrap();
        }
    }
    panic!("no such account");
}

/// No file of the server's holds one of these.
fn found_nowhere(server: &Server, needles: &[&str]) {
    let mut searched = 0;
    for entry in std::fs::read_dir(&server.app.config.store.data).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_file() {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        searched += bytes.len();
        for needle in needles {
            let held = bytes
                .windows(needle.len())
                .any(|part| part == needle.as_bytes());
            assert!(!held, "{needle} in {}", path.display());
        }
    }
    assert!(searched > 10_000, "the files are there");
}
