"""Being counted, where visits are: a choice in Settings, and what the browser tells after it."""
import urllib.parse

import pytest
from selenium.webdriver.common.keys import Keys

import access
from account_test import sign_in, signed_in
from conftest import Stereo, until
from keyboard import Keyboard
from third_parties_test import watched  # noqa: F401 - a fixture

OBJECTS = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true })"


@pytest.fixture
def counting(tmp_path):
    server = Stereo(tmp_path, STEREO_ANALYTICS__ENABLED="true")
    yield server
    server.stop()


def tells(browser, url, page="privacy"):
    """Whether a page that is opened is told of."""
    browser.heard()
    browser.open(f"{url}/{page}")
    # Shown when it is known what the server tells of itself, and so who counts.
    browser.see("source")
    asked = [told["request"]["url"] for method, told in browser.heard() if method == "Network.requestWillBeSent"]
    return any(urllib.parse.urlsplit(one).path == "/api/visits" for one in asked)


def counted(browser):
    return browser.script("return fetch('/api/me').then((answer) => answer.json())")["counted"]


@pytest.mark.parametrize("language", ["en", "vi"])
def test_who_objects_with_keys_alone_is_told_of_no_more_until_they_allow_it(counting, watched, language):  # noqa: F811
    ada = watched(language=language)
    assert until(lambda: tells(ada, counting.url), 30, "it is told of")
    signed_in(ada, counting)
    keys = Keyboard(ada)
    assert ada.see("counted").get_property("checked")
    keys.to("counted")
    keys.press(Keys.SPACE)
    until(lambda: not counted(ada), 30, "the server knows")
    assert not ada.see("counted").get_property("checked")
    for scheme, shape, size in (("dark", "desktop", (1280, 720)), ("light", "phone", (390, 844))):
        ada.prefer(prefers_color_scheme=scheme, prefers_reduced_motion="reduce")
        ada.shape(*size)
        until(lambda: ada.script("return innerWidth") == size[0], 30, "the window has its size")
        assert access.broken_rules(ada) == []
        ada.script("document.querySelector('[data-test=right-object]').scrollIntoView({ block: 'center' })")
        ada.picture(f"counted-{language}-{shape}-{scheme}")
    assert not tells(ada, counting.url)
    ada.open(f"{counting.url}/settings").see("counted")
    assert not ada.see("counted").get_property("checked"), "it was kept"
    keys.to("counted")
    keys.press(Keys.SPACE)
    until(lambda: counted(ada), 30, "the server knows")
    assert tells(ada, counting.url)
    assert ada.complaints() == []


def test_who_objects_in_one_browser_objects_in_every_one(counting, browsers):
    ada = signed_in(browsers(), counting)
    ada.script("document.querySelector('[data-test=counted]').click()")
    until(lambda: not counted(ada), 30, "the server knows")
    phone = browsers(size="phone")
    sign_in(phone, counting)
    phone.see("account")
    phone.open(f"{counting.url}/settings")
    assert not phone.see("counted").get_property("checked")


def test_a_browser_that_asks_not_to_be_tracked_is_told_of_by_nobody_and_says_so(counting, watched):  # noqa: F811
    careful = watched()
    careful.driver.execute_cdp_cmd("Page.enable", {})
    careful.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": OBJECTS})
    assert not tells(careful, counting.url)
    signed_in(careful, counting)
    assert careful.text("counted-never")
    assert not careful.all("counted")
