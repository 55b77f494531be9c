"""Taking everything along from one server, and reading it in on another, pressed as people do it."""
import json

import pytest
from selenium.webdriver.common.by import By

import access
from account_test import PICTURE, signed_in
from conftest import Stereo, until
from keyboard import Keyboard

CHANGE = """
const [method, path, wish] = arguments;
return fetch(path, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(wish) }).then((answer) => answer.status)"""


@pytest.fixture
def elsewhere(tmp_path_factory):
    server = Stereo(tmp_path_factory.mktemp("elsewhere"))
    yield server
    server.stop()


def exported(browser, folder):
    """Presses the button in Settings: the file."""
    browser.driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(folder)})
    browser.click("export")
    return until(lambda: next(iter(folder.glob("*.zip")), None), 30, "the file is there")


def named(browser, handle):
    assert browser.script(CHANGE, "PATCH", "/api/me", {"handle": handle}) == 200


def looks_right(browser, name):
    """At both sizes and in both lights: nothing is too wide, no rule is broken, and a picture for us."""
    for scheme, shape, size in (("dark", "desktop", (1280, 720)), ("light", "phone", (390, 844))):
        browser.prefer(prefers_color_scheme=scheme, prefers_reduced_motion="reduce")
        browser.shape(*size)
        until(lambda: browser.script("return innerWidth") == size[0], 30, "the window has its size")
        assert browser.script("return document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, shape
        assert access.broken_rules(browser) == [], shape
        browser.script("document.querySelector('[data-test=right-export]').scrollIntoView({ block: 'center' })")
        browser.picture(f"{name}-{shape}-{scheme}")


@pytest.mark.parametrize("language", ["en", "vi"])
def test_what_was_taken_along_is_read_in_elsewhere_and_it_says_what_came(stereo, elsewhere, browsers, tmp_path_factory, language):
    ada = signed_in(browsers(), stereo)
    named(ada, "ada_l")
    ada.driver.find_element(By.CSS_SELECTOR, "[data-test=picture]").send_keys(str(PICTURE))
    until(lambda: ada.driver.find_elements(By.CSS_SELECTOR, "img.picture"), 30, "the picture is shown")
    for wish in ({"title": "Kitchen table"}, {"title": "Slow Sunday", "password": "right"}):
        assert ada.script(CHANGE, "POST", "/api/rooms", wish) == 201
    path = exported(ada, tmp_path_factory.mktemp("downloads"))

    eve = signed_in(browsers(), elsewhere, "eve@example.org")
    if language == "vi":
        named(eve, "ada_l")
    here = signed_in(browsers(language=language), elsewhere)
    keys = Keyboard(here)
    before = here.attribute("handle", "value")
    keys.to("import")
    here.driver.find_element(By.CSS_SELECTOR, "[data-test=import]").send_keys(str(path))
    told = here.text("imported")
    assert "2" in told and "Slow Sunday" in told, told
    until(lambda: {one.find_element(By.TAG_NAME, "b").text for one in here.all("your-room")} == {"Kitchen table", "Slow Sunday"}, 30, "its rooms are listed at once")
    until(lambda: here.driver.find_elements(By.CSS_SELECTOR, "img.picture"), 30, "the picture is here")
    if language == "vi":
        assert here.attribute("handle", "value") == before, "somebody else has it here"
        assert len(told.split("\n")) == 4, told
    else:
        until(lambda: here.attribute("handle", "value") == "ada_l", 30, "the handle came along")
    looks_right(here, f"imported-{language}")
    assert here.complaints() == []


def test_a_file_that_is_no_export_is_refused_in_words_and_changes_nothing(stereo, browsers, tmp_path):
    ada = signed_in(browsers(), stereo)
    before = ada.script("return fetch('/api/me').then((answer) => answer.text())")
    nonsense = tmp_path / "export.zip"
    nonsense.write_text(json.dumps({"format": "something else"}))
    ada.driver.find_element(By.CSS_SELECTOR, "[data-test=import]").send_keys(str(nonsense))
    until(lambda: ada.script("return document.querySelector('.toast')?.textContent"), 30, "it is said")
    ada.picture("import-refused-desktop-dark")
    assert not ada.all("imported")
    assert ada.script("return fetch('/api/me').then((answer) => answer.text())") == before
    assert [one for one in ada.complaints() if "400" not in one] == []
