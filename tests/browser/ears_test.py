"""The method itself: it finds a known lag in music-like noise to a hundredth of a millisecond."""
import numpy

import ears


def test_a_known_lag_is_found():
    random = numpy.random.default_rng(1)
    music = numpy.cumsum(random.standard_normal(ears.RATE * 10)) * 20
    music -= numpy.convolve(music, numpy.ones(500) / 500, mode="same")
    late = int(0.037 * ears.RATE)
    frames = numpy.zeros((len(music), 4), dtype=numpy.int16)
    frames[:, 0] = frames[:, 1] = music.clip(-30000, 30000)
    frames[late:, 2] = frames[late:, 3] = music[:-late].clip(-30000, 30000)
    found = ears.lags(frames)
    assert found and all(abs(lag - late * 1000 / ears.RATE) < 0.01 for lag in found), found


def test_silence_has_no_lag():
    assert ears.lags(numpy.zeros((ears.RATE * 5, 4), dtype=numpy.int16)) == []
