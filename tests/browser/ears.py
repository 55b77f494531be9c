"""What two browsers really play: each into its own two channels of one four-channel sink, which
one recorder records with one clock; the lag between them is found by cross-correlation."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import numpy

RATE = 44100


class Ears:
    """A PulseAudio daemon of our own with a sink per browser, both in one recording."""

    def __init__(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="stereo-ears-"))
        self.env = {
            **os.environ,
            "HOME": str(self.home),
            "XDG_RUNTIME_DIR": str(self.home),
            "PULSE_RUNTIME_PATH": str(self.home),
            "PULSE_SERVER": f"unix:{self.home}/native",
        }
        script = self.home / "pulse.pa"
        four = "front-left,front-right,rear-left,rear-right"
        pairs = {"a": "front-left,front-right", "b": "rear-left,rear-right"}
        lines = [
            f"load-module module-native-protocol-unix socket={self.home}/native auth-anonymous=1",
            f"load-module module-null-sink sink_name=both rate={RATE} channels=4 channel_map={four}",
        ]
        for name, pair in pairs.items():
            lines.append(
                f"load-module module-remap-sink sink_name={name} master=both channels=2 "
                f"channel_map=front-left,front-right master_channel_map={pair} remix=no"
            )
        script.write_text("\n".join(lines) + "\n")
        command = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no",
                   "--disallow-exit", "--realtime=no", "--high-priority=no", "-F", str(script)]
        self.log = (self.home / "log").open("w")
        self.daemon = subprocess.Popen(command, env=self.env, stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + 20
        while subprocess.run(["pactl", "info"], env=self.env, capture_output=True).returncode != 0:
            if time.monotonic() > deadline or self.daemon.poll() is not None:
                raise RuntimeError("PulseAudio does not start: " + (self.home / "log").read_text()[-500:])
            time.sleep(0.1)

    def browser_env(self, name: str) -> dict:
        """The environment in which a browser plays into sink `a` or `b`."""
        return {"PULSE_SERVER": self.env["PULSE_SERVER"], "PULSE_SINK": name}

    def record(self, seconds: float) -> numpy.ndarray:
        """Both browsers for so long: an array of frames by four channels."""
        command = ["parec", "-d", "both.monitor", "--format=s16le", f"--rate={RATE}", "--channels=4",
                   "--channel-map=front-left,front-right,rear-left,rear-right", "--raw"]
        recorder = subprocess.Popen(command, env=self.env, stdout=subprocess.PIPE)
        wanted = int(seconds * RATE) * 8
        data = b""
        while len(data) < wanted and (part := recorder.stdout.read(1 << 16)):
            data += part
        recorder.terminate()
        recorder.wait(10)
        return numpy.frombuffer(data[: len(data) // 8 * 8], dtype=numpy.int16).reshape(-1, 4)

    def stop(self):
        self.daemon.terminate()
        try:
            self.daemon.wait(10)
        except subprocess.TimeoutExpired:
            self.daemon.kill()
        shutil.rmtree(self.home, ignore_errors=True)


def lags(frames: numpy.ndarray, window_s: float = 2.0, step_s: float = 1.0, most_s: float = 0.5) -> list[float]:
    """The lag of b behind a in milliseconds, per window in which both sound."""
    one = frames[:, :2].astype(numpy.float64).mean(axis=1)
    two = frames[:, 2:].astype(numpy.float64).mean(axis=1)
    width, step, most = int(window_s * RATE), int(step_s * RATE), int(most_s * RATE)
    found = []
    for start in range(0, len(one) - width, step):
        lag = lag_of(one[start : start + width], two[start : start + width], most)
        if lag is not None:
            found.append(lag * 1000 / RATE)
    return found


def lag_of(one: numpy.ndarray, two: numpy.ndarray, most: int) -> float | None:
    """In samples, with a parabola through the peak; None for silence or for no likeness. The
    spectrum is whitened (PHAT), so that a steady tone does not correlate with itself a period on."""
    one, two = one - one.mean(), two - two.mean()
    if min(one.std(), two.std()) < 20:
        return None
    size = 1 << (len(one) * 2 - 1).bit_length()
    cross = numpy.fft.rfft(two, size) * numpy.conj(numpy.fft.rfft(one, size))
    weight = numpy.abs(cross)
    correlation = numpy.fft.irfft(cross / (weight + 1e-3 * weight.max()), size)
    around = numpy.concatenate([correlation[-most:], correlation[: most + 1]])
    peak = int(numpy.argmax(around))
    if peak in (0, len(around) - 1) or around[peak] < 8 * around.std():
        return None
    left, middle, right = around[peak - 1 : peak + 2]
    bend = left - 2 * middle + right
    return peak - most + (0.5 * (left - right) / bend if bend else 0.0)
