//! What every version of the store must hold, through the traits alone.

use super::*;

pub(super) const TODAY: Day = Day(20_000);
pub(super) const NOW: u64 = 20_000 * 86_400_000 + 1;

pub(super) fn email(address: &str) -> Identity {
    Identity::Email(address.into())
}

fn subject(subject: &str) -> Identity {
    Identity::Subject {
        provider: "https://id.example".into(),
        subject: subject.into(),
    }
}

pub(super) fn named(handle: &str, identities: &[Identity]) -> NewAccount {
    NewAccount {
        handle: handle.into(),
        identities: identities.to_vec(),
    }
}

pub(super) fn session_of(account: AccountId, hash: u8) -> NewSession {
    NewSession {
        account,
        kind: SessionKind::Browser,
        hash: [hash; 32],
        label: "kitchen".into(),
        ends: Day(20_030),
    }
}

pub(super) fn attempt(email: &str, name: &str) -> NewAttempt {
    NewAttempt {
        email: email.into(),
        link: format!("link {name}").into(),
        browser: format!("browser {name}").into(),
        code: "123456".into(),
        ends_ms: NOW + 900_000,
        then: "/rooms/x".into(),
    }
}

pub(super) async fn whole(store: &dyn Store) {
    accounts(store).await;
    identities(store).await;
    sessions(store).await;
    links(store).await;
    codes(store).await;
    many_attempts(store).await;
    passkeys(store).await;
    assert_eq!(store.health(), Health::Ready);
}

async fn accounts(store: &dyn Store) {
    let ada = named("Ada", &[email("Ada@example.org"), subject("1")]);
    let id = store.create_account(ada).await.unwrap();
    let account = store.account(id).await.unwrap().unwrap();
    assert_eq!(&*account.handle, "Ada");
    assert_eq!(account.picture, None);
    let expected = [email("Ada@example.org"), subject("1")];
    assert_eq!(
        account.identities, expected,
        "the address as it was written"
    );
    for identity in [email(" ada@EXAMPLE.org"), subject("1")] {
        assert_eq!(store.account_of(identity).await, Ok(Some(id)));
    }
    assert_eq!(store.account_of(email("1")).await, Ok(None));
    store.set_handle(id, "Ada L.".into()).await.unwrap();
    store.set_picture(id, Some("p.jpg".into())).await.unwrap();
    let account = store.account(id).await.unwrap().unwrap();
    assert_eq!(&*account.handle, "Ada L.");
    assert_eq!(account.picture.as_deref(), Some("p.jpg"));
    store.set_picture(id, None).await.unwrap();
    assert_eq!(store.account(id).await.unwrap().unwrap().picture, None);
    let nobody = AccountId::from_bits(1);
    assert_eq!(store.account(nobody).await, Ok(None));
    let gone = Err(StoreError::Gone);
    assert_eq!(store.set_handle(nobody, "x".into()).await, gone);
    assert_eq!(store.set_picture(nobody, None).await, gone);
    assert_eq!(store.add_identity(nobody, email("x@y.z")).await, gone);
    assert_eq!(store.account_of(email("x@y.z")).await, Ok(None));
}

