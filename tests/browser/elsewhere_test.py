"""Tracks on other people's servers: each listener is asked first, and nobody else can be reached."""
import http.server
import math
import re
import threading
import urllib.parse

import pytest
from selenium.webdriver.common.keys import Keys

import access
from access_test import everywhere
from conftest import Stereo, until
from keyboard import Keyboard
from third_parties_test import Visit, watched  # noqa: F401 - a fixture

SECONDS, RATE = 120, 8_000
DESK, HAND, SMALL = (1280, 720), (390, 844), (320, 640)

# What plays is in a frame and in no page's tree: the frame itself shows it.
SHOW = """if (window !== top) {
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () { top.fromElsewhere = this; return play.call(this); };
}"""
POSITION = "return window.fromElsewhere && !window.fromElsewhere.paused ? window.fromElsewhere.currentTime : null"
POLICY = "return fetch(location.pathname, { cache: 'no-store' }).then((answer) => answer.headers.get('content-security-policy'))"
# Frames ask for another server's than they were to, which the operator does not allow.
ASTRAY = """Object.defineProperty(HTMLIFrameElement.prototype, 'src', {
  set() { this.setAttribute('src', '/elsewhere?origin=https%3A%2F%2Fnobody.example'); } })"""
IN_SIGHT = """const place = (one) => document.querySelector(one).getBoundingClientRect();
  return place('[data-test=play]').bottom <= place('.dock').top"""
# In the document of the frame, or in the page: what the policy says to a sound at this address.
REFUSED = """const [url, inFrame, done] = arguments;
  const page = inFrame ? document.querySelector('iframe').contentDocument : document;
  page.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => done([effectiveDirective, blockedURI]), { once: true });
  const audio = page.createElement('audio');
  audio.onloadeddata = () => done('it was loaded');
  audio.src = url;"""


def sound():
    """A WAV file of a tone, 8 bits deep."""
    samples = bytes(round(128 + 40 * math.sin(2 * math.pi * 220 * at / RATE)) for at in range(RATE))
    size = SECONDS * RATE
    little = lambda number, wide: number.to_bytes(wide, "little")  # noqa: E731
    form = little(16, 4) + little(1, 2) + little(1, 2) + little(RATE, 4) + little(RATE, 4) + little(1, 2) + little(8, 2)
    return b"RIFF" + little(36 + size, 4) + b"WAVEfmt " + form + b"data" + little(size, 4) + samples * SECONDS


SOUND = sound()


class Elsewhere:
    """Somebody else's server: it serves one sound, sends on who asks for `/moved`, and notes every request."""

    def __init__(self):
        self.asked, self.on = [], "/"
        noted = self

        class Asked(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                noted.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                if self.path.startswith("/moved"):
                    self.send_response(302)
                    self.send_header("location", noted.on)
                    self.end_headers()
                    return
                first, last = self.wanted()
                self.send_response(206 if "range" in self.headers else 200)
                self.send_header("content-type", "audio/wav")
                self.send_header("accept-ranges", "bytes")
                self.send_header("content-length", str(last - first + 1))
                if "range" in self.headers:
                    self.send_header("content-range", f"bytes {first}-{last}/{len(SOUND)}")
                self.end_headers()
                if self.command == "GET":
                    self.give(SOUND[first:last + 1])

            do_HEAD = do_GET

            def wanted(self):
                asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("range", ""))
                if not asked:
                    return 0, len(SOUND) - 1
                return int(asked[1]), min(int(asked[2] or len(SOUND)), len(SOUND) - 1)

            def give(self, body):
                try:
                    self.wfile.write(body)
                except OSError:
                    pass  # A browser leaves when it has enough.

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Asked)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.host = f"127.0.0.1:{self.server.server_port}"
        self.origin = f"http://{self.host}"
        self.link = f"{self.origin}/tone.wav"

    def browsers(self):
        """What browsers asked. The room's own server asks once, when the track is added, for its length."""
        return [(path, headers) for path, headers in self.asked if not headers.get("user-agent", "").startswith("Stereo/")]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def elsewhere():
    server = Elsewhere()
    yield server
    server.stop()


@pytest.fixture
def third():
    server = Elsewhere()
    yield server
    server.stop()


@pytest.fixture
def allowing(tmp_path, elsewhere):
    """A server whose operator allows tracks from there."""
    server = Stereo(tmp_path, STEREO_MEDIA__DIRECT="true", STEREO_MEDIA__DIRECT_ORIGINS=elsewhere.origin)
    yield server
    server.stop()


def opened(browser, url):
    """In a room, where what plays in a frame can be seen. Its link."""
    browser.driver.execute_cdp_cmd("Page.enable", {})
    browser.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": SHOW})
    browser.driver.set_script_timeout(30)
    return browser.start_room(url)


def add(browser, link):
    browser.click("add-open")
    browser.see("add-elsewhere")
    browser.see("add-search").send_keys(link)
    browser.click("add-link")
    until(lambda: browser.all("now-title"), 30, "it is in the room")
    browser.click("sheet-close")
    until(lambda: not browser.all("sheet-close"), 10, "the sheet is gone")


