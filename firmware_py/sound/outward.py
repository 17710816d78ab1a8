"""What sounds, told to other instruments: follows the status cell in a thread of the supervisor and plays MIDI and OSC.

The realtime process knows nothing of it. Not here: how either is spoken (``midi_out``, ``osc``).
"""

import math
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Final, Protocol

import numpy as np

from firmware_py._ring import Cell
from firmware_py.config import SoundSettings
from firmware_py.lanes import STATUS
from firmware_py.sound.midi_out import MidiOut, open_port
from firmware_py.sound.osc import OscOut

LOOK_S: Final = 0.005
STALE_NS: Final = 500_000_000  # without news the sound process is dead, and what it played is over
ANOTHER_NOTE: Final = 0.6  # semitones from the note that sounds; below it is bent


class Outlet(Protocol):
    """One voice somewhere else. Nothing here raises or waits."""

    def note_on(self, note: int, level: float) -> None:
        """Begin a note (MIDI number) at a level of 0…1."""
        ...

    def move(self, pitch: float, level: float) -> None:
        """Tell the sounding note's pitch (MIDI number with cents) and level now."""
        ...

    def note_off(self) -> None:
        """End the note."""
        ...

    def close(self) -> None:
        """End what sounds and give everything back."""
        ...


class Follower:
    """Makes notes and moves of what sounds, and plays them to every outlet."""

    def __init__(self, outlets: Sequence[Outlet]) -> None:
        self._outlets = tuple(outlets)
        self._note: int | None = None

    def hear(self, pitch: float, level: float) -> None:
        """Take what sounds now: MIDI number, NaN in silence; level 0…1."""
        if self._note is not None and (math.isnan(pitch) or abs(pitch - self._note) > ANOTHER_NOTE):
            self._note = None
            for outlet in self._outlets:
                outlet.note_off()
        if math.isnan(pitch):
            return
        level = max(0.0, min(1.0, level))
        if self._note is None:
            self._note = max(0, min(127, round(pitch)))
            for outlet in self._outlets:
                outlet.note_on(self._note, level)
        for outlet in self._outlets:
            outlet.move(pitch, level)


class Outward:
    """The outlets of the configuration, following one session's status cell until ``close``."""

    def __init__(self, settings: SoundSettings, status: Cell) -> None:
        """Open them; with none configured nothing is started.

        Raises UsageError or AudioDeviceError for an address or port that cannot be used.
        """
        self._status = status
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        outlets: list[Outlet] = []
        with ExitStack() as opening:
            if settings.osc_out:
                outlets.append(OscOut(settings.osc_out))
                opening.callback(outlets[-1].close)
            if settings.midi_out:
                outlets.append(MidiOut(open_port(settings.midi_out), mpe=settings.midi_mpe == "on"))
                opening.callback(outlets[-1].close)
            self._closing = opening.pop_all()
        self._follower = Follower(outlets)
        if outlets:
            self._thread = threading.Thread(target=self._run, name="outward", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End what sounds and give everything back."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._follower.hear(math.nan, 0.0)
        self._closing.close()

    def _run(self) -> None:
        told_ns = 0
        while not self._stop.wait(LOOK_S):
            status = np.frombuffer(self._status.read(), STATUS)[0]
            if int(status["t_ns"]) != told_ns:
                told_ns = int(status["t_ns"])
                self._follower.hear(float(status["pitch"]), float(status["level"]))
            elif time.monotonic_ns() - told_ns > STALE_NS:
                self._follower.hear(math.nan, 0.0)
