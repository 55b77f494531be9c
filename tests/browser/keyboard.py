"""A person with nothing but keys."""
from selenium.webdriver import ActionChains
from selenium.webdriver.common.keys import Keys


class Keyboard:
    """A person with nothing but keys."""

    def __init__(self, browser):
        self.browser = browser

    def press(self, *keys):
        ActionChains(self.browser.driver).send_keys(*keys).perform()

    def write_anew(self, text):
        """Puts this in place of what the field holds."""
        ActionChains(self.browser.driver).key_down(Keys.CONTROL).send_keys("a").key_up(Keys.CONTROL).send_keys(text).perform()

    def at(self):
        return self.browser.script("return document.activeElement?.dataset.test ?? null")

    def to(self, test, key=Keys.TAB):
        """Goes on to the next control of this name, and sees on the way where it is."""
        for _ in range(120):
            self.press(key)
            at, shown = self.browser.script("""
                const at = document.activeElement, style = getComputedStyle(at);
                const own = style.outlineStyle !== 'none' || at.matches('body, main, dialog, .groove');
                const about = at.closest('label, .search');
                return [at.dataset.test ?? null, own || (about && getComputedStyle(about).outlineStyle !== 'none')]""")
            assert shown, f"nothing shows that the focus is at {at}"
            if at == test:
                return
        raise AssertionError(f"{test} is not reached with {key!r}")