def moves(browser):
    """Waits until what comes from elsewhere is heard to move."""
    first = until(lambda: browser.script(POSITION), 30, "it plays")
    until(lambda: (browser.script(POSITION) or 0) > first + 0.5, 30, "it goes on")


def frames(browser):
    return browser.script("return [...document.querySelectorAll('iframe')].map((one) => one.getAttribute('src'))")


def goes_on(browser):
    """The room's time passes."""
    before = browser.text("elapsed")
    until(lambda: browser.text("elapsed") > before, 30, "the room goes on")


def test_each_listener_is_asked_before_their_browser_asks_anything_of_a_server_elsewhere(allowing, elsewhere, watched):  # noqa: F811
    ada, bo = watched(), watched()
    link = opened(ada, allowing.url)
    policy = ada.script(POLICY)
    # A cookie of that host, which is this host to a browser: it has no business there.
    ada.script("document.cookie = 'planted=1; path=/'")
    add(ada, elsewhere.link)
    assert elsewhere.host in ada.text("ask-elsewhere")
    bo.enter(link, "Bo")
    bo.see("ask-elsewhere")
    goes_on(ada)
    goes_on(bo)
    assert elsewhere.browsers() == [], "nobody was asked"
    seen = {browser: Visit(browser) for browser in (ada, bo)}
    assert all(visit.listen().others(allowing.url) == [] for visit in seen.values()), "and nobody tried to"
    assert not ada.all("drift-you") and frames(ada) == []
    assert not ada.driver.find_elements("css selector", ".is-turning"), "nothing looks as if it played"

    ada.click("allow-elsewhere")
    moves(ada)
    ada.see("drift-you")
    assert frames(ada) == [f"/elsewhere?origin={urllib.parse.quote(elsewhere.origin, safe='')}"]
    assert ada.script(POLICY) == policy, "the page may do no more than before"
    asked = elsewhere.browsers()
    assert asked and all(path == "/tone.wav" and "referer" not in headers for path, headers in asked)
    assert all("planted" not in headers.get("cookie", "") for _, headers in asked), "no cookie went along"
    assert set(seen[ada].listen().others(allowing.url)) == {elsewhere.link}

    # Who does not want it has it as something that is not there, and ends it for nobody.
    bo.click("not-now-elsewhere")
    bo.see("ask-again-elsewhere")
    goes_on(bo)
    assert seen[bo].listen().others(allowing.url) == []
    assert ada.script(POSITION) is not None and ada.text("now-title") == bo.text("now-title")
    bo.click("ask-again-elsewhere")
    bo.see("allow-elsewhere")
    assert ada.complaints() == [] and bo.complaints() == []


def test_from_the_frame_nobody_can_be_reached_but_who_was_allowed(allowing, elsewhere, third, watched):  # noqa: F811
    ada = watched()
    opened(ada, allowing.url)
    add(ada, elsewhere.link)
    ada.click("allow-elsewhere")
    moves(ada)
    refused = lambda *what: ada.driver.execute_async_script(REFUSED, *what)  # noqa: E731
    directive, blocked = refused(third.link, True)
    assert directive == "media-src" and blocked.startswith(third.origin)
    # Nor by who was allowed.
    elsewhere.on = third.link
    directive, _ = refused(f"{elsewhere.origin}/moved", True)
    assert directive == "media-src"
    assert third.asked == []
    directive, blocked = refused(f"{elsewhere.origin}/other.wav", False)
    assert directive == "media-src" and blocked.startswith(elsewhere.origin), "the page itself reaches nobody"
    assert not ada.script("""const frame = document.querySelector('iframe');
        return frame.contentWindow.fetch(arguments[0], { mode: 'no-cors' }).then(() => true, () => false)""", elsewhere.link), "it is for sound alone"


@pytest.mark.parametrize("language", ["en", "vi"])
def test_it_is_allowed_and_taken_back_with_keys_alone(allowing, elsewhere, watched, language):  # noqa: F811
    ada = watched(language=language)
    keys = Keyboard(ada)
    spoken = lambda: ada.script("return [...document.querySelectorAll('.announcer, #announcer')].map((one) => one.textContent).join(' ')")  # noqa: E731
    opened(ada, allowing.url)
    add(ada, elsewhere.link)
    until(lambda: elsewhere.host in spoken(), 10, "it is said")
    keys.to("not-now-elsewhere")
    keys.press(Keys.ENTER)
    until(lambda: keys.at() == "ask-again-elsewhere", 10, "the keyboard is where it can be asked for again")
    keys.press(Keys.ENTER)
    until(lambda: keys.at() == "allow-elsewhere", 10, "and there again")
    keys.press(Keys.ENTER)
    moves(ada)
    until(lambda: keys.at() == "now-title", 10, "the keyboard is not lost")

    keys.to("settings", Keys.SHIFT + Keys.TAB)
    keys.press(Keys.ENTER)
    assert elsewhere.host in ada.text("allowed-host")
    ada.script("document.querySelector('[data-test=allowed-host]').scrollIntoView({ block: 'center' })")
    ada.picture(f"elsewhere-allowed-{language}")
    keys.to("withdraw-host")
    keys.press(Keys.ENTER)
    until(lambda: frames(ada) == [], 10, "the way is gone")
    assert ada.script(POSITION) is None, "it is silent"
    until(lambda: keys.at() == "sheet-close", 10, "the keyboard is not lost")
    assert not ada.all("allowed-host")
    asked = len(elsewhere.asked)
    keys.press(Keys.ENTER)
    ada.see("ask-again-elsewhere")
    goes_on(ada)
    assert len(elsewhere.asked) == asked
    assert ada.script("return JSON.parse(localStorage.getItem('stereo.preferences')).elsewhere") == []
    assert ada.complaints() == []


