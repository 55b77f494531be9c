"""Signing in, settings, rooms that stay, and leaving, as people see them."""
import pathlib

from selenium.webdriver.common.by import By
from selenium.webdriver.common.virtual_authenticator import VirtualAuthenticatorOptions

import access
from conftest import until

PICTURE = pathlib.Path(__file__).parent.parent / "server" / "picture.png"


def sign_in(browser, stereo, address="ada@example.org"):
    """By mail, in the browser that asked."""
    browser.open(f"{stereo.url}/sign-in")
    browser.see("email").send_keys(address)
    browser.click("send-link")
    browser.see("sign-in-asked")
    browser.open(stereo.mailbox.link())
    browser.click("confirm-link")


def signed_in(browser, stereo, address="ada@example.org"):
    sign_in(browser, stereo, address)
    browser.see("handle")
    return browser


def test_a_link_signs_in_after_a_click_and_not_before(stereo, browsers):
    ada = browsers()
    ada.open(stereo.url)
    ada.click("sign-in")
    ada.see("email")
    ada.picture("sign-in-desktop-dark")
    ada.see("email").send_keys("nonsense")
    ada.click("send-link")
    assert "address" in ada.text("fault")
    field = ada.see("email")
    field.clear()
    field.send_keys("ada@example.org")
    ada.click("send-link")
    ada.see("sign-in-asked")
    ada.picture("sign-in-asked-desktop-dark")
    link = stereo.mailbox.link()
    ada.open(link)
    ada.see("confirm-link")
    ada.picture("sign-in-link-desktop-dark")
    assert "token" not in ada.driver.current_url, "the secret is not left in the address bar"
    ada.open(stereo.url)
    ada.see("sign-in")
    ada.open(link)
    ada.click("confirm-link")
    handle = ada.attribute("handle", "value")
    assert ada.driver.current_url.endswith("/settings")
    ada.picture("settings-fresh-desktop-dark")
    ada.open(stereo.url)
    assert ada.text("account").endswith(handle)
    # The link is over now, and says so.
    late = browsers(size="phone", dark=False)
    late.open(link)
    late.click("confirm-link")
    late.see("link-over")
    late.picture("link-over-phone-light")


def test_a_link_opened_on_a_phone_shows_a_code_for_the_desk(stereo, browsers):
    desk, phone = browsers(), browsers(size="phone", dark=False)
    desk.open(f"{stereo.url}/sign-in")
    desk.see("email").send_keys("ada@example.org")
    desk.click("send-link")
    desk.see("sign-in-asked")
    phone.open(stereo.mailbox.link())
    phone.click("confirm-link")
    code = phone.text("shown-code")
    phone.picture("sign-in-code-phone-light")
    desk.see("code").send_keys("000000" if code.replace(" ", "") != "000000" else "111111")
    desk.click("confirm-code")
    assert "4" in desk.text("fault")
    field = desk.see("code")
    field.clear()
    field.send_keys(code)
    desk.click("confirm-code")
    desk.see("handle")
    phone.open(stereo.url)
    phone.see("sign-in")


def test_settings_change_what_is_kept(stereo, browsers):
    eve = signed_in(browsers(), stereo, "eve@example.org")
    taken = eve.attribute("handle", "value")
    ada = signed_in(browsers(size="phone", dark=False), stereo)
    field = ada.see("handle")
    for handle, word in [("a", "3 to 15"), (taken, "looks like")]:
        ada.script("arguments[0].value = ''", field)
        field.send_keys(handle)
        ada.click("handle-save")
        until(lambda: word in ada.text("handle-fault"), 10, "it says what is wrong")
    ada.script("arguments[0].value = ''", field)
    field.send_keys("ada_l")
    ada.click("handle-save")
    until(lambda: not ada.all("handle-fault"), 10, "it is taken")
    ada.driver.find_element(By.CSS_SELECTOR, "[data-test=picture]").send_keys(str(PICTURE))
    until(lambda: ada.driver.find_elements(By.CSS_SELECTOR, "img.picture"), 10, "the picture is shown")
    ada.picture("settings-phone-light")
    ada.script("document.querySelector('[data-test=mails-rooms]').click()")
    ada.open(f"{stereo.url}/settings")
    until(lambda: ada.attribute("handle", "value") == "ada_l", 10, "it was kept")
    assert ada.script("return document.querySelector('[data-test=mails-rooms]').checked")
    wide = ada.script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, "nothing scrolls sideways"
    for session in (ada, eve):
        assert [one for one in session.complaints() if "409" not in one and "400" not in one] == []


