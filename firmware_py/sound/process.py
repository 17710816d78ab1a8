"""The sound process: attaches to the session's lanes, plays by its plan, and leaves.

Started by the supervisor as ``python -m firmware_py.sound``; started again after a death it goes on where it must: by
the clock when live, behind the last block on the tape when offline.
"""

import gc
import signal
import sys
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from firmware_py._synth import Engine, PitchMap
from firmware_py.child_events import tell
from firmware_py.errors import AudioDeviceError, HandDanceError
from firmware_py.lanes import BLOCK_FRAMES, CONTROL, STATUS, STATUS_ENDED, Lanes
from firmware_py.parent import die_with
from firmware_py.shared_memory import SharedSegment
from firmware_py.sound.live import play_live
from firmware_py.sound.offline import play_offline
from firmware_py.sound.output import check_audio, open_output
from firmware_py.sound.patches import patch_named
from firmware_py.sound.plan import SoundPlan
from firmware_py.sound.realtime import foreign_threads, go_realtime

MIC_WAY_S: Final = 0.04  # from the room to this process, its turns on a busy machine included
ASK_OWNER_EVERY: Final = 256  # blocks: under a second


class SoundProcess:
    """One sound process, from its plan to its end."""

    def __init__(self, plan: SoundPlan) -> None:
        self.plan = plan
        self._stopping = False
        self._asked = 0

    def stop(self, *_: object) -> None:
        """Fade out and end; a signal handler."""
        self._stopping = True

    def _must_stop(self, segment: SharedSegment) -> bool:
        """Whether the end should come now: told so, or the supervisor that owns the lanes is dead."""
        self._asked += 1
        if self._asked % ASK_OWNER_EVERY == 0 and not segment.owner_lives:
            self._stopping = True
        return self._stopping

    def run(self) -> None:
        """Play until the session ends or ``stop`` is called.

        Raises
        ------
        HandDanceError
            A plan, patch, backing or device that cannot be used.
        """
        plan = self.plan
        offline = check_audio(plan.audio) == "offline"
        patch = patch_named(plan.patch, Path(plan.patch_folder) if plan.patch_folder else None)
        lanes = Lanes.attach(plan.lanes)
        lanes.hands.open_consumer()
        lanes.tape_audio.open_producer()
        lanes.mic.open_consumer()
        output = None
        others = foreign_threads()
        if not offline:
            output = open_output(
                plan.audio,
                rate_hz=plan.rate_hz,
                period_frames=plan.period_frames,
                periods=plan.periods,
                devices=plan.devices,
            )
        engine = Engine(
            rate_hz=plan.rate_hz,
            delay_ns=plan.delay_ns,
            pitch_map=PitchMap(plan.mapping),
            patch=patch,
            hands=lanes.hands,
            control=lanes.control,
            status=lanes.status,
            tape=lanes.tape_audio,
            arrivals=lanes.arrivals,
            backing=_backing(plan.backing),
            voices=plan.voices,
            live=not offline,
            mic=None if output is None else lanes.mic,
            mic_way_frames=round(MIC_WAY_S * plan.rate_hz),
        )
        if output is None:
            tell("ready", output="offline")
            if not _resume(engine, lanes):
                play_offline(engine, lambda: self._must_stop(lanes.segment))
            return
        flags = go_realtime(foreign_threads() - others) if plan.realtime else 0
        tell("ready", output=output.description)
        try:
            play_live(engine, output, flags, lambda: self._must_stop(lanes.segment))
        finally:
            output.close()
            gc.enable()


def _backing(path: str) -> NDArray[np.int16] | None:
    """Open the file that ``sound.backing`` wrote, its pages in memory before the first of them is needed."""
    if not path:
        return None
    try:
        stems: NDArray[np.int16] = np.load(path, mmap_mode="r")
        if stems.dtype != np.int16 or stems.ndim != 2 or stems.shape[1] != 4:
            raise ValueError(f"dtype {stems.dtype}, shape {stems.shape}")
        np.add.reduce(stems[::512], axis=None, dtype=np.int64)  # touches every page
    except (OSError, ValueError) as error:
        raise AudioDeviceError(f"{path} is no backing ({error}); remove it, and it is rendered again") from error
    return stems


def _resume(engine: Engine, lanes: Lanes) -> bool:
    """Go on behind what a dead predecessor put on the tape; return whether that was the end already."""
    control = np.frombuffer(lanes.control.read(), CONTROL)[0]
    status = np.frombuffer(lanes.status.read(), STATUS)[0]
    if control["t0_ns"] and status["frames"]:
        engine.seek(int(status["frames"]) // BLOCK_FRAMES * BLOCK_FRAMES)
        return bool(status["flags"] & STATUS_ENDED)
    return False


def main(arguments: list[str]) -> int:
    """Run one sound process by the plan in the first argument, or on standard input; return its exit code."""
    try:
        process = SoundProcess(SoundPlan.from_json(arguments[0] if arguments else sys.stdin.read()))
        die_with(process.plan.parent_pid)
        signal.signal(signal.SIGTERM, process.stop)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the supervisor's to act on
        process.run()
    except HandDanceError as error:
        tell("failed", message=str(error), exit=error.exit_code)
        return error.exit_code
    return 0
