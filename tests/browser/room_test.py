"""What people do in a room, in real browsers."""
import os

import numpy
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

import company
import ears as hearing
from conftest import until

LISTEN_S = float(os.environ.get("STEREO_LISTEN_S", "65"))


def test_two_people_join_by_link_talk_react_and_reorder(stereo, browsers):
    host = browsers()
    host.open(stereo.url)
    host.see("start-room")
    host.picture("home-desktop-dark")
    link = host.start_room(stereo.url)
    guest = browsers(size="phone", dark=False)
    guest.open(link)
    guest.see("listen")
    guest.picture("gate-phone-light")
    guest.enter(link, "Linh")
    until(lambda: host.attribute("people-count", "data-count") == "2", 30, "both are here")
    host.add_tracks(4)
    until(lambda: host.queue_length() == 3, 30, "one plays and three wait")
    title = host.text("now-title")
    until(lambda: guest.text("now-title") == title, 30, "the guest sees the same")

    host.see("chat-input").send_keys("<script>document.title='broken'</script>", Keys.ENTER)
    guest.click("open-chat")
    said = until(lambda: guest.text("chat-log"), 30, "the message came")
    assert "<script>document.title='broken'</script>" in said
    assert guest.driver.title != "broken" and host.driver.title != "broken"
    guest.see("chat-input").send_keys("hello from the phone", Keys.ENTER)
    until(lambda: "hello from the phone" in host.text("chat-log"), 30, "the answer came")
    guest.click("sheet-close")

    guest.click("react-open")
    guest.click("react")
    until(lambda: any(one.text.strip() == "1" for one in host.all("react")), 30, "the reaction is counted")

    order = host.titles()
    handle = host.all("drag")[2]
    host.script("arguments[0].focus()", handle)
    handle.send_keys(Keys.ARROW_UP)
    until(lambda: host.titles() == [order[0], order[2], order[1]], 30, "the keyboard reorders")
    until(lambda: "2" in host.script("return document.getElementById('announcer').textContent"), 10, "the new place is read aloud")
    host.see("drift-you")
    guest.see("drift-you")
    host.picture("room-desktop-dark")
    guest.picture("room-phone-light")

    member = guest.script("return localStorage.getItem(Object.keys(localStorage).find((key) => key.startsWith('stereo.guest.')))")
    guest.driver.refresh()
    guest.see("listen").click()
    guest.click("open-people")
    assert "Linh" in guest.text("you")
    assert member == guest.script("return localStorage.getItem(Object.keys(localStorage).find((key) => key.startsWith('stereo.guest.')))")
    until(lambda: host.attribute("people-count", "data-count") == "2", 40, "nobody became two")
    assert host.complaints() == [] and guest.complaints() == []


def listen(stereo, browsers, ears, url, name, most_ms):
    """Two browsers play for a while: how far apart they are heard, median and 95th percentile."""
    one = browsers(environment=ears.browser_env("a"))
    link = one.start_room(url)
    two = browsers(environment=ears.browser_env("b"))
    two.enter(link, "Bo")
    one.add_tracks(6)
    one.see("drift-you")
    two.see("drift-you")
    frames = ears.record(LISTEN_S)
    apart = numpy.abs(hearing.lags(frames))
    assert len(apart) > LISTEN_S / 3, f"only {len(apart)} windows were heard from both"
    settled = apart[5:]
    median, p95 = float(numpy.median(settled)), float(numpy.percentile(settled, 95))
    shown = [browser.text("drift-you") for browser in (one, two)]
    print(f"\n  {name}: heard {median:.2f} ms apart (median), {p95:.2f} ms (95th percentile), {len(settled)} windows; shown: {shown}")
    # Far above the goal, and the median only: on a shared machine the sound device itself stalls now
    # and then. The figures are what counts.
    assert median < most_ms


def test_two_browsers_hear_the_same(stereo, browsers, ears):
    listen(stereo, browsers, ears, stereo.url, "plain", 30)


def test_two_browsers_hear_the_same_over_a_jittery_network(stereo, jitter, browsers, ears):
    listen(stereo, browsers, ears, f"http://127.0.0.1:{jitter.port}", "behind 50 ± 20 ms", 40)


def test_a_lost_connection_is_resumed_and_the_music_goes_on(stereo, jitter, browsers):
    one = browsers()
    link = one.start_room(f"http://127.0.0.1:{jitter.port}")
    one.add_tracks(2)
    one.see("drift-you")
    jitter.drop(True)
    one.see("reconnecting")
    one.picture("reconnecting-desktop-dark")
    elapsed = one.text("elapsed")
    until(lambda: one.text("elapsed") != elapsed, 10, "the music goes on")
    two = browsers().enter(link.replace(str(jitter.port), str(stereo.port)), "Meanwhile")
    two.see("chat-input").send_keys("said while you were away", Keys.ENTER)
    jitter.drop(False)
    until(lambda: "said while you were away" in one.text("chat-log"), 60, "what was missed came")
    assert len(one.all("reconnecting")) == 0


def test_a_browser_that_refuses_sound_shows_one_button(stereo, browsers):
    host = browsers()
    link = host.start_room(stereo.url)
    host.add_tracks(2)
    silent = browsers(autoplay=False)
    silent.open(link)
    silent.see("listen")
    # Entering by script is no gesture of a person: the browser keeps silent.
    silent.script("document.querySelector('[data-test=listen]').click()")
    button = silent.see("unblock")
    assert len(silent.all("unblock")) == 1
    silent.picture("blocked-desktop-dark")
    button.click()
    silent.see("drift-you")
    assert len(silent.all("unblock")) == 0