def test_leaving_erases_everything_and_gives_a_receipt(stereo, browsers):
    ada = signed_in(browsers(), stereo)
    handle = ada.attribute("handle", "value")
    ada.click("erase")
    ada.see("erase-handle").send_keys(handle)
    ada.picture("erase-desktop-dark")
    ada.click("erase-yes")
    told = ada.text("receipt")
    ada.picture("receipt-desktop-dark")
    assert "none" in told and "stereo.db" in told
    ada.click("receipt-home")
    ada.see("sign-in")
    assert ada.driver.get_cookies() == []


def test_pages_of_an_account_break_no_accessibility_rule_and_scroll_nowhere_sideways(stereo, browsers):
    ada = browsers()

    def check(page):
        for scheme in ("dark", "light"):
            ada.prefer(prefers_color_scheme=scheme, prefers_reduced_motion="reduce")
            for width, height in ((1280, 720), (390, 844), (320, 640)):
                ada.shape(width, height)
                until(lambda: ada.script("return innerWidth") == width, 10, "the window has its size")
                wide = ada.script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
                assert wide <= 0, f"{page} is {wide} px too wide at {width} px"
                assert access.broken_rules(ada) == [], f"{page}, {scheme}, {width} px wide"

    ada.open(f"{stereo.url}/sign-in").see("email")
    check("asking for a link")
    ada.see("email").send_keys("ada@example.org")
    ada.click("send-link")
    ada.see("sign-in-asked")
    check("typing the code")
    ada.open(stereo.mailbox.link()).see("confirm-link")
    check("the link")
    ada.click("confirm-link")
    ada.see("handle")
    ada.see("session")
    check("settings")
    ada.open(f"{stereo.url}/sign-in/email").see("link-over")
    check("a link without its token")


def test_sessions_are_named_ended_and_made_for_programs(stereo, browsers):
    desk, phone = signed_in(browsers(), stereo), browsers(size="phone")
    sign_in(phone, stereo)
    phone.see("account")
    desk.open(f"{stereo.url}/settings")
    until(lambda: len(desk.all("session")) == 2, 10, "both are listed")
    desk.click("make-token")
    token = desk.text("token")
    until(lambda: len(desk.all("session")) == 3, 10, "the program is listed")
    known = "return fetch('/api/me', { credentials: 'omit', headers: { authorization: `Bearer ${arguments[0]}` } }).then((answer) => answer.status)"
    assert desk.script(known, token) == 200
    desk.open(f"{stereo.url}/settings")
    desk.see("session")
    assert token not in desk.driver.page_source, "it is shown once"
    desk.click("sessions-end")
    desk.click("sessions-end-yes")
    until(lambda: len(desk.all("session")) == 1, 10, "this one is left")
    assert desk.script(known, token) == 401
    phone.open(f"{stereo.url}/settings")
    phone.see("sign-in")
    desk.click("sign-out")
    desk.see("sign-in")
    assert desk.driver.get_cookies() == []


def test_a_passkey_added_in_settings_signs_in_from_the_page(stereo, browsers):
    stereo.url = stereo.url.replace("127.0.0.1", "localhost")  # a passkey is bound to a name
    ada = browsers()
    options = VirtualAuthenticatorOptions()
    options.protocol = VirtualAuthenticatorOptions.Protocol.CTAP2
    options.transport = VirtualAuthenticatorOptions.Transport.INTERNAL
    options.has_resident_key = options.has_user_verification = options.is_user_verified = True
    ada.open(f"{stereo.url}/sign-in").driver.add_virtual_authenticator(options)
    ada.see("email").send_keys("ada@example.org")
    ada.click("send-link")
    ada.see("sign-in-asked")
    ada.open(stereo.mailbox.link().replace("127.0.0.1", "localhost"))
    ada.click("confirm-link")
    handle = ada.attribute("handle", "value")
    assert ada.all("way-remove") == [], "the last way cannot go"
    ada.click("way-passkey")
    ada.see("way-passkey-label").send_keys("This laptop")
    ada.click("way-passkey-add")
    until(lambda: len(ada.all("way-remove")) == 2, 20, "the passkey is listed, and either may go")
    ada.click("sign-out")
    ada.click("sign-in")
    ada.click("sign-in-passkey")
    until(lambda: ada.text("account").endswith(handle), 20, "the same account is signed in")
