"""The sound process on a real ALSA device: PulseAudio's null sink, which plays in real time and gives back all."""

import ctypes.util
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.hand_sample import HAND_SAMPLE, Flag
from firmware_py.lanes import CONTROL, STATUS, STATUS_DEVICE_LOST, STATUS_ENDED, STATUS_READY, Lanes
from firmware_py.music.mapping import Mapping
from firmware_py.sound.plan import SoundPlan
from firmware_py.sound.recorder import Recorder

ROOT = Path(__file__).parents[2]
RATE_HZ = 48_000
SECOND_NS = 1_000_000_000
SECONDS = 3
PLUGIN = "alsa-lib/libasound_module_pcm_pulse.so"


def missing():
    """What this rig lacks, as the Debian packages that bring it."""
    needs = {
        "pulseaudio": shutil.which("pulseaudio"),
        "pulseaudio-utils": shutil.which("parec"),
        "libasound2": ctypes.util.find_library("asound"),
        "libasound2-plugins": any(Path("/usr/lib").glob(f"*/{PLUGIN}")),
        "pyalsaaudio (pip)": importlib.util.find_spec("alsaaudio"),
    }
    return [package for package, found in needs.items() if not found]


pytestmark = pytest.mark.skipif(bool(missing()), reason=f"not installed: {', '.join(missing())}")


def until(done, what, within_s=20.0):
    limit = time.monotonic() + within_s
    while not done():
        assert time.monotonic() < limit, f"{what} not within {within_s} s"
        time.sleep(0.005)


class Rig:
    """A sound server with a socket, a sink and a listener of its own."""

    def __init__(self, folder):
        self.environment = os.environ | {
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(folder),
            "PULSE_RUNTIME_PATH": str(folder / "pulse"),
            "PULSE_SERVER": f"unix:{folder}/socket",
            "ALSA_CONFIG_PATH": str(folder / "asoundrc"),
            "PYTHONPATH": str(ROOT),
        }
        (folder / "asoundrc").write_text(
            "</usr/share/alsa/alsa.conf>\n"
            f'pcm.spk {{ type pulse\n server "unix:{folder}/socket"\n device "spk" }}\n'
            f'pcm.!default {{ type pulse\n server "unix:{folder}/socket"\n device "spk" }}\n'
        )
        self.heard = folder / "heard.raw"
        self.processes = []
        self.server()
        until((folder / "socket").exists, "the sound server's socket")
        with self.heard.open("wb") as out:
            self.start(
                ["parec", "-d", "spk.monitor", "--raw", "--rate=48000", "--channels=2", "--latency-msec=5"], stdout=out
            )
        until(lambda: self.heard.stat().st_size > 0, "the listener's first sound")
        self.folder = folder

    def server(self):
        self.pulse = self.start(
            [
                *("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--realtime=yes"),
                *("-L", f"module-native-protocol-unix socket={self.environment['HOME']}/socket auth-anonymous=1"),
                *("-L", f"module-null-sink sink_name=spk rate={RATE_HZ} channels=2"),
            ],
            stdout=subprocess.DEVNULL,
        )

    def start(self, command, stdout):
        process = subprocess.Popen(
            command, env=self.environment, cwd=ROOT, stdout=stdout, stderr=subprocess.DEVNULL, text=True
        )
        self.processes.append(process)
        return process

    def close(self):
        for process in reversed(self.processes):
            process.terminate()
            process.wait(10)
            if process.stdout is not None:
                process.stdout.close()


@pytest.fixture
def rig(tmp_path):
    # A socket's path may have 107 bytes: pytest's own folders are longer than that under some roots.
    made = Rig(tmp_path)
    yield made
    made.close()


