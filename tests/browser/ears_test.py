"""The ears themselves: a lag that is known is found, on paper and through two real browsers."""
import http.server
import threading
import time

import numpy
import pytest

import ears as hearing
from conftest import until

KNOWN_MS = 37.0

# Plays one noise for two minutes, the same in every browser, from `at` (milliseconds since 1970, as
# this page's own clock counts them), each channel through a delay that can be changed.
PAGE = b"""<!doctype html><title>noise</title><script>
const wall = () => performance.timeOrigin + performance.now();
async function begin(at, delay) {
  const context = new AudioContext({ latencyHint: 'playback', sampleRate: 44100 });
  await context.resume();
  const buffer = context.createBuffer(1, 44100 * 120, 44100), data = buffer.getChannelData(0);
  for (let i = 0, x = 12345; i < data.length; i++) { x = (Math.imul(x, 1103515245) + 12345) >>> 0; data[i] = (x / 4294967296 - 0.5) * 0.5; }
  const readings = [];
  while (readings.length < 41 || wall() < at - 1500) {
    const { contextTime, performanceTime } = context.getOutputTimestamp();
    if (contextTime > 0) readings.push(contextTime * 1000 - performanceTime);
    await new Promise((later) => setTimeout(later, 20));
  }
  readings.sort((a, b) => a - b);
  const source = context.createBufferSource(), late = context.createDelay(1);
  source.buffer = buffer;
  late.delayTime.value = delay / 1000;
  source.connect(late).connect(context.destination);
  source.start((readings[readings.length >> 1] + at - performance.timeOrigin) / 1000);
  window.delay = (ms) => { late.delayTime.value = ms / 1000; };
  window.begun = true;
}
</script>"""


def test_a_known_lag_is_found():
    random = numpy.random.default_rng(1)
    music = numpy.cumsum(random.standard_normal(hearing.RATE * 10)) * 20
    music -= numpy.convolve(music, numpy.ones(500) / 500, mode="same")
    late = int(KNOWN_MS / 1000 * hearing.RATE)
    frames = numpy.zeros((len(music), 4), dtype=numpy.int16)
    frames[:, 0] = frames[:, 1] = music.clip(-30000, 30000)
    frames[late:, 2] = frames[late:, 3] = music[:-late].clip(-30000, 30000)
    found = hearing.lags(frames)
    assert found and all(abs(lag - late * 1000 / hearing.RATE) < 0.01 for lag in found), found


def test_silence_has_no_lag():
    assert hearing.lags(numpy.zeros((hearing.RATE * 5, 4), dtype=numpy.int16)) == []


@pytest.fixture
def noise():
    """The address of a page that plays noise when it is told to."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("content-type", "text/html")
            # Isolated pages have the finest clock that browsers give.
            self.send_header("cross-origin-opener-policy", "same-origin")
            self.send_header("cross-origin-embedder-policy", "require-corp")
            self.end_headers()
            self.wfile.write(PAGE)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_a_lag_between_two_browsers_is_found(noise, ears, browsers):
    """A delay of 37 ms that one browser puts in and takes out again is found to a tenth of a
    millisecond, whatever lies between the two. Each change counts by itself, until three are found
    so: an output that runs dry on a busy machine shifts one browser for good, which is heard, and
    is none of the ears' doing."""
    one, two = (browsers(environment=ears.browser_env(name)).open(noise) for name in ("a", "b"))
    at = time.time() * 1000 + 6000
    for browser in (one, two):
        browser.script("begin(arguments[0], 0)", at)
    for browser in (one, two):
        until(lambda: browser.script("return window.begun === true"), 20, "the noise is scheduled")
    until(lambda: time.time() * 1000 > at + 1000, 20, "the noise plays")
    heard, steps, found = [], [], []
    while len(found) < 3 and len(heard) < 14:
        two.script("delay(arguments[0])", KNOWN_MS if len(heard) % 2 else 0)
        # The first window may hold the change itself.
        lags = hearing.lags(ears.record(5))[1:]
        heard.append(float(numpy.median(lags)) if lags else numpy.nan)
        steps = numpy.abs(numpy.diff(heard))
        found = steps[numpy.abs(steps - KNOWN_MS) < 0.1]
    changes = ", ".join(f"{step:.3f}" for step in steps)
    print(f"\n  ears: {KNOWN_MS} ms put in and taken out {len(steps)} times: {changes} ms found; started at one moment, heard {heard[0]:+.3f} ms apart")
    assert len(found) >= 3
