"""The microphone on a real ALSA device: PulseAudio's monitors, which give back in real time what is played into a sink.

A few seconds are heard here; ``make mic-test`` sets HAND_DANCE_MIC_SECONDS=60, for the drift of two clocks over a
minute and for a whole session whose sound process is killed.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import soundfile

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.lanes import CONTROL, STATUS, Lanes
from firmware_py.sound.microphone import MicrophonePlan
from firmware_py.sound.recorder import Recorder
from tests.rigs.hand_dance import COMMAND, environment
from tests.rigs.test_alsa_rig import RATE_HZ, ROOT, SECOND_NS, Rig, missing, until

pytestmark = [pytest.mark.skipif(bool(missing()), reason=f"not installed: {', '.join(missing())}"), pytest.mark.slow]

LONG = "HAND_DANCE_MIC_SECONDS" in os.environ
SECONDS = int(os.environ.get("HAND_DANCE_MIC_SECONDS", "4"))
APART = 12_000  # frames between two clicks


class Room(Rig):
    """The rig with a second sink, in which a click sounds four times a second, and microphones at both."""

    def __init__(self, folder):
        super().__init__(folder)
        with (folder / "asoundrc").open("a") as asoundrc:
            for name, device in (("mic", "spk.monitor"), ("room", "room.monitor")):
                asoundrc.write(f'pcm.{name} {{ type pulse\n server "unix:{folder}/socket"\n device "{device}" }}\n')
        self.clicks()

    def server(self):
        super().server()
        until((Path(self.environment["HOME"]) / "socket").exists, "the sound server's socket")
        subprocess.run(
            ["pactl", "load-module", "module-null-sink", "sink_name=room", f"rate={RATE_HZ}", "channels=1"],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            check=True,
            timeout=10,
        )

    def clicks(self):
        train = np.zeros((SECONDS + 30) * RATE_HZ, np.int16)
        train[::APART] = 20_000
        (Path(self.environment["HOME"]) / "clicks.raw").write_bytes(train.tobytes())
        self.start(
            ["pacat", "-d", "room", "--raw", "--rate=48000", "--channels=1", "--latency-msec=1000", "clicks.raw"],
            stdout=subprocess.DEVNULL,
        )

    def start(self, command, stdout):
        process = subprocess.Popen(
            [str(self.folder_of(one)) for one in command],
            env=self.environment,
            cwd=ROOT,
            stdout=stdout,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.processes.append(process)
        return process

    def folder_of(self, word):
        return Path(self.environment["HOME"]) / word if word == "clicks.raw" else word


class Truth:
    """Hears the room on its own, and knows when each click was there: a piece can come late, never early."""

    def __init__(self, rig):
        self.pieces, self.ends = [], []
        self.process = rig.start(
            ["parec", "-d", "room.monitor", "--raw", "--rate=48000", "--channels=1", "--latency-msec=2"],
            stdout=subprocess.PIPE,
        )
        threading.Thread(target=self._hear, daemon=True).start()

    def _hear(self):
        frames = 0
        while piece := os.read(self.process.stdout.fileno(), 65_536):
            frames += len(piece) // 2
            self.pieces.append(piece)
            self.ends.append((frames, time.monotonic()))

    def clicks_s(self):
        """CLOCK_MONOTONIC of every click."""
        ends = np.array(self.ends)
        late = ends[:, 1] - ends[:, 0] / RATE_HZ
        sound = np.frombuffer(b"".join(self.pieces[: len(ends)]), np.int16)
        return np.array([at / RATE_HZ + late[np.abs(ends[:, 0] - at) < 2 * RATE_HZ].min() for at in peaks(sound)])


def peaks(sound):
    """The frames that clicks lie in, to a fraction of one where they were resampled."""
    found = np.flatnonzero(sound > 6000)
    tops = [at for at in found if sound[at] == sound[max(0, at - 2) : at + 3].max()]
    return np.array(tops)


@pytest.fixture
def room(tmp_path):
    made = Room(tmp_path)
    yield made
    made.close()


class Ear:
    """The microphone process at the room, a recorder, and a sound process whose part the test plays."""

    def __init__(self, rig, drift=0.0):
        name = f"test-ear-{os.getpid()}"
        self.lanes, self.drift, self.told = Lanes.create(name), drift, []
        self.recorder = Recorder(
            SessionFolder(rig.folder),
            tape_audio=self.lanes.tape_audio,
            tape_hands=self.lanes.tape_hands,
            tape_mic=self.lanes.tape_mic,
            rate_hz=RATE_HZ,
        )
        plan = MicrophonePlan(name, "alsa:room", RATE_HZ)
        self.process = rig.start(
            [sys.executable, "-m", "firmware_py.sound.microphone", plan.to_json()], subprocess.PIPE
        )
        threading.Thread(target=self._listen, daemon=True).start()
        until(lambda: "ready" in self.told or self.process.poll() is not None, "the microphone")
        assert self.process.poll() is None
        self.recorder.start()
        self.t0_ns = time.monotonic_ns() + 100_000_000
        control = np.zeros((), CONTROL)
        control["t0_ns"] = self.t0_ns
        self.lanes.control.write(control.tobytes())

    def _listen(self):
        for line in self.process.stdout:
            self.told.append(json.loads(line)["event"])

    def skew_s(self, at_s):
        return self.drift * (at_s - self.t0_ns / 1e9)

    def until(self, done, what, within_s=20.0):
        """Tell, as a sound process would, how far its device has come from our clock."""

        def told():
            status = np.zeros((), STATUS)
            status["t_ns"], status["frames"] = time.monotonic_ns(), 1
            status["skew_ns"] = round(self.skew_s(time.monotonic()) * 1e9)
            self.lanes.status.write(status.tobytes())
            return done()

        until(told, what, within_s)

    def play(self, seconds):
        end_ns = self.t0_ns + round(seconds * SECOND_NS)
        self.until(lambda: time.monotonic_ns() > end_ns, "the end", seconds + 10)

    def close(self):
        self.process.kill()
        self.process.wait(10)
        self.recorder.finish()
        self.lanes.close()

    def frames_of(self, instants_s):
        """The frames of the recording that were heard at these instants."""
        return (instants_s - self.t0_ns / 1e9 - self.skew_s(instants_s)) * RATE_HZ


@pytest.mark.timeout(SECONDS + 90)
@pytest.mark.parametrize("ppm", [0, 100] if LONG else [100])
def test_a_click_in_the_room_is_within_a_millisecond_of_its_true_frame_whatever_the_clocks_do(room, ppm):
    truth = Truth(room)
    ear = Ear(room, drift=ppm * 1e-6)
    ear.play(SECONDS)
    clicks_s = truth.clicks_s()
    ear.recorder.finish()
    heard = soundfile.read(room.folder / "mic.wav", dtype="int16")[0]
    ear.close()
    found, wanted = peaks(heard), ear.frames_of(clicks_s)
    assert len(heard) > (SECONDS - 0.5) * RATE_HZ
    assert len(found) >= 4 * SECONDS - 3
    # One that was on its way when the truth began or ended to be taken down has nothing to be compared with.
    inside = [at for at in found if wanted[0] - RATE_HZ / 8 < at < wanted[-1] + RATE_HZ / 8]
    assert len(inside) >= len(found) - 2
    off_ms = np.array([wanted[np.argmin(np.abs(wanted - at))] - at for at in inside]) / RATE_HZ * 1e3
    print(f"{len(found)} clicks in {SECONDS} s, {ppm} ppm: off by {off_ms.min():+.2f} to {off_ms.max():+.2f} ms")
    assert np.abs(off_ms).max() < 1.0


@pytest.mark.timeout(90)
def test_a_microphone_that_vanishes_leaves_silence_of_its_true_length_and_is_heard_again(room):
    ear = Ear(room)
    ear.until(lambda: ear.recorder.microphone_frames > RATE_HZ, "the first second")
    room.pulse.kill()
    room.pulse.wait(10)
    ear.until(lambda: "lost" in ear.told, "the loss")
    (room.folder / "socket").unlink(missing_ok=True)
    room.server()
    room.clicks()
    ear.until(lambda: "back" in ear.told, "the return")
    back_s = (time.monotonic_ns() - ear.t0_ns) / 1e9
    ear.until(lambda: ear.recorder.microphone_frames > (back_s + 1.5) * RATE_HZ, "a second of sound again")
    seconds = (time.monotonic_ns() - ear.t0_ns) / 1e9
    ear.recorder.finish()
    heard = soundfile.read(room.folder / "mic.wav", dtype="int16")[0]
    ear.close()
    assert len(heard) / RATE_HZ == pytest.approx(seconds, abs=0.5)
    found = peaks(heard)
    gap = int(np.argmax(np.diff(found)))
    assert np.diff(found)[gap] > 1.5 * APART
    before, after = np.diff(found[: gap + 1]), np.diff(found[gap + 1 :])
    assert np.abs(before - APART).max() <= 2
    assert len(after) >= 2
    assert np.abs(after - APART).max() <= 2


def kept(told):
    return {name: value for name, value in told.items() if name.startswith("HAND_DANCE_")}


def sound_process(supervisor):
    """The pid of the supervisor's sound process, None while there is none."""
    for task in Path(f"/proc/{supervisor}/task").iterdir():
        for pid in map(int, (task / "children").read_text().split()):
            with suppress(FileNotFoundError, ProcessLookupError):
                if b"firmware_py.sound" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                    return pid
    return None