def test_taken_back_on_the_settings_page_it_ends_in_every_tab(allowing, elsewhere, watched):  # noqa: F811
    ada = watched()
    opened(ada, allowing.url)
    add(ada, elsewhere.link)
    ada.click("allow-elsewhere")
    moves(ada)
    room = ada.driver.current_window_handle
    ada.driver.switch_to.new_window("tab")
    ada.open(f"{allowing.url}/settings")
    assert elsewhere.host in ada.text("allowed-host")
    ada.script("document.querySelector('[data-test=allowed-host]').scrollIntoView({ block: 'center' })")
    ada.picture("elsewhere-settings-page")
    assert access.broken_rules(ada) == []
    ada.click("withdraw-host")
    until(lambda: not ada.all("allowed-host"), 10, "it is taken back")
    ada.driver.switch_to.window(room)
    until(lambda: frames(ada) == [] and ada.script(POSITION) is None, 10, "it is silent")
    ada.see("ask-elsewhere")


def test_where_the_frame_does_not_load_nothing_plays(allowing, elsewhere, watched):  # noqa: F811
    ada, bo = watched(), watched()
    link = opened(ada, allowing.url)
    bo.enter(link, "Bo")
    add(ada, elsewhere.link)
    ada.script(ASTRAY)
    ada.click("allow-elsewhere")
    until(lambda: "cannot be played" in ada.driver.find_element("css selector", ".drift").text, 30, "it is said")
    assert elsewhere.browsers() == []


def test_a_question_is_readable_in_every_light_and_width(allowing, elsewhere, browsers):
    ada, judge = browsers(), browsers().open("about:blank")
    opened(ada, allowing.url)
    add(ada, elsewhere.link)
    add(ada, elsewhere.link)
    until(lambda: ada.queue_length() == 1, 30, "another waits")
    assert elsewhere.host in ada.all("queue-item")[0].text, "the queue says where it is from"

    def check():
        wide, seen = ada.script("return [document.documentElement.scrollWidth, innerWidth]")
        assert wide <= seen, f"{wide} px in a window of {seen}"
        return access.faint_words(ada, judge) + access.broken_rules(ada)

    for part in ("ask-elsewhere", "ask-again-elsewhere"):
        ada.see(part)
        everywhere(ada, check, (DESK, HAND, SMALL))
        for scheme in ("dark", "light"):
            ada.prefer(prefers_color_scheme=scheme, prefers_reduced_motion="reduce")
            for shape, size in (("desktop", DESK), ("phone", HAND), ("small", SMALL)):
                ada.shape(*size)
                until(lambda: ada.script("return innerWidth") == size[0], 10, "the window has its size")
                ada.picture(f"{part}-{shape}-{scheme}")
        assert ada.script(IN_SIGHT), "what is pressed most is in sight on the smallest screen"
        if part == "ask-elsewhere":
            ada.click("not-now-elsewhere")
    ada.click("ask-again-elsewhere")
    ada.click("allow-elsewhere")
    ada.see("drift-you")
    ada.shape(*DESK)
    ada.click("settings")
    ada.see("allowed-host")
    everywhere(ada, check, (DESK, HAND, SMALL))


def test_where_the_operator_allows_nothing_of_it_nobody_is_invited_to(stereo, browsers):
    ada = browsers()
    ada.start_room(stereo.url)
    ada.click("add-open")
    ada.see("add")
    assert not ada.all("add-elsewhere")


def is_refused(browser, link, words):
    """A link is not added, and that is said with these words."""
    browser.click("add-open")
    browser.see("add-search").send_keys(link)
    browser.click("add-link")
    said = "return [...document.querySelectorAll('.toast')].map((one) => one.textContent).join()"
    until(lambda: words in browser.script(said), 30, "it is said")
    assert not browser.all("now-title")


def test_a_link_to_whom_the_operator_did_not_name_is_told_and_asks_nobody(allowing, third, browsers):
    ada = browsers()
    ada.start_room(allowing.url)
    is_refused(ada, third.link, "No sound file can be reached")
    assert third.asked == []


def test_where_links_are_not_taken_that_is_said(stereo, elsewhere, browsers):
    ada = browsers()
    ada.start_room(stereo.url)
    is_refused(ada, elsewhere.link, "its own library only")
    assert elsewhere.asked == []