async fn identities(store: &dyn Store) {
    let id = store
        .create_account(named("Bob", &[email("bob@example.org")]))
        .await
        .unwrap();
    let other = named("Eve", &[email("eve@example.org"), email("BOB@example.org")]);
    assert_eq!(store.create_account(other).await, Err(StoreError::Taken));
    assert_eq!(
        store.account_of(email("eve@example.org")).await,
        Ok(None),
        "all or nothing"
    );
    let eve = store
        .create_account(named("Eve", &[email("eve@example.org")]))
        .await
        .unwrap();
    let taken = store.add_identity(eve, email("bob@example.org")).await;
    assert_eq!(taken, Err(StoreError::Taken));
    store
        .add_identity(eve, email("eve@example.org"))
        .await
        .unwrap();
    assert_eq!(
        store.account(eve).await.unwrap().unwrap().identities.len(),
        1
    );
    store.add_identity(id, subject("2")).await.unwrap();
    assert_eq!(
        store.remove_identity(eve, email("bob@example.org")).await,
        Ok(false)
    );
    assert_eq!(
        store.remove_identity(id, email("Bob@example.org")).await,
        Ok(true)
    );
    assert_eq!(
        store.remove_identity(id, email("bob@example.org")).await,
        Ok(false)
    );
    assert_eq!(store.account_of(email("bob@example.org")).await, Ok(None));
    assert_eq!(
        store.account(id).await.unwrap().unwrap().identities,
        [subject("2")]
    );
    store
        .add_identity(eve, email("bob@example.org"))
        .await
        .unwrap();
    assert_eq!(
        store.account_of(email("bob@example.org")).await,
        Ok(Some(eve))
    );
}

async fn sessions(store: &dyn Store) {
    let id = store.create_account(named("Cleo", &[])).await.unwrap();
    let first = store.begin_session(session_of(id, 1)).await.unwrap();
    let second = store.begin_session(session_of(id, 2)).await.unwrap();
    let taken = store.begin_session(session_of(id, 2)).await;
    assert_eq!(taken, Err(StoreError::Taken));
    let nobody = session_of(AccountId::from_bits(1), 9);
    assert_eq!(store.begin_session(nobody).await, Err(StoreError::Gone));
    let session = store.session([1; 32], TODAY).await.unwrap().unwrap();
    assert_eq!((session.id, session.account), (first, id));
    assert_eq!((&*session.label, session.ends), ("kitchen", Day(20_030)));
    assert_eq!(store.session([3; 32], TODAY).await, Ok(None));
    assert_eq!(store.session([1; 32], Day(20_030)).await, Ok(None), "over");
    assert_eq!(store.extend_session(first, Day(20_031)).await, Ok(true));
    assert_eq!(store.sessions(id, Day(20_030)).await.unwrap().len(), 1);
    assert_eq!(store.sessions(id, TODAY).await.unwrap().len(), 2);
    let other = store.create_account(named("Dora", &[])).await.unwrap();
    assert_eq!(
        store.end_session(other, first).await,
        Ok(false),
        "not theirs"
    );
    assert_eq!(store.end_session(id, first).await, Ok(true));
    assert_eq!(store.end_session(id, first).await, Ok(false));
    assert_eq!(store.session([1; 32], TODAY).await, Ok(None));
    store.begin_session(session_of(id, 4)).await.unwrap();
    store.begin_session(session_of(other, 5)).await.unwrap();
    assert_eq!(store.end_sessions(id, Some(second)).await, Ok(1));
    assert_eq!(store.sessions(id, TODAY).await.unwrap()[0].id, second);
    assert_eq!(store.end_sessions(id, None).await, Ok(1));
    assert!(store.session([5; 32], TODAY).await.unwrap().is_some());
    store
        .sweep(Day(20_030).0 as u64 * 86_400_000)
        .await
        .unwrap();
    assert_eq!(store.session([5; 32], TODAY).await, Ok(None), "swept");
}

async fn links(store: &dyn Store) {
    store
        .begin_attempt(attempt("Fay@example.org", "f"))
        .await
        .unwrap();
    assert_eq!(store.confirm_link("link x".into(), NOW).await, Ok(None));
    assert_eq!(store.confirm_link("browser f".into(), NOW).await, Ok(None));
    let confirmed = store
        .confirm_link("link f".into(), NOW)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&*confirmed.email, "Fay@example.org");
    assert_eq!(&*confirmed.then, "/rooms/x");
    assert_eq!(
        store.confirm_link("link f".into(), NOW).await,
        Ok(None),
        "once"
    );
    store
        .begin_attempt(attempt("fay@example.org", "g"))
        .await
        .unwrap();
    let late = store.confirm_link("link g".into(), NOW + 900_000).await;
    assert_eq!(late, Ok(None), "over");
    let early = store.confirm_link("link g".into(), NOW).await;
    assert_eq!(early, Ok(None), "and gone");
}