if LONG:

    @pytest.mark.timeout(120)
    def test_a_session_whose_sound_process_is_killed_has_its_room_without_a_gap(room, models_state):
        play = subprocess.Popen(
            [
                *COMMAND,
                "play",
                "--camera",
                "ghost:plain=1",
                "--audio",
                "paced",
                "--seconds",
                "5",
                "--no-letter",
                "--json",
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**room.environment, **kept(environment(models_state)), "HAND_DANCE_SOUND_MICROPHONE": "alsa:room"},
        )
        try:
            until(lambda: sound_process(play.pid), "the sound process", 60)
            lanes = []

            def playing():
                with suppress(OSError):
                    lanes or lanes.append(Lanes.attach(f"session-{play.pid}"))
                return lanes and int(np.frombuffer(lanes[0].status.read(), STATUS)[0]["frames"]) > 2 * RATE_HZ

            until(playing, "two seconds of sound", 60)
            os.kill(sound_process(play.pid), signal.SIGKILL)
            out, err = play.communicate(timeout=60)
            lanes[0].close()
        finally:
            play.kill()
            play.wait()
        assert play.returncode == 0, err
        done = json.loads(out)
        assert done["microphone"] == "ALSA room, 48000 Hz"
        assert [gap["process"] for gap in done["gaps"]] == ["sound"]
        sound, heard = (soundfile.info(done["files"][name]) for name in ("sound.wav", "mic.wav"))
        assert sound.frames == heard.frames == 5 * RATE_HZ
        apart = np.diff(peaks(soundfile.read(done["files"]["mic.wav"], dtype="int16")[0]))
        assert len(apart) >= 18
        assert np.abs(apart - APART).max() <= 48, "the kill is heard"
