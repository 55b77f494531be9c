"""What people may do about what is kept of them, pressed as they would press it."""
import json
import zipfile

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

import access
from account_test import PICTURE, sign_in, signed_in
from conftest import Stereo, until
from keyboard import Keyboard

STATUS = "return fetch(arguments[0], { cache: 'no-store' }).then((answer) => answer.status)"


@pytest.fixture
def named(tmp_path):
    """A server whose operator says who they are."""
    server = Stereo(tmp_path, STEREO_OPERATOR__NAME="The corner house", STEREO_OPERATOR__ADDRESS="help@corner.example", STEREO_OPERATOR__COMPLAINTS="The authority of Corner County")
    yield server
    server.stop()


@pytest.mark.parametrize("language", ["en", "vi"])
def test_with_keys_alone_a_person_signs_in_and_changes_what_is_kept(stereo, browsers, language):
    ada = browsers(language=language)
    keys = Keyboard(ada)
    ada.open(stereo.url).see("sign-in")
    keys.to("sign-in")
    keys.press(Keys.ENTER)
    ada.see("email")
    keys.to("email")
    keys.press("ada@example.org", Keys.ENTER)
    ada.see("sign-in-asked")
    ada.open(stereo.mailbox.link()).see("confirm-link")
    keys.to("confirm-link")
    keys.press(Keys.ENTER)
    ada.see("session")
    assert ada.script("return document.documentElement.lang") == language
    ada.picture(f"settings-fresh-{language}")

    keys.to("handle")
    keys.write_anew("ada_l")
    keys.to("handle-save")
    keys.press(Keys.ENTER)
    until(lambda: ada.script("return document.querySelector('.toast') !== null"), 30, "it is saved")
    keys.to("mails-rooms")
    keys.press(Keys.SPACE)
    keys.to("freeze")
    keys.press(Keys.SPACE)
    until(lambda: ada.see("freeze").get_property("checked"), 30, "it is frozen")
    until(lambda: ada.script("return fetch('/api/me').then((answer) => answer.json())")["frozen"], 30, "the server knows")
    kept = ada.script("return fetch('/api/me').then((answer) => answer.json())")
    assert (kept["handle"], kept["mails"]["rooms"]) == ("ada_l", True)
    keys.press(Keys.SPACE)
    keys.to("erase")
    keys.press(Keys.ENTER)
    ada.see("erase-handle")
    until(lambda: ada.script("return document.activeElement.closest('dialog') !== null"), 30, "the keyboard is in the sheet")
    keys.to("erase-handle")
    keys.press("ada_l")
    keys.to("erase-yes")
    keys.press(Keys.ENTER)
    ada.see("receipt")
    ada.picture(f"receipt-{language}")
    assert ada.script(STATUS, "/api/me") == 401


def test_the_language_of_an_account_comes_along_to_the_next_browser(stereo, browsers):
    ada = signed_in(browsers(), stereo)
    ada.script("document.querySelector('[data-test=language] [value=vi]').click()")
    until(lambda: ada.script("return fetch('/api/me').then((answer) => answer.json())")["language"] == "vi", 30, "the server knows")
    phone = browsers(size="phone")
    assert phone.open(stereo.url).script("return document.documentElement.lang") == "en"
    sign_in(phone, stereo)
    phone.see("account")
    until(lambda: phone.script("return document.documentElement.lang") == "vi", 30, "it is spoken there too")


def test_export_picture_removal_and_every_right_are_where_they_can_be_pressed(named, browsers, tmp_path_factory):
    downloads = tmp_path_factory.mktemp("downloads")
    ada = signed_in(browsers(), named)
    ada.driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(downloads)})
    handle = ada.attribute("handle", "value")
    ada.driver.find_element(By.CSS_SELECTOR, "[data-test=picture]").send_keys(str(PICTURE))
    until(lambda: ada.driver.find_elements(By.CSS_SELECTOR, "img.picture"), 30, "the picture is shown")
    picture = ada.driver.find_element(By.CSS_SELECTOR, "img.picture").get_attribute("src")
    ada.click("export")
    path = until(lambda: next(iter(downloads.glob("*.zip")), None), 30, "the file is there")
    with zipfile.ZipFile(path) as taken:
        assert handle in taken.read("stereo-export.json").decode()
        assert json.loads(taken.read("stereo-export.json"))
    assert ada.script(STATUS, picture) == 200
    ada.click("picture-remove")
    ada.click("picture-remove-yes")
    until(lambda: not ada.driver.find_elements(By.CSS_SELECTOR, "img.picture"), 30, "it is not shown any more")
    assert ada.script(STATUS, picture) == 404, "it is gone"
    assert "The authority of Corner County" in ada.text("right-complain")
    for right in ("correct", "export", "freeze", "object", "decisions", "erase"):
        assert len(ada.text(f"right-{right}")) > 40, right
    assert not ada.all("counted"), "nothing is counted here, so that there is nothing to object to"
    ada.script("document.querySelector('#yours').scrollIntoView()")
    ada.picture("rights-desktop-dark")
    ada.shape(390, 844)
    ada.script("document.querySelector('#yours').scrollIntoView()")
    ada.picture("rights-phone-dark")