def test_nothing_scrolls_sideways_and_every_text_is_translated(stereo, browsers):
    host = browsers(size="large", dark=False)
    link = host.start_room(stereo.url)
    host.add_tracks(5)
    host.see("drift-you")
    host.picture("room-large-light")
    small = browsers(size="small", language="vi")
    small.open(stereo.url)
    small.see("start-room")
    small.picture("home-small-vietnamese")
    fits(small)
    small.enter(link, "Một cái tên rất dài để thử")
    small.see("drift-you")
    small.picture("room-small-vietnamese")
    fits(small)
    assert small.script("return document.documentElement.lang") == "vi"
    for sheet in ("queue", "chat", "people"):
        small.click(f"open-{sheet}")
        small.see("sheet-close")
        small.picture(f"{sheet}-small-vietnamese")
        fits(small)
        small.click("sheet-close")
        until(lambda: not small.all("sheet-close"), 10, "the sheet is gone")


def fits(browser):
    wide, seen = browser.script("return [document.documentElement.scrollWidth, innerWidth]")
    assert wide <= seen, f"{wide} px in a window of {seen}"


def test_a_room_that_is_not_there_says_so(stereo, browsers):
    visitor = browsers(size="phone")
    visitor.open(f"{stereo.url}/rooms/0000000000000000")
    visitor.see("ended-not_found")
    visitor.picture("not-found-phone-dark")
    visitor.open(f"{stereo.url}/nowhere/at/all")
    assert visitor.driver.find_elements(By.CSS_SELECTOR, "body")


def test_an_invitation_in_the_link_opens_a_private_room_and_the_bare_link_does_not(stereo, browsers):
    host = browsers()
    link = host.start_room(stereo.url)
    host.click("room-settings")
    host.see("visibility")
    host.script("document.querySelector('input[value=private]').click()")
    host.click("sheet-close")
    until(lambda: not host.all("sheet-close"), 10, "the sheet is gone")
    host.click("share")
    host.click("invite")
    invitation = until(lambda: next((one for one in [host.attribute("share-link", "value")] if "#invite=" in one), None), 30, "the link invites")
    host.picture("share-private-desktop-dark")
    assert invitation.startswith(link)
    stranger = browsers(size="phone")
    stranger.open(link)
    stranger.see("ended-not_found")
    guest = browsers(size="phone")
    guest.enter(invitation, "Linh")
    until(lambda: guest.attribute("people-count", "data-count") == "2", 30, "both are here")


def test_a_server_that_cannot_be_reached_is_not_taken_for_a_room_that_is_not_there(stereo, browsers):
    host = browsers()
    link = host.start_room(stereo.url)
    visitor = browsers(size="phone", dark=False)
    visitor.driver.execute_cdp_cmd("Network.enable", {})
    visitor.driver.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["*/api/rooms/*"]})
    visitor.open(link)
    visitor.see("ended-unavailable")
    visitor.picture("unavailable-phone-light")
    visitor.driver.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})
    visitor.click("again")
    visitor.see("listen")


def test_a_row_is_dragged_past_the_edge_of_what_is_seen_and_escape_puts_it_back(stereo, browsers):
    host = browsers()
    link = host.start_room(stereo.url)
    host.add_tracks(1)
    host.click("play")  # Paused, so that nothing leaves the queue by itself.
    crew = browsers()
    company.join(crew, stereo.url, link, ["Linh"])
    company.act(crew, *((0, nth) for nth in range(14)))
    until(lambda: host.queue_length() == 14, 60, "fourteen wait")
    order = host.titles()

    def hold(place):
        # What slides to its place is taken when it is there.
        until(lambda: host.script("return !document.getAnimations().some((one) => one.playState === 'running' && one.effect.getComputedTiming().endTime !== Infinity)"), 30, "nothing slides")
        handle = host.all("drag")[place]
        host.script("arguments[0].scrollIntoView({ block: 'center' })", handle)
        ActionChains(host.driver, duration=120).move_to_element(handle).click_and_hold().perform()
        until(lambda: host.driver.find_elements(By.CSS_SELECTOR, ".is-held"), 10, "a row is held")
        return ActionChains(host.driver, duration=120)

    hold(0).move_by_offset(0, 70).move_by_offset(0, 60).perform()
    host.picture("dragging-desktop-dark")
    ActionChains(host.driver).send_keys(Keys.ESCAPE).perform()
    until(lambda: not host.driver.find_elements(By.CSS_SELECTOR, ".is-held"), 10, "it is let go")
    ActionChains(host.driver).release().perform()
    assert host.titles() == order

    hold(0).move_by_offset(0, 70).move_by_offset(0, 60).release().perform()
    until(lambda: host.titles() == [*order[1:3], order[0], *order[3:]], 30, "it stands two further down")

    # Held at the lower edge, the list goes on under it until the end.
    def items():
        return [one.get_attribute("data-item") for one in host.all("queue-item")]

    first = items()[0]
    panel = host.driver.find_element(By.CSS_SELECTOR, ".side .queue")
    hold(0).move_by_offset(0, 20).perform()
    ActionChains(host.driver, duration=120).move_to_element_with_offset(panel, 0, panel.size["height"] // 2 - 4).perform()
    until(lambda: host.script("const at = arguments[0]; return at.scrollTop + at.clientHeight > at.scrollHeight - 2", panel), 30, "the list has gone to its end")
    ActionChains(host.driver).release().perform()
    until(lambda: items()[-1] == first, 30, "it stands where it was let go")
    assert host.complaints() == []
