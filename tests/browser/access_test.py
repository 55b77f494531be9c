"""The client is there for everybody: rules, contrast, keys alone, stillness, large letters, forced colours."""
import pytest
from selenium.webdriver.common.keys import Keys

import access
import company
from conftest import until
from keyboard import Keyboard

DESK, HAND, SMALL = (1280, 720), (390, 844), (320, 640)


@pytest.fixture
def lively(stereo, browsers):
    """A host in a room with five people, a queue, a chat."""
    host = browsers()
    host.link = host.start_room(stereo.url)
    crew = browsers()
    company.join(crew, stereo.url, host.link)
    company.act(crew, *((nth % 4, nth) for nth in range(7)), (0, "lovely in headphones"), (1, "wait for the bass"), (2, "react ❤️"))
    host.see("now-title")
    until(lambda: host.queue_length() == 6, 30, "six wait")
    host.crew = crew
    return host


def everywhere(browser, check, sizes=(DESK, HAND)):
    """The check in both themes and in these sizes."""
    for scheme in ("dark", "light"):
        browser.prefer(prefers_color_scheme=scheme, prefers_reduced_motion="reduce")
        for size in sizes:
            browser.shape(*size)
            until(lambda: browser.script("return innerWidth") == size[0], 10, "the window has its size")
            found = check()
            assert found == [], f"{scheme}, {size[0]} px wide: {found}"


def over(browser, opener, inside, check, sizes=(DESK, HAND)):
    """The check with a sheet open."""
    browser.shape(*sizes[0])
    browser.click(opener)
    browser.see(inside)
    everywhere(browser, check, sizes)
    browser.all("sheet-close")[-1].click()
    until(lambda: not browser.all("sheet-close"), 10, "the sheet is gone")


def test_no_page_and_no_sheet_breaks_an_accessibility_rule(stereo, browsers, lively):
    def rules_of(browser):
        return lambda: access.broken_rules(browser)

    everywhere(lively, rules_of(lively))
    lively.shape(*DESK)
    lively.all("queue-item")[0].find_element("css selector", ".row-main").click()
    everywhere(lively, rules_of(lively), (DESK,))
    for opener, inside in (("share", "share-link"), ("add-open", "add"), ("settings", "theme"), ("room-settings", "preset")):
        over(lively, opener, inside, rules_of(lively))
    over(lively, "person-more", "mute-member", rules_of(lively), (DESK,))
    for part in ("queue", "chat", "people"):
        over(lively, f"open-{part}", "sheet-close", rules_of(lively), (HAND,))

    visitor = browsers()
    visitor.open(stereo.url).see("start-room")
    everywhere(visitor, rules_of(visitor))
    visitor.open(lively.link).see("listen")
    everywhere(visitor, rules_of(visitor))
    visitor.open(f"{stereo.url}/rooms/0000000000000000").see("ended-not_found")
    everywhere(visitor, rules_of(visitor))
    visitor.start_room(stereo.url)
    visitor.see("starter")
    everywhere(visitor, rules_of(visitor))
    visitor.shape(*DESK)
    visitor.click("room-settings")
    visitor.click("close-room")
    visitor.click("close-room-yes")
    visitor.see("ended-room_closed")
    everywhere(visitor, rules_of(visitor))


def test_words_stand_out_from_what_is_behind_them_in_the_light_of_every_track(stereo, browsers, lively):
    judge = browsers().open("about:blank")

    def faint_in(browser):
        return lambda: access.faint_words(browser, judge)

    visitor = browsers()
    visitor.open(stereo.url).see("start-room")
    everywhere(visitor, faint_in(visitor))
    for _ in range(6):
        everywhere(lively, faint_in(lively))
        visitor.open(lively.link).see("listen")
        everywhere(visitor, faint_in(visitor), (HAND,))
        lively.shape(*DESK)
        title = lively.text("now-title")
        lively.click("skip")
        until(lambda: lively.text("now-title") != title, 30, "the next track is on")
    over(lively, "settings", "theme", faint_in(lively))
    over(lively, "room-settings", "preset", faint_in(lively))