def test_forget_me_erases_a_guest_from_the_room_on_every_screen(stereo, browsers):
    host, guest = browsers(), browsers()
    link = host.start_room(stereo.url)
    guest.enter(link, "Needle Nguyen")
    guest.see("chat-input").send_keys("nobody shall keep this", Keys.ENTER)
    until(lambda: "nobody shall keep this" in host.text("chat-log"), 30, "the host reads it")
    until(lambda: "Needle Nguyen" in host.driver.page_source, 30, "the host sees the name")
    guest.click("settings")
    guest.click("forget")
    guest.click("forget-yes")
    guest.see("start-room")
    until(lambda: "nobody shall keep this" not in host.driver.page_source, 30, "the words are gone")
    until(lambda: "Needle Nguyen" not in host.driver.page_source, 30, "the name is gone")
    assert guest.script("return Object.keys(localStorage).filter((key) => key.startsWith('stereo.guest.'))") == []
    guest.open(link)
    assert guest.attribute("name", "value") == ""


def test_letters_are_written_answered_and_deleted_and_consent_is_given_and_taken_back(named, browsers):
    ada = browsers()
    keys = Keyboard(ada)
    ada.open(f"{named.url}/support").see("operator")
    assert "The corner house" in ada.text("operator") and "help@corner.example" in ada.text("operator")
    ada.picture("support-guest-desktop-dark")
    signed_in(ada, named)
    ada.click("to-support")
    ada.see("letter-send")
    keys.to("letter-send")
    keys.press(Keys.ENTER)
    ada.see("fault")
    until(lambda: keys.at() == "letter-text", 30, "the keyboard is where something is missing")
    keys.to("letter-subject", Keys.SHIFT + Keys.TAB)
    keys.press("My room is silent")
    keys.to("letter-text")
    keys.press("It has been since this morning.\nCan you look?")
    ada.picture("support-write-desktop-dark")
    keys.to("letter-send")
    keys.press(Keys.ENTER)
    ada.see("thread-view")
    assert ada.see("letter").find_element(By.CSS_SELECTOR, ".letter-text").text == "It has been since this morning.\nCan you look?"
    thread = ada.driver.current_url.split("#")[1]

    well, seen = named.support("list")
    assert well and thread in seen and "My room is silent" in seen
    well, seen = named.support("look", thread)
    assert not well, "without consent nothing is seen"
    ada.see("read-nothing")
    keys.to("allow-look")
    keys.press(Keys.ENTER)
    ada.see("grant")
    well, seen = named.support("look", thread)
    assert well and "ada@example.org" in seen
    ada.open(ada.driver.current_url)
    ada.driver.refresh()
    ada.see("read")
    ada.script("document.querySelector('#consent').scrollIntoView()")
    ada.picture("support-consent-desktop-dark")
    ada.click("forbid-look")
    ada.see("allow-look")
    assert not named.support("look", thread)[0], "what was taken back does not hold"
    assert named.support("answer", thread, text="It is mended.")[0]
    ada.driver.refresh()
    until(lambda: len(ada.all("letter")) == 2, 30, "the answer is there")
    assert "It is mended." in ada.all("letter")[1].text
    ada.picture("support-thread-desktop-dark")
    for scheme in ("dark", "light"):
        ada.prefer(prefers_color_scheme=scheme, prefers_reduced_motion="reduce")
        for shape in ((1280, 720), (390, 844), (320, 640)):
            ada.shape(*shape)
            assert ada.script("return document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, shape
            assert access.broken_rules(ada) == [], f"{scheme}, {shape}"
    ada.shape(390, 844)
    ada.picture("support-thread-phone-light")

    ada.all("letter-delete")[0].click()
    ada.click("letter-delete-yes")
    until(lambda: len(ada.all("letter")) == 1, 30, "one letter is gone")
    assert "since this morning" not in named.support("show", thread)[1]
    ada.open(f"{named.url}/settings")
    ada.click("thread")
    ada.click("thread-delete")
    ada.click("thread-delete-yes")
    ada.see("letter-send")
    assert not ada.all("thread")
    assert not named.support("show", thread)[0], "it is gone for both sides"
    assert ada.driver.current_url == f"{named.url}/support"