class Session:
    """A sound process on the rig's device, with a hand that holds one pitch."""

    def __init__(self, rig, audio, **plan):
        name = f"test-rig-{os.getpid()}"
        self.mapping = Mapping(quantise=0.0, height_to_loudness=0.0)
        self.lanes = Lanes.create(name)
        self.lanes.hands.open_producer()
        self.recorder = Recorder(
            SessionFolder(rig.folder),
            tape_audio=self.lanes.tape_audio,
            tape_hands=self.lanes.tape_hands,
            rate_hz=RATE_HZ,
        )
        settings = {"period_frames": 256, "periods": 4, "delay_ns": 60_000_000, "patch": "sine"} | plan
        sound_plan = SoundPlan(lanes=name, audio=audio, mapping=self.mapping, **settings)
        self.process = rig.start([sys.executable, "-m", "firmware_py.sound", sound_plan.to_json()], subprocess.PIPE)
        until(lambda: self.told("flags") & STATUS_READY or self.process.poll() is not None, "the device")
        assert self.process.poll() is None, self.process.communicate()[0]
        self.recorder.start()

    def told(self, field):
        return np.frombuffer(self.lanes.status.read(), STATUS)[0][field].item()

    def begin(self, seconds):
        self.t0_ns = time.monotonic_ns() + 50_000_000
        wanted = np.zeros((), CONTROL)
        wanted["t0_ns"], wanted["stop_ns"] = self.t0_ns, self.t0_ns + seconds * SECOND_NS
        self.lanes.control.write(wanted.tobytes())

    def hand(self, pitch):
        """Push one sample, taken now."""
        sample = np.zeros((), HAND_SAMPLE)
        sample["t_capture_ns"] = time.monotonic_ns()
        sample["flags"] = Flag.PRESENT
        sample["hands"][0] = (self.mapping.area_of(pitch), 0.5, 0.0, 0.5, 1.0)
        self.lanes.hands.push(sample.tobytes())

    def play_to_the_end(self, pitch, within_s=20.0):
        limit = time.monotonic() + within_s
        while not self.told("flags") & STATUS_ENDED:
            assert time.monotonic() < limit, "the session does not end"
            self.hand(pitch)
            time.sleep(1 / 60)  # the camera's rate
        assert self.process.wait(10) == 0

    def close(self):
        self.recorder.finish()
        self.lanes.close()


@pytest.fixture
def session(rig):
    made = []

    def begin(*arguments, **plan):
        made.append(Session(rig, *arguments, **plan))
        return made[-1]

    yield begin
    for one in made:
        one.process.kill()
        one.close()


def pitch_of(sound):
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 1 << 20))
    return 69 + 12 * np.log2(np.argmax(spectrum) * RATE_HZ / (1 << 20) / 440)


@pytest.mark.timeout(90)
def test_what_a_hand_plays_is_heard_at_the_device_and_is_what_was_recorded(rig, session):
    played = session("alsa:spk")
    played.begin(SECONDS)
    played.play_to_the_end(67.0)
    assert played.told("period_frames") == 256
    xruns = played.told("xruns")
    played.recorder.finish(SECONDS * RATE_HZ)
    recorded = soundfile.read(rig.folder / "sound.wav", dtype="int16")[0][:, 0]
    assert len(recorded) == SECONDS * RATE_HZ
    assert played.recorder.silences == []
    assert pitch_of(recorded[RATE_HZ : 2 * RATE_HZ].astype(float)) == pytest.approx(67.0, abs=0.01)

    size = len(np.trim_zeros(recorded)) * 4
    until(lambda: rig.heard.stat().st_size > size, "the sound at the device")
    heard = np.fromfile(rig.heard, np.int16)[::2]
    loud = np.flatnonzero(np.abs(heard) > 3000)
    middle = (loud[0] + loud[-1]) // 2
    assert pitch_of(heard[middle - 12_000 : middle + 12_000].astype(float)) == pytest.approx(67.0, abs=0.01)
    assert xruns <= 20, "many more than a loaded machine explains"
    if xruns == 0:  # then the device was given the very frames that were recorded
        begins = np.flatnonzero(recorded)[0]
        first = np.flatnonzero(heard)[0] - begins
        length = min(len(recorded) - begins, len(heard) - first - begins, 2 * RATE_HZ)
        assert np.array_equal(heard[first + begins : first + begins + length], recorded[begins : begins + length])


@pytest.mark.timeout(90)
def test_auto_takes_the_default_device(rig, session):
    played = session("auto")
    played.begin(1)
    played.play_to_the_end(69.0)
    assert "ALSA default" in played.process.stdout.read()


@pytest.mark.timeout(90)
def test_a_device_that_goes_and_comes_back_is_played_again_and_the_recording_stays_whole(rig, session):
    played = session("alsa:spk")
    played.begin(8)
    until(lambda: played.hand(69.0) or played.told("frames") > RATE_HZ // 2, "the first half second")
    rig.pulse.kill()
    rig.pulse.wait(10)
    until(lambda: played.hand(69.0) or played.told("flags") & STATUS_DEVICE_LOST, "the loss of the device")
    (rig.folder / "socket").unlink(missing_ok=True)
    rig.server()
    until(lambda: played.hand(69.0) or not played.told("flags") & STATUS_DEVICE_LOST, "the device's return")
    played.play_to_the_end(69.0)
    seconds = 8
    played.recorder.finish(seconds * RATE_HZ)
    recorded = soundfile.read(rig.folder / "sound.wav", dtype="int16")[0][:, 0]
    assert played.told("frames") == len(recorded) == seconds * RATE_HZ
    for second in (1, 5, 7):
        part = recorded[second * RATE_HZ :][:24_000].astype(float)
        assert pitch_of(part) == pytest.approx(69.0, abs=0.01)
