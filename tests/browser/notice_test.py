"""The policy where people meet it: its page, with scripts and without, and the notice of a change."""
from account_test import sign_in, signed_in
from conftest import until

# What a newer server would serve: one more version, that matters.
NEWER = """
const ask = window.fetch;
window.fetch = async (path, ...more) => {
  const answer = await ask(path, ...more);
  if (path !== '/api/policy') return answer;
  const told = await answer.json(), version = told.version + 1;
  const text = { en: 'Something that matters to you.', vi: 'Một điều quan trọng với bạn.' };
  return Response.json({ ...told, version, changes: [{ version, date: '2027-01-01', significant: true, text }, ...told.changes] });
};
"""


def renew(browser):
    """From now on this browser is served the newer policy."""
    browser.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": NEWER})


def told(browser, url):
    """Whether the page shows the notice, once it knows the policy."""
    browser.open(url)
    browser.see("source")
    return bool(browser.all("policy-notice"))


def test_a_significant_change_is_shown_until_it_is_dismissed_and_never_again(stereo, browsers):
    guest = browsers(size="phone", dark=False)
    assert not told(guest, stereo.url), "who comes for the first time has nothing to be told"
    renew(guest)
    assert told(guest, stereo.url)
    assert "Something that matters" in guest.text("policy-notice")
    guest.picture("policy-notice-phone-light")
    assert told(guest, f"{stereo.url}/settings"), "it is over every page"
    guest.see("policy-notice").find_element("css selector", "a").click()
    until(lambda: "Something that matters" in guest.text("policy"), 20, "the page says what changed")
    assert guest.see("policy-notice")
    guest.picture("policy-phone-light")
    guest.click("policy-dismiss")
    until(lambda: not guest.all("policy-notice"), 10, "it is gone")
    assert not told(guest, stereo.url)
    assert not told(guest, f"{stereo.url}/privacy")


def test_an_account_from_before_is_told_in_a_new_browser_and_a_new_account_is_not(stereo, browsers):
    signed_in(browsers(), stereo).click("sign-out")
    desk = browsers()
    renew(desk)
    assert not told(desk, stereo.url), "a guest who never was here has nothing to be told"
    sign_in(desk, stereo)
    desk.see("account")
    assert desk.see("policy-notice")
    desk.picture("policy-notice-desktop-dark")
    desk.click("policy-dismiss")
    assert not told(desk, stereo.url)
    other = browsers()
    renew(other)
    assert not told(other, stereo.url)
    signed_in(other, stereo, "eve@example.org")
    assert not told(other, stereo.url), "whoever begins under it has it before them"


def test_every_page_without_scripts_leads_to_the_policy_and_the_source(stereo, browsers):
    reader = browsers(scripts=False)
    for page in ("/", "/rooms/0000000000000000", "/settings", "/sign-in", "/support"):
        reader.open(f"{stereo.url}{page}")
        links = [one.get_attribute("href") for one in reader.driver.find_elements("css selector", "noscript a, .noscript a")]
        assert links == [f"{stereo.url}/privacy", f"{stereo.url}/source"], page
    reader.open(f"{stereo.url}/privacy")
    text = reader.driver.find_element("css selector", "main.policy").text
    assert len(text) > 2000 and "The first version." in text
    reader.picture("policy-without-scripts")


def test_every_page_names_the_source_in_the_room_too(stereo, browsers):
    person = browsers()
    link = person.start_room(stereo.url)
    for shape in ((1280, 720), (390, 844), (320, 640)):
        person.shape(*shape)
        assert person.attribute("source", "href") == f"{stereo.url}/source.tar.gz"
        person.picture(f"room-foot-{shape[0]}")
    visitor = browsers()
    for page in (stereo.url, link, f"{stereo.url}/rooms/0000000000000000", f"{stereo.url}/settings", f"{stereo.url}/support", f"{stereo.url}/privacy", f"{stereo.url}/sign-in"):
        visitor.open(page).see("source")
