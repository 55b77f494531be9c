"""Nobody else: everything that pages ask for, of whom, and which cookies they are given."""
import json
import urllib.parse

import pytest

from account_test import signed_in
from conftest import Browser, Stereo, until

FATHOM = "https://cdn.usefathom.com/script.js"
# What belongs to no host.
NOWHERE = ("data:", "blob:", "about:", "chrome:")


class Watched(Browser):
    """A browser whose every request is noted."""

    log = {"browser": "ALL", "performance": "ALL"}

    def heard(self):
        """What its network did since it was asked last: the name of each event, and what it tells."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [(event["method"], event["params"]) for event in events]


class Visit:
    """What was asked for, and which cookies were set, by whom, in all that a browser did."""

    def __init__(self, browser):
        self.browser, self.urls, self.cookies = browser, [], []

    def listen(self):
        paths = {}
        for method, told in self.browser.heard():
            if method == "Network.requestWillBeSent":
                self.urls.append(told["request"]["url"])
                paths[told["requestId"]] = urllib.parse.urlsplit(told["request"]["url"]).path
            elif method == "Network.webSocketCreated":
                self.urls.append(told["url"])
            elif method == "Network.responseReceivedExtraInfo":
                for name, value in told["headers"].items():
                    if name.lower() == "set-cookie":
                        self.cookies += [(line.split("=")[0], paths.get(told["requestId"])) for line in value.split("\n")]
        return self

    def others(self, url):
        """What was asked of anybody but the server at `url`."""
        ours = ("http", "ws")
        host = urllib.parse.urlsplit(url).netloc
        parts = [(one, urllib.parse.urlsplit(one)) for one in self.urls if not one.startswith(NOWHERE)]
        return [one for one, part in parts if part.netloc != host or part.scheme not in ours]


@pytest.fixture
def watched():
    opened = []

    def make(**options):
        opened.append(Watched(**options))
        return opened[-1]

    yield make
    for browser in opened:
        browser.close()


def test_a_full_visit_asks_nobody_else_and_is_given_no_cookie_but_for_signing_in(stereo, watched):
    ada = watched()
    visit = Visit(ada)
    ada.start_room(stereo.url)
    ada.add_tracks(2)
    ada.see("now-title")
    for page in ("privacy", "settings", "sign-in", "support"):
        ada.open(f"{stereo.url}/{page}")
        until(lambda: ada.script("return document.readyState") == "complete" and ada.script("return document.querySelector('#app').childElementCount"), 30, f"{page} is drawn")
    visit.listen()
    assert visit.cookies == [], "a guest is given none"
    assert ada.driver.get_cookies() == []
    signed_in(ada, stereo)
    ada.open(stereo.url).see("account")
    ada.open(f"{stereo.url}/settings").see("handle")
    ada.click("sign-out")
    ada.see("start-room")
    visit.listen()
    assert len(visit.urls) > 100 and any(url.startswith("ws:") for url in visit.urls), "it is listened to"
    assert visit.others(stereo.url) == []
    named = {(name, path) for name, path in visit.cookies}
    assert {name for name, _ in named} == {"stereo", "stereo-signin"}, named
    assert {path for _, path in named} <= {"/api/sign-in/email", "/api/sign-in/email/confirm", "/api/sign-out"}, named
    assert ada.driver.get_cookies() == [], "signed out, none is left"


def test_a_significant_change_of_the_policy_is_told_until_it_is_dismissed(stereo, browsers):
    ada = browsers()
    ada.open(stereo.url).see("start-room")
    until(lambda: ada.script("return localStorage.getItem('stereo.policy')"), 30, "it is known which version holds")
    assert not ada.all("policy-notice"), "who comes for the first time has nothing to be told"
    ada.script("localStorage.setItem('stereo.policy', '1')")
    ada.open(stereo.url).see("policy-notice")
    ada.open(f"{stereo.url}/privacy").see("policy-notice")
    ada.click("policy-dismiss")
    until(lambda: not ada.all("policy-notice"), 30, "it is dismissed")
    ada.open(stereo.url).see("start-room")
    newest = str(ada.script("return fetch('/api/policy').then((answer) => answer.json()).then((told) => told.version)"))
    assert newest != "1" and ada.script("return localStorage.getItem('stereo.policy')") == newest
    assert not ada.all("policy-notice")


@pytest.fixture
def with_fathom(tmp_path, monkeypatch):
    monkeypatch.setenv("STEREO_ANALYTICS__FATHOM_SITE", "ABCDEFGH")
    server = Stereo(tmp_path)
    yield server
    server.stop()


def fathom_of(browser, url):
    """What of Fathom a page asks for, and why it does not get it: nobody is really asked."""
    browser.driver.execute_cdp_cmd("Network.enable", {})
    browser.driver.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["*usefathom.com*"]})
    browser.open(url).see("start-room")
    # Shown when it is known what the server tells of itself, and so who counts.
    browser.see("source")
    heard = browser.heard()
    asked = [told["requestId"] for method, told in heard if method == "Network.requestWillBeSent" and told["request"]["url"] == FATHOM]
    return [told.get("blockedReason") for method, told in heard if method == "Network.loadingFailed" and told["requestId"] in asked]


def test_fathom_is_let_in_where_the_operator_wants_it_and_not_to_who_objects(with_fathom, watched):
    url = with_fathom.url
    guest = watched()
    assert until(lambda: fathom_of(guest, url), 30, "its script is asked for") == ["inspector"], "the page may load it"
    script = guest.script("return {...document.querySelector('script[data-site]').dataset}")
    assert script == {"site": "ABCDEFGH", "auto": "false", "honorDnt": "true"}
    assert "Fathom" in guest.open(f"{url}/privacy").text("policy")
    objecting = watched()
    objecting.open(url).see("start-room")
    objecting.script("localStorage.setItem('stereo.preferences', JSON.stringify({ counted: false }))")
    objecting.heard()
    assert fathom_of(objecting, url) == []
    assert not objecting.script("return document.querySelector('script[data-site]')")


def test_a_browser_that_asks_not_to_be_tracked_asks_for_no_fathom(with_fathom, watched):
    careful = watched()
    careful.driver.execute_cdp_cmd("Page.enable", {})
    source = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true })"
    careful.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": source})
    assert fathom_of(careful, with_fathom.url) == []
    assert not careful.script("return document.querySelector('script[data-site]')")
