"""Passkeys, made and shown by a real browser with an authenticator of its own."""
import json

import pytest
from selenium.webdriver.common.virtual_authenticator import VirtualAuthenticatorOptions

from conftest import until

# As a page of ours does it: what is asked goes to the browser, what it makes comes back.
ASK = """
const [path, body] = arguments, done = arguments[arguments.length - 1];
fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body ?? {}) })
  .then(async (answer) => done([answer.status, await answer.json().catch(() => null)]), (error) => done([0, String(error)]));
"""
READ = """
const [path] = arguments, done = arguments[arguments.length - 1];
fetch(path).then(async (answer) => done([answer.status, await answer.json()]), (error) => done([0, String(error)]));
"""
CEREMONY = """
const [kind, options] = arguments, done = arguments[arguments.length - 1];
const run = kind === 'create'
  ? () => navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
  : () => navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
run().then((made) => done(made.toJSON()), (error) => done({ error: error.name }));
"""


class Person:
    """Somebody at a page of ours, by a name that passkeys can be bound to."""

    def __init__(self, browser, stereo):
        self.driver, self.stereo = browser.driver, stereo
        self.url = f"http://localhost:{stereo.port}"
        browser.open(self.url)

    def ask(self, path, body=None):
        return self.driver.execute_async_script(ASK, path, body)

    def read(self, path):
        return self.driver.execute_async_script(READ, path)

    def ceremony(self, kind, options):
        return self.driver.execute_async_script(CEREMONY, kind, options)

    def sign_in_by_mail(self, email):
        assert self.ask("/api/sign-in/email", {"email": email})[0] == 202
        token = self.stereo.mailbox.link().split("#token=")[1]
        status, told = self.ask("/api/sign-in/email/confirm", {"token": token})
        assert status == 200, told
        return told["me"]

    def add_passkey(self, label):
        status, asked = self.ask("/api/me/passkeys/begin")
        assert status == 200, asked
        made = self.ceremony("create", asked["publicKey"])
        assert "error" not in made, made
        return self.ask("/api/me/passkeys/finish", {"credential": made, "label": label})

    def show_passkey(self):
        status, asked = self.ask("/api/sign-in/passkey/begin")
        assert status == 200, asked
        shown = self.ceremony("get", asked["publicKey"])
        assert "error" not in shown, shown
        return shown

    def sign_out(self):
        assert self.ask("/api/sign-out")[0] == 204
        assert self.read("/api/me")[0] == 401


@pytest.fixture
def ada(stereo, browsers):
    browser = browsers()
    options = VirtualAuthenticatorOptions()
    options.protocol = VirtualAuthenticatorOptions.Protocol.CTAP2
    options.transport = VirtualAuthenticatorOptions.Transport.INTERNAL
    options.has_resident_key = options.has_user_verification = options.is_user_verified = True
    person = Person(browser, stereo)
    browser.driver.add_virtual_authenticator(options)
    return person


def test_a_passkey_is_added_signs_in_by_itself_and_is_gone_when_removed(ada):
    assert ada.read("/api/sign-in")[1]["passkeys"] is True
    me = ada.sign_in_by_mail("ada@example.org")
    status, way = ada.add_passkey("this laptop")
    assert (status, way["kind"], way["name"]) == (201, "passkey", "this laptop")
    assert [one["name"] for one in ada.read("/api/me")[1]["ways"]] == ["ada@example.org", "this laptop"]
    credentials = ada.driver.get_credentials()
    assert len(credentials) == 1 and credentials[0].is_resident_credential
    # What the authenticator keeps says nothing of the person but the name that they chose.
    kept = json.dumps(credentials[0].to_dict())
    assert "ada@example.org" not in kept

    ada.sign_out()
    shown = ada.show_passkey()
    status, told = ada.ask("/api/sign-in/passkey/finish", {"credential": shown})
    assert status == 200, told
    assert (told["fresh"], told["me"]["handle"]) == (False, me["handle"])
    assert [cookie["name"] for cookie in ada.driver.get_cookies()] == ["stereo"]
    # What was shown is good once, in its own ceremony.
    assert ada.ask("/api/sign-in/passkey/finish", {"credential": shown})[0] == 404
    assert ada.ask("/api/sign-in/passkey/begin")[0] == 200
    assert ada.ask("/api/sign-in/passkey/finish", {"credential": shown})[0] == 400
    # Again: the counter has moved.
    ada.sign_out()
    again = ada.show_passkey()
    assert ada.ask("/api/sign-in/passkey/finish", {"credential": again})[0] == 200

    gone = ada.driver.execute_async_script(
        "fetch(arguments[0], { method: 'DELETE' }).then((answer) => arguments[1](answer.status))", f"/api/me/ways/{way['id']}")
    assert gone == 204
    ada.sign_out()
    shown = ada.show_passkey()
    assert ada.ask("/api/sign-in/passkey/finish", {"credential": shown})[0] == 404


def test_a_copy_of_a_passkey_whose_counter_went_back_signs_nobody_in(ada):
    ada.sign_in_by_mail("ada@example.org")
    assert ada.add_passkey("this laptop")[0] == 201
    copy = ada.driver.get_credentials()[0]
    for _ in range(3):
        ada.sign_out()
        assert ada.ask("/api/sign-in/passkey/finish", {"credential": ada.show_passkey()})[0] == 200
    ada.sign_out()
    ada.driver.remove_all_credentials()
    ada.driver.add_credential(copy)
    status, told = ada.ask("/api/sign-in/passkey/finish", {"credential": ada.show_passkey()})
    assert (status, told["field"]) == (400, "credential")
    assert ada.read("/api/me")[0] == 401


def test_what_was_altered_or_is_another_accounts_is_refused(ada):
    ada.sign_in_by_mail("ada@example.org")
    assert ada.add_passkey("")[0] == 201
    # One authenticator is not asked to hold two of one account.
    asked = ada.ask("/api/me/passkeys/begin")[1]
    assert ada.ceremony("create", asked["publicKey"]) == {"error": "InvalidStateError"}
    for part in ("authenticatorData", "signature", "clientDataJSON", "userHandle"):
        shown = ada.show_passkey()
        text = shown["response"][part]
        shown["response"][part] = text[:10] + ("A" if text[10] != "A" else "B") + text[11:]
        assert ada.ask("/api/sign-in/passkey/finish", {"credential": shown})[0] == 400, part
    # What one account began does not add to another.
    ada.driver.remove_all_credentials()
    asked = ada.ask("/api/me/passkeys/begin")[1]
    made = ada.ceremony("create", asked["publicKey"])
    began = ada.driver.get_cookie("stereo-signin")["value"]
    ada.sign_in_by_mail("eve@example.org")
    ada.driver.add_cookie({"name": "stereo-signin", "value": began, "path": "/"})
    assert ada.ask("/api/me/passkeys/finish", {"credential": made})[0] == 404
    assert len(ada.read("/api/me")[1]["ways"]) == 1


def test_without_a_name_passkeys_say_so(stereo, browsers):
    browser = browsers()
    browser.open(stereo.url)
    ways = until(lambda: browser.driver.execute_async_script(READ, "/api/sign-in"), 30, "the ways are told")
    assert ways[1]["passkeys"] is False
    assert browser.driver.execute_async_script(ASK, "/api/sign-in/passkey/begin", None)[0] == 503