async fn codes(store: &dyn Store) {
    store
        .begin_attempt(attempt("gil@example.org", "h"))
        .await
        .unwrap();
    let code = |browser: &str, code: &str| store.confirm_code(browser.into(), code.into(), NOW);
    let nothing = Ok(CodeAnswer::Nothing);
    assert_eq!(
        code("browser x", "123456").await,
        nothing,
        "another browser"
    );
    for left in (1..=4).rev() {
        assert_eq!(
            code("browser h", "000000").await,
            Ok(CodeAnswer::Wrong { left })
        );
    }
    assert_eq!(code("browser h", "000000").await, nothing);
    assert_eq!(code("browser h", "123456").await, nothing, "too late");
    store
        .begin_attempt(attempt("gil@example.org", "i"))
        .await
        .unwrap();
    assert_eq!(
        code("browser i", "1").await,
        Ok(CodeAnswer::Wrong { left: 4 })
    );
    let CodeAnswer::Right(confirmed) = code("browser i", "123456").await.unwrap() else {
        panic!("it is the one");
    };
    assert_eq!(&*confirmed.email, "gil@example.org");
    assert_eq!(code("browser i", "123456").await, nothing, "once");
    assert_eq!(store.confirm_link("link i".into(), NOW).await, Ok(None));
}

async fn many_attempts(store: &dyn Store) {
    for number in 0..6 {
        let mut new = attempt("hal@example.org", &format!("n{number}"));
        new.ends_ms += number;
        store.begin_attempt(new).await.unwrap();
    }
    for (number, there) in [(0, false), (1, false), (2, true), (5, true)] {
        let link = format!("link n{number}").into();
        let confirmed = store.confirm_link(link, NOW).await.unwrap();
        assert_eq!(confirmed.is_some(), there, "{number}");
    }
    store.sweep(NOW + 900_003).await.unwrap();
    let over = store.confirm_link("link n3".into(), NOW).await;
    assert_eq!(over, Ok(None), "swept");
    assert!(
        store
            .confirm_link("link n4".into(), NOW)
            .await
            .unwrap()
            .is_some()
    );
}

async fn passkeys(store: &dyn Store) {
    let id = store.create_account(named("Ida", &[])).await.unwrap();
    let new = NewPasskey {
        account: id,
        credential_id: b"credential".as_slice().into(),
        credential: b"{}".as_slice().into(),
        label: "blue key".into(),
    };
    let passkey = store.add_passkey(new.clone()).await.unwrap();
    assert_eq!(store.add_passkey(new.clone()).await, Err(StoreError::Taken));
    let owner = store.account_of_passkey(new.credential_id.clone()).await;
    assert_eq!(owner, Ok(Some(id)));
    let updated = store.update_passkey(id, passkey, b"{1}".as_slice().into());
    assert_eq!(updated.await, Ok(true));
    let kept = store.passkeys(id).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(
        (&*kept[0].credential, &*kept[0].label),
        (&b"{1}"[..], "blue key")
    );
    assert_eq!(kept[0].credential_id, new.credential_id);
    let other = store.create_account(named("Jon", &[])).await.unwrap();
    assert_eq!(store.remove_passkey(other, passkey).await, Ok(false));
    assert_eq!(store.remove_passkey(id, passkey).await, Ok(true));
    assert_eq!(store.remove_passkey(id, passkey).await, Ok(false));
    assert_eq!(store.passkeys(id).await, Ok(vec![]));
    let owner = store.account_of_passkey(new.credential_id.clone()).await;
    assert_eq!(owner, Ok(None));
    let new = NewPasskey {
        account: other,
        ..new
    };
    store.add_passkey(new).await.unwrap();
}
