"""Guests who sign in from a room: the same member goes on, and a host's room stays."""
import pytest
from selenium.webdriver.common.keys import Keys

from account_test import signed_in
from conftest import until
from keyboard import Keyboard


def say(browser, text):
    browser.see("chat-input").send_keys(text, Keys.ENTER)
    until(lambda: mine(browser, text), 30, "it is said, by this person")


def mine(browser, text):
    """Whether this person said it: a message of another member is not theirs."""
    said = browser.driver.find_elements("css selector", ".said-you .said-text")
    return text in [one.text for one in said]


def open_in_another_tab(browser, link):
    """As a mail does it. The tab is left open."""
    first = browser.driver.current_window_handle
    browser.driver.switch_to.new_window("tab")
    browser.open(link)
    browser.click("confirm-link")
    return first


def hears(browser):
    """Whether music is being played here, and the page has not been left since `stayed` was set."""
    return browser.script("return window.stayed === true") and browser.all("now-title")


@pytest.mark.parametrize("language", ["en", "vi"])
def test_a_host_keeps_the_room_with_keys_alone_and_never_leaves_it(stereo, browsers, language):
    ada = browsers(language=language)
    keys = Keyboard(ada)
    ada.start_room(stereo.url)
    ada.add_tracks(2)
    say(ada, "before signing in")
    ada.script("window.stayed = true")
    keys.to("room-settings")
    keys.press(Keys.ENTER)
    ada.see("keep-sign-in")
    keys.to("keep-sign-in")
    keys.press(Keys.ENTER)
    ada.see("email")
    ada.picture(f"keep-sign-in-{language}")
    keys.to("email")
    keys.press("ada@example.org", Keys.ENTER)
    ada.see("sign-in-asked")
    until(lambda: keys.at() == "code", 30, "the keyboard is where the code goes")
    ada.picture(f"keep-asked-{language}")

    room = open_in_another_tab(ada, stereo.mailbox.link())
    ada.see("link-taken")
    ada.picture(f"keep-taken-{language}")
    ada.driver.switch_to.window(room)
    until(lambda: not ada.all("guest-sign-in"), 30, "the room knows who signed in")
    until(lambda: not ada.all("sheet-close"), 30, "the sheet has gone by itself")
    assert hears(ada), "the page was not left, and nothing was asked again"
    until(lambda: mine(ada, "before signing in"), 30, "it is the same member")
    keys.to("room-settings")
    keys.press(Keys.ENTER)
    ada.see("preset")
    assert not ada.all("keep-room"), "the room stays: there is nothing left to press"
    assert ada.complaints() == []

    # It stays: with nobody in it, it is listed as theirs.
    ada.open(stereo.url)
    ada.see("your-room")


def test_who_left_the_room_to_sign_in_is_back_in_it_and_the_room_stays(stereo, browsers):
    ada = browsers()
    link = ada.start_room(stereo.url)
    ada.add_tracks(2)
    say(ada, "before signing in")
    ada.click("room-settings")
    ada.click("keep-sign-in")
    ada.see("email").send_keys("ada@example.org")
    ada.click("send-link")
    ada.see("sign-in-asked")
    ada.open(stereo.mailbox.link())
    ada.click("confirm-link")
    ada.see("people-count")
    assert ada.driver.current_url == link
    until(lambda: mine(ada, "before signing in"), 30, "it is the same member")
    ada.click("room-settings")
    ada.see("preset")
    until(lambda: not ada.all("keep-room"), 30, "it stays")
    ada.click("sheet-close")
    ada.open(stereo.url)
    assert link.endswith(ada.attribute("your-room", "href").rsplit("/", 1)[1])
    ada.picture("your-rooms-desktop-dark")
    # The way back is good once: the next time, nothing plays before a press.
    ada.open(link).see("listen")
    ada.open(f"{stereo.url}/settings")
    ada.click("room-delete")
    ada.click("room-delete-yes")
    until(lambda: not ada.all("your-room"), 30, "it is gone")


def test_a_guest_who_is_no_host_signs_in_from_the_room_and_stays_the_same_member(stereo, browsers):
    host, guest = browsers(), browsers(size="phone", dark=False)
    link = host.start_room(stereo.url)
    signed_in(guest, stereo, "linh@example.org").click("sign-out")
    guest.see("start-room")
    guest.enter(link, "Linh")
    guest.script("window.stayed = true")
    guest.script("""
        window.lost = 0;
        const look = () => { window.lost += document.querySelectorAll('[data-test=reconnecting]').length; };
        new MutationObserver(look).observe(document.body, { childList: true, subtree: true })""")
    guest.click("open-chat")
    say(guest, "hello from a guest")
    guest.click("sheet-close")
    guest.click("open-people")
    guest.picture("guest-in-people-phone-light")
    guest.click("guest-sign-in")
    guest.see("email").send_keys("linh@example.org")
    guest.click("send-link")
    guest.see("sign-in-asked")
    guest.picture("guest-asked-phone-light")
    # The sheet may be closed meanwhile.
    guest.click("sheet-close")
    room = open_in_another_tab(guest, stereo.mailbox.link())
    guest.see("link-taken")
    guest.driver.switch_to.window(room)
    guest.click("open-people")
    guest.see("you")
    until(lambda: not guest.all("guest-sign-in"), 30, "they are signed in here")
    guest.click("sheet-close")
    guest.click("open-chat")
    until(lambda: mine(guest, "hello from a guest"), 30, "it is the same member")
    assert guest.script("return window.stayed === true"), "the page was not left"
    handle = guest.script("return fetch('/api/me').then((answer) => answer.json())")["handle"]
    until(lambda: handle in host.text("person"), 30, "the others see the account's name and no guest's")
    until(lambda: host.attribute("people-count", "data-count") == "2", 30, "nobody came a second time")
    assert guest.script("return window.lost") == 0, "no connection is called lost that was wished to be another"


def test_a_frozen_account_is_told_so_where_it_was_and_is_not_called_removed(stereo, browsers):
    ada = signed_in(browsers(), stereo)
    ada.start_room(stereo.url)
    room = ada.driver.current_window_handle
    ada.driver.switch_to.new_window("tab")
    ada.open(f"{stereo.url}/settings").see("freeze")
    ada.script("document.querySelector('[data-test=freeze]').click()")
    settings = ada.driver.current_window_handle
    ada.driver.switch_to.window(room)
    ada.see("ended-frozen")
    ada.picture("frozen-desktop-dark")
    ada.click("to-settings")
    until(lambda: ada.see("freeze").get_property("checked"), 30, "the switch shows it")
    ada.script("document.querySelector('[data-test=freeze]').click()")
    until(lambda: not ada.see("freeze").get_property("checked"), 30, "it is used again")
    ada.driver.switch_to.window(settings)
    ada.open(stereo.url)
    ada.click("your-room")
    ada.click("listen")
    ada.see("people-count")
