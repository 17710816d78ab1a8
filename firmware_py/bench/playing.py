"""``hand-dance bench playing``: what share of a processor the real sound process takes while it plays.

At rest, with one hand, with two, and with everything on; paced by the clock, and on a device that plays in real time.
Beside it the rendering alone of every patch, offline. Not here: delay and xruns (``delay``).
"""

import os
import socket
import threading
import time
from contextlib import ExitStack, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np

from firmware_py._synth import Engine, PitchMap
from firmware_py.bench.busy import BusyNeighbours
from firmware_py.bench.player import Player, processor_s
from firmware_py.bench.sound_server import DEVICE, Listener, SoundServer
from firmware_py.config import SoundSettings
from firmware_py.errors import AudioDeviceError
from firmware_py.hand_sample import HAND_SAMPLE, Flag
from firmware_py.music.mapping import Mapping
from firmware_py.music.songs_library import load_song
from firmware_py.sound.backing import backing_file
from firmware_py.sound.outward import Outward
from firmware_py.sound.patches import patch_files, patch_named
from firmware_py.sound.plan import SoundPlan

RATE_HZ: Final = 48_000
CAMERA_S: Final = 1 / 60
WARM_S: Final = 0.5  # attacks are over, the reverb is full
LEAST_S: Final = 1.0  # of one figure
SONG: Final = "ode-to-joy"
MAPPING: Final = Mapping()
EVERYTHING: Final = "everything"
PARTS: Final = {"rest": 0, "one_hand": 1, "two_hands": 2, EVERYTHING: 2}  # hands that play in each
LEVELS_DB: Final = {"backing_db": -120.0, "metronome_db": -120.0, "guide_db": -120.0}  # all off


@dataclass(frozen=True)
class PlayingFigures:
    """What the benchmark found. Shares in per cent of one processor."""

    paced: dict[str, float]  # by PARTS
    alsa: dict[str, float]  # likewise, on a real-time device; includes the thread that carries sound to the server
    outward: float  # of the supervisor's thread that plays OSC, and MIDI where there is a port, with everything on
    midi: bool
    xruns: int  # on the device, over all parts
    late_samples: int
    everything_patch: str  # the dearest one
    patches: dict[str, float]  # rendering alone, two hands

    def as_json(self) -> dict[str, Any]:
        """Plain data for ``json.dumps``."""
        return asdict(self)


def measure(seconds: float = 16.0, *, busy: bool = False) -> PlayingFigures:
    """Measure for about so many seconds, shared among the parts. busy: while others keep every processor busy.

    Raises BenchError where there is no sound server.
    """
    each_s = max(LEAST_S, seconds / 2 / len(PARTS) - WARM_S)
    patches = {name: render_percent(name) for name in sorted(patch_files())}
    dearest = max(patches, key=lambda name: patches[name])
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="hand-dance-bench-")))
        server = stack.enter_context(SoundServer(RATE_HZ))
        stack.enter_context(Listener(server))  # a device that nobody hears falls asleep
        stack.enter_context(BusyNeighbours() if busy else nullcontext())
        song = load_song(SONG)
        backing = backing_file(song, folder, song_start_s=0.0, rate_hz=RATE_HZ, count_in_bars=0, click_through=True)
        shares: dict[str, dict[str, float]] = {"paced": {}, f"alsa:{DEVICE}": {}}
        xruns = late = 0
        outward, midi = 0.0, False
        for audio, found in shares.items():
            for part, hands in PARTS.items():
                plan = SoundPlan(
                    lanes=f"bench-playing-{os.getpid()}",
                    audio=audio,
                    mapping=MAPPING,
                    patch=dearest if part == EVERYTHING else "air",
                    periods=4,
                    delay_ns=60_000_000,
                    backing=str(backing) if part == EVERYTHING else "",
                    parent_pid=os.getpid(),
                )
                levels = {} if part == EVERYTHING else LEVELS_DB
                with (
                    Player(plan, server.environment, levels) as player,
                    _Outlets(part == EVERYTHING, player) as outlets,
                ):
                    found[part] = _share(player, hands, each_s, outlets)
                    if audio != "paced":
                        xruns, late = xruns + player.counters.xruns, late + player.counters.late_samples
                    if outlets.percent:
                        outward, midi = outlets.percent, outlets.midi
    paced, alsa = shares.values()
    return PlayingFigures(paced, alsa, outward, midi, xruns, late, dearest, patches)


