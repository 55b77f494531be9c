"""Signing in with an account elsewhere: out of the page, over a real OpenID Connect provider, and back."""
import json
import pathlib
import subprocess

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

import access
from account_test import signed_in
from conftest import Stereo, until
from keep_test import mine, say
from keyboard import Keyboard

FOLDER = pathlib.Path(__file__).parent.parent / "oidc"


class Provider:
    """npm's oidc-provider; see the head of provider.js."""

    def __init__(self):
        self.process = subprocess.Popen(["node", "provider.js"], cwd=FOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.issuer = self.said("http://")

    def said(self, begins):
        """The next line that begins so; libraries may say something of their own in between."""
        while line := self.process.stdout.readline():
            if line.startswith(begins):
                return line.strip()
        raise AssertionError("the provider ended; first: (cd tests/oidc && npm ci)")

    def set(self, **change):
        self.process.stdin.write(json.dumps(change) + "\n")
        self.process.stdin.flush()
        self.said("done")

    def stop(self):
        self.process.stdin.close()
        self.process.wait(30)


@pytest.fixture
def provider():
    started = Provider()
    yield started
    started.stop()


@pytest.fixture
def house(provider, tmp_path, tmp_path_factory):
    """A server that people sign in to with it."""
    secret = tmp_path_factory.mktemp("secret") / "secret"
    secret.write_text("a secret of the tests\n")
    told = f'{{ name = "Our house", issuer = "{provider.issuer}", client_id = "stereo", client_secret_file = "{secret}" }}'
    server = Stereo(tmp_path, STEREO_PROVIDERS__HOME=told)
    provider.set(redirect=f"{server.url}/sign-in/home/callback", claims={"email": "ada@example.org", "email_verified": True, "picture": f"{provider.issuer}/picture.png"})
    yield server
    server.stop()


def me(browser):
    return browser.script("return fetch('/api/me').then((answer) => answer.json())")


@pytest.mark.parametrize("language", ["en", "vi"])
def test_with_keys_alone_a_person_signs_in_elsewhere_and_takes_their_picture_along(house, browsers, language):
    ada = browsers(language=language)
    keys = Keyboard(ada)
    ada.open(f"{house.url}/sign-in").see("sign-in-home")
    for scheme, shape, size in (("light", "phone", (390, 844)), ("dark", "desktop", (1280, 720))):
        ada.prefer(prefers_color_scheme=scheme, prefers_reduced_motion="reduce")
        ada.shape(*size)
        until(lambda: ada.script("return innerWidth") == size[0], 30, "the window has its size")
        assert access.broken_rules(ada) == []
        ada.picture(f"sign-in-provider-{language}-{shape}-{scheme}")
    keys.to("take-picture")
    keys.press(Keys.SPACE)
    keys.to("sign-in-home", Keys.SHIFT + Keys.TAB)
    keys.press(Keys.ENTER)
    ada.see("session")
    assert ada.driver.current_url == f"{house.url}/settings", "who is new chooses a name"
    until(lambda: ada.driver.find_elements(By.CSS_SELECTOR, "img.picture"), 30, "the picture came along")
    kept = me(ada)
    assert [way["kind"] for way in kept["ways"]] == ["provider"] and kept["email"] == "ada@example.org"
    ada.picture(f"signed-in-by-provider-{language}")
    ada.click("sign-out")
    ada.see("start-room")
    ada.open(f"{house.url}/sign-in").see("sign-in-home")
    keys.to("sign-in-home")
    keys.press(Keys.ENTER)
    ada.see("account")
    assert me(ada)["handle"] == kept["handle"], "the same person"
    assert ada.complaints() == []


def test_a_picture_stays_where_it_is_unless_it_is_wanted(house, browsers):
    ada = browsers()
    ada.open(f"{house.url}/sign-in").click("sign-in-home")
    ada.see("session")
    assert me(ada)["picture"] is None
    assert not ada.driver.find_elements(By.CSS_SELECTOR, "img.picture")


def test_a_guest_who_signs_in_elsewhere_is_back_in_the_room_as_the_same_member(house, browsers):
    host, guest = browsers(), browsers()
    link = host.start_room(house.url)
    guest.enter(link, "Linh")
    say(guest, "hello from a guest")
    guest.click("guest-sign-in")
    guest.click("sign-in-home")
    guest.see("people-count")
    assert guest.driver.current_url == link
    until(lambda: not guest.all("guest-sign-in"), 30, "they are signed in here")
    until(lambda: mine(guest, "hello from a guest"), 30, "it is the same member")
    until(lambda: host.attribute("people-count", "data-count") == "2", 30, "nobody came a second time")


def test_an_account_elsewhere_is_added_in_settings_and_taken_away_again(house, browsers):
    ada = signed_in(browsers(), house, "other@example.org")
    keys = Keyboard(ada)
    until(lambda: ada.all("way-home"), 30, "it is offered")
    keys.to("way-home")
    keys.press(Keys.ENTER)
    until(lambda: len(ada.all("way-remove")) == 2, 30, "it is listed, and either may go")
    assert ada.driver.current_url == f"{house.url}/settings"
    assert [way["kind"] for way in me(ada)["ways"]] == ["email", "provider"]
    ada.script("document.querySelector('#ways').scrollIntoView()")
    ada.picture("ways-desktop-dark")
    ada.shape(390, 844)
    ada.script("document.querySelector('#ways').scrollIntoView()")
    ada.picture("ways-phone-dark")
    ada.all("way-remove")[1].click()
    ada.click("way-remove-yes")
    until(lambda: len(me(ada)["ways"]) == 1, 30, "it is gone")


def test_who_comes_back_with_nothing_good_is_told_so_and_not_signed_in(house, browsers):
    ada = browsers()
    ada.open(f"{house.url}/sign-in/home/callback?code=any&state=any")
    assert len(ada.text("fault")) > 20
    ada.see("sign-in-home")
    ada.picture("provider-fault-desktop-dark")
    assert ada.script("return fetch('/api/me').then((answer) => answer.status)") == 401
