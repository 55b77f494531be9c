"""More people for a room: they join through the SDK, out of one page, and make no sound."""

NAMES = ("Linh", "Théo", "Ada", "Kofi")

JOIN = """
const [link, names, done] = arguments;
(async () => {
  const { connect } = await import('/protocol/stereo.js');
  window.company = [];
  for (const name of names) {
    const kept = new Map();
    const storage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key) };
    const room = connect({ url: link, name, storage });
    await new Promise((come) => {
      const look = () => room.state.status === 'joined' && come();
      room.subscribe(look);
      look();
    });
    window.company.push(room);
  }
  // As a player would: so that there is a measured drift to show.
  setInterval(() => window.company.forEach((room, nth) => {
    const item = room.state.current?.id;
    if (item) room.report({ item, status: 'ready', reason: null, drift_ms: [2.1, -3.4, 4.2, -1.2][nth % 4], rtt_ms: 12 });
  }), 1000);
  done(null);
})().catch((fault) => done(String(fault)));
"""

ACT = """
const [acts, done] = arguments;
(async () => {
  const { tracks } = await (await fetch('/api/tracks?query=')).json();
  for (const [who, what] of acts) {
    const room = window.company[who];
    if (typeof what === 'number') await room.add([tracks[what % tracks.length].id]);
    else if (what.startsWith('react ')) await room.react(room.state.current.id, what.slice(6));
    else await room.say(what);
  }
  done(null);
})().catch((fault) => done(String(fault)));
"""


def join(browser, url, link, names=NAMES):
    """`names` come into the room at `link`."""
    browser.open(url)
    browser.driver.set_script_timeout(60)
    fault = browser.driver.execute_async_script(JOIN, link, list(names))
    assert fault is None, fault


def act(browser, *acts):
    """Each act is who (a number), and what: a track (a number), a message, or `react ❤️`."""
    fault = browser.driver.execute_async_script(ACT, [list(one) for one in acts])
    assert fault is None, fault
