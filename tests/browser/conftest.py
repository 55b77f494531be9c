"""The real server, a jittery network in front of it, and real browsers."""
import os
import pathlib
import subprocess
import sys
import time

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

import ears as hearing
import proxy

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from mailbox_server import Mailbox  # noqa: E402

ARTEFACTS = pathlib.Path(os.environ.get("STEREO_ARTEFACTS", "artefacts"))
BINARY = os.environ.get("STEREO_BINARY", "target/release/stereo")
SIZES = {"desktop": (1280, 720), "phone": (390, 844), "small": (320, 640), "large": (1920, 1080)}


class Stereo:
    """A server process on free ports."""

    def __init__(self, directory, **settings):
        self.directory = directory
        command = [BINARY, "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0", "--data", str(directory)]
        self.mailbox = Mailbox()
        environment = {**os.environ, **self.mailbox.settings(), "STEREO_ROOMS__PER_ADDRESS_PER_HOUR": "0", "STEREO_ROOMS__HEALTH_MS": "3000", **settings}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
        self.url = self.process.stdout.readline().strip()
        assert self.url.startswith("http://127.0.0.1:"), self.url
        self.port = int(self.url.rsplit(":", 1)[1])

    def support(self, *arguments, text=""):
        """What the operator does on the command line: whether it went well, and what it said."""
        command = [BINARY, "support", "--data", str(self.directory), *arguments]
        told = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60)
        return told.returncode == 0, told.stdout + told.stderr

    def stop(self):
        self.process.terminate()
        assert self.process.wait(30) == 0


class Browser:
    """A browser of its own, with its own profile and, if wished, its own ears."""

    log = {"browser": "ALL"}

    def __init__(self, size="desktop", dark=True, language="en", environment=None, autoplay=True, letters=16, scripts=True):
        width, height = SIZES[size]
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                     "--disable-background-networking", "--disable-component-update", "--disable-sync",
                     "--disable-dev-shm-usage", "--disable-background-timer-throttling",
                     "--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows",
                     f"--window-size={width},{height}", "--hide-scrollbars"]
        if autoplay:
            arguments.append("--autoplay-policy=no-user-gesture-required")
        for argument in arguments:
            options.add_argument(argument)
        prefs = {"intl.accept_languages": language, "webkit.webprefs.default_font_size": letters}
        if not scripts:
            prefs["profile.managed_default_content_settings.javascript"] = 2
        options.add_experimental_option("prefs", prefs)
        options.set_capability("goog:loggingPrefs", self.log)
        service = Service("/usr/bin/chromedriver", env={**os.environ, **(environment or {})})
        self.driver = webdriver.Chrome(options=options, service=service)
        self.shape(width, height)
        self.ask_for(prefers_color_scheme="dark" if dark else "light")

    def shape(self, width, height):
        """The window takes this size, in CSS pixels."""
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 700})

    def ask_for(self, **features):
        """What the person's system asks for: media features, and no others."""
        wished = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": wished})

    def prefer(self, **features):
        """Asks for it while a page is shown, and returns when the page is drawn by it. Needs scripts."""
        self.ask_for(**features)
        # The page hears of it in its next frame, and is drawn anew by the one after that.
        self.driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(arguments[0])))")

    def open(self, url):
        self.driver.get(url)
        return self

    def all(self, test):
        return self.driver.find_elements(By.CSS_SELECTOR, f'[data-test="{test}"]')

    def see(self, test, seconds=30):
        """The element, once it is shown."""
        return until(lambda: next((one for one in self.all(test) if one.is_displayed()), None), seconds, f"{test} is shown")

    def text(self, test):
        """What it says. What is drawn anew between seeing and reading is read again."""
        return until(lambda: [self.see(test).text], 30, f"{test} can be read")[0]

    def attribute(self, test, name):
        return until(lambda: [self.see(test).get_attribute(name)], 30, f"{test} can be read")[0]

    def click(self, test):
        # A picture that is drawn anew between seeing and clicking is clicked again.
        def attempt():
            self.see(test).click()
            return True
        return until(attempt, 30, f"{test} can be clicked")

    def script(self, text, *arguments):
        return self.driver.execute_script(text, *arguments)

    def picture(self, name):
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        self.driver.save_screenshot(str(ARTEFACTS / f"{name}.png"))

    def complaints(self):
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]

    def enter(self, link, name):
        self.open(link)
        field = self.see("name")
        field.send_keys(name)
        self.click("listen")
        self.see("people-count")
        return self

    def start_room(self, url):
        """Opens a room from the first page: its link."""
        self.open(url)
        self.click("start-room")
        link = self.attribute("share-link", "value")
        self.click("sheet-close")
        return link

    def add_tracks(self, count):
        self.click("add-open")
        until(lambda: len(self.all("add")) >= count, 30, "the library is shown")
        for place in range(count):
            before = self.queue_length()
            self.all("add")[place].click()
            until(lambda: self.queue_length() != before or self.all("now-title"), 30, "the track is queued")
        self.click("sheet-close")

    def queue_length(self):
        return len(self.all("queue-item"))

    def titles(self):
        return [one.find_element(By.CSS_SELECTOR, ".row-title").text for one in self.all("queue-item")]

    def close(self):
        self.driver.quit()


def until(wanted, seconds, what):
    """Polls until `wanted` gives something true; errors on the way count as not yet."""
    end = time.monotonic() + seconds
    while True:
        try:
            found = wanted()
            if found:
                return found
            last = "it did not"
        except Exception as error:  # noqa: BLE001 - the page is changing under us
            last = str(error).splitlines()[0] if str(error) else repr(error)
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s until {what}: {last}")
        time.sleep(0.1)


@pytest.fixture
def stereo(tmp_path):
    server = Stereo(tmp_path)
    yield server
    server.stop()


@pytest.fixture
def browsers():
    """Makes browsers, and closes them."""
    opened = []

    def make(**options):
        browser = Browser(**options)
        opened.append(browser)
        return browser

    yield make
    for browser in opened:
        browser.close()


@pytest.fixture
def jitter(stereo):
    network = proxy.Jitter(stereo.port)
    yield network
    network.stop()


@pytest.fixture(scope="session")
def ears():
    pair = hearing.Ears()
    yield pair
    pair.stop()