def render_percent(patch: str, seconds: float = 2.0) -> float:
    """Return what rendering two moving hands takes with a patch, per cent of one processor."""
    times_s = np.arange(0, seconds, CAMERA_S)
    samples = np.zeros(len(times_s) + 1, HAND_SAMPLE)
    samples["t_capture_ns"][:-1] = 1_000_000_000 + times_s * 1e9
    samples["t_capture_ns"][-1] = 1_000_000_000 + seconds * 1e9
    samples["flags"] = Flag.PRESENT | Flag.SECOND_HAND
    for number in range(2):
        areas = [MAPPING.area_of(_pitch(at, number)) for at in (*times_s, seconds)]
        samples["hands"][:, number] = [(area, 0.5, 0.3, 0.5, 1.0) for area in areas]
    engine = Engine(
        rate_hz=RATE_HZ,
        delay_ns=0,
        pitch_map=PitchMap(MAPPING),
        patch=patch_named(patch),
        samples=np.frombuffer(samples.tobytes(), np.uint8),
    )
    frames = round((seconds - 0.1) * RATE_HZ)
    engine.play(t0_ns=1_000_000_000, frames=frames)
    begin, done = time.process_time(), 0
    while made := engine.advance(128):
        done += made
    return round((time.process_time() - begin) / (done / RATE_HZ) * 100, 3)


class _Outlets:
    """The supervisor's thread for OSC and MIDI, and what it takes."""

    def __init__(self, wanted: bool, player: Player) -> None:
        self.percent, self.midi, self._wanted, self._player = 0.0, False, wanted, player

    def __enter__(self) -> "_Outlets":
        if self._wanted:
            self._ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._ear.bind(("127.0.0.1", 0))
            osc = f"127.0.0.1:{self._ear.getsockname()[1]}"
            try:
                self._outward = Outward(SoundSettings(osc_out=osc, midi_out="virtual"), self._player.lanes.status)
                self.midi = True
            except AudioDeviceError:
                self._outward = Outward(SoundSettings(osc_out=osc), self._player.lanes.status)
        return self

    def __exit__(self, *_: object) -> None:
        if self._wanted:
            self._outward.close()
            self._ear.close()

    def spent_s(self) -> float:
        """Return the processor time of the thread so far, seconds."""
        ours = [thread.native_id for thread in threading.enumerate() if thread.name == "outward"]
        return sum(processor_s(Path(f"/proc/self/task/{thread}")) for thread in ours)


def _share(player: Player, hands: int, seconds: float, outlets: _Outlets) -> float:
    """Move the hands, and return what the process took meanwhile, per cent of one processor."""
    _move(player, hands, WARM_S)
    began, spent, outward = time.monotonic(), player.processor_s(), outlets.spent_s()
    _move(player, hands, seconds)
    player.check()
    passed = time.monotonic() - began
    outlets.percent = round((outlets.spent_s() - outward) / passed * 100, 2)
    return round((player.processor_s() - spent) / passed * 100, 2)


def _move(player: Player, hands: int, seconds: float) -> None:
    until = time.monotonic() + seconds
    while (now := time.monotonic()) < until:
        player.hand(*(_pitch(now, number) if number < hands else None for number in range(2)))
        time.sleep(CAMERA_S)


def _pitch(at_s: float, hand: int) -> float:
    """A hand that wanders over the keyboard, MIDI number."""
    middle = (MAPPING.low + MAPPING.high) / 2
    return middle + 0.4 * (MAPPING.high - MAPPING.low) * float(np.sin(2.0 * at_s + hand))