def test_with_keys_alone_a_person_joins_adds_reorders_votes_skips_reacts_and_talks(stereo, browsers):
    person = browsers()
    keys = Keyboard(person)
    spoken = lambda: person.script("return [...document.querySelectorAll('.announcer, #announcer')].map((one) => one.textContent).join(' ')")
    person.open(stereo.url).see("start-room")
    keys.to("start-room")
    keys.press(Keys.ENTER)
    person.see("share-link")
    keys.press(Keys.ESCAPE)
    until(lambda: not person.all("share-link"), 10, "the sheet is gone")

    # Add, by what an idle room offers and from the library; what is said is said in the sheet.
    keys.to("add-open")
    keys.press(Keys.ENTER)
    person.see("add")
    for nth in range(4):
        keys.to("add")
        keys.press(Keys.ENTER)
        until(lambda: len(person.all("now-title")) + person.queue_length() == nth + 1, 30, "it is queued")
    assert person.script("return document.querySelector('dialog[open] > .announcer').textContent") != ""
    keys.press(Keys.ESCAPE)
    until(lambda: keys.at() == "add-open", 10, "the focus is back where it was")

    # Reorder, twice in a row: the handle keeps the focus.
    order = person.titles()
    keys.to("drag")
    keys.press(Keys.ARROW_DOWN)
    until(lambda: person.titles() == [order[1], order[0], order[2]], 30, "it has moved")
    until(lambda: keys.at() == "drag", 10, "the handle has the focus")
    keys.press(Keys.ARROW_DOWN)
    until(lambda: person.titles() == [order[1], order[2], order[0]], 30, "it has moved again")
    until(lambda: "3" in spoken(), 10, "the place is said")

    # The row's own actions do the same.
    keys.to("vote")
    keys.press(Keys.ENTER)
    until(lambda: [one.get_attribute("aria-pressed") for one in person.all("vote")].count("true") == 1, 30, "the vote counts")
    keys.to("drag", Keys.SHIFT + Keys.TAB)
    keys.press(Keys.TAB)
    keys.press(Keys.ENTER)
    keys.to("remove")
    keys.press(Keys.ENTER)
    until(lambda: person.queue_length() == 2, 30, "it is removed")
    until(lambda: person.script("return document.activeElement !== document.body"), 10, "the focus is somewhere")

    keys.to("skip", Keys.SHIFT + Keys.TAB)
    before = person.text("now-title")
    keys.press(Keys.ENTER)
    until(lambda: person.text("now-title") != before, 30, "it is skipped")
    keys.to("react")
    keys.press(Keys.ENTER)
    until(lambda: any(one.text.strip() == "1" for one in person.all("react")), 30, "the reaction is counted")
    keys.to("chat-input")
    keys.press("said with keys", Keys.ENTER)
    until(lambda: "said with keys" in person.text("chat-log"), 30, "it is said")
    assert person.complaints() == []


def test_nothing_moves_for_who_asks_for_stillness(lively):
    lively.prefer(prefers_reduced_motion="reduce")
    for size in (DESK, HAND):
        lively.shape(*size)
        company.act(lively.crew, (0, "react 🔥"))
        until(lambda: lively.script("return document.getAnimations().length") == 0, 10, "nothing moves")


def test_forced_colours_leave_every_control_an_edge(lively):
    lively.prefer(forced_colors="active", prefers_color_scheme="dark")
    bare = """return [...document.querySelectorAll('button, input, select')].filter((one) => one.checkVisibility()).filter((one) => {
        const style = getComputedStyle(one.closest('label.search') ?? one);
        const filled = style.forcedColorAdjust === 'none';
        return !one.matches('.row-main, .row-handle, .link, [type=range], [type=radio], [tabindex="-1"]') && !filled && style.borderTopWidth === '0px';
    }).map((one) => one.outerHTML.slice(0, 100))"""
    for size in (DESK, HAND):
        lively.shape(*size)
        assert lively.script(bare) == []
    lively.picture("forced-colours-phone")


@pytest.mark.parametrize("size", [DESK, HAND, SMALL])
def test_letters_of_twice_the_size_hide_nothing(stereo, browsers, lively, size):
    reader = browsers(letters=32)
    reader.shape(*size)

    def whole():
        # What slides in is on its way.
        moving = "return document.getAnimations().some((one) => one.playState === 'running' && one.effect.getComputedTiming().endTime !== Infinity)"
        until(lambda: not reader.script(moving), 30, "nothing slides")
        wide, seen = reader.script("return [document.documentElement.scrollWidth, innerWidth]")
        assert wide <= seen, f"{wide} px in a window of {seen}"
        cut = reader.script("""return [...document.querySelectorAll('button, h1, h2, h3, p, label, a')].filter((one) => {
            const style = getComputedStyle(one);
            return one.checkVisibility() && !one.closest('.unseen') && style.overflowX !== 'visible' && style.textOverflow !== 'ellipsis'
              && (one.scrollWidth > one.clientWidth + 2 || one.scrollHeight > one.clientHeight + 2);
        }).map((one) => one.textContent)""")
        assert cut == [], "cut off"
        # What lies off the side is hidden by the page's edge, and no scroll bar tells.
        off = reader.script("""return [...document.querySelectorAll('button, input, h1, h2, h3, p, label, a')].filter((one) => {
            const { left, right, width } = one.getBoundingClientRect();
            return width > 0 && one.checkVisibility() && !one.closest('.unseen, .skip-link') && (left < -1 || right > innerWidth + 1);
        }).map((one) => one.outerHTML.slice(0, 200))""")
        assert off == [], "off the side"

    reader.open(stereo.url).see("start-room")
    whole()
    reader.open(lively.link).see("listen")
    whole()
    reader.enter(lively.link, "Ngọc")
    reader.see("now-title")
    whole()
    reader.picture(f"large-letters-{size[0]}")
    for part in ("queue", "chat", "people"):
        reader.click(f"open-{part}")
        reader.see("sheet-close")
        whole()
        reader.click("sheet-close")
        until(lambda: not reader.all("sheet-close"), 10, "the sheet is gone")
