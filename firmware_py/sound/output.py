"""What every live sound output is, and how the one asked for is opened. One small file per kind beside this.

Rendering as fast as it goes is no output: it has no clock and no device (``offline``).
"""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Protocol

from firmware_py.errors import AudioDeviceError, UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

AUDIO_SPECS: Final = ("auto", "alsa", "alsa:DEVICE", "paced", "offline")


class Output(Protocol):
    """Something that takes blocks of sound at the pace of its clock."""

    @property
    def description(self) -> str:
        """One line for people: what it is, rate, period and buffer."""
        ...

    @property
    def period_frames(self) -> int:
        """Frames of the blocks it wants."""
        ...

    @property
    def periods(self) -> int:
        """Blocks in its buffer."""
        ...

    @property
    def xruns(self) -> int:
        """How often its buffer ran empty."""
        ...

    @property
    def lost(self) -> bool:
        """Whether the device has gone; time goes on and it is being looked for."""
        ...

    def heard_ns(self) -> int:
        """Return the instant (CLOCK_MONOTONIC) at which the next frame written will be heard."""
        ...

    def write(self, block: "NDArray[np.int16]") -> None:
        """Take int16, shape (period_frames, 2); returns when there is room for the next block. Raises nothing."""
        ...

    def close(self) -> None:
        """Give the device back; may be called twice."""
        ...


def check_audio(spec: str) -> str:
    """Return the audio spec if it can mean anything. Raises UsageError naming the allowed ones."""
    if spec in ("auto", "alsa", "paced", "offline") or (spec.startswith("alsa:") and len(spec) > len("alsa:")):
        return spec
    raise UsageError(f"no audio output is called {spec!r}; allowed are {', '.join(AUDIO_SPECS)}")


def open_output(spec: str, *, rate_hz: int, period_frames: int, periods: int, devices: Sequence[str] = ()) -> Output:
    """Open a live output: auto, alsa, alsa:DEVICE or paced.

    ``auto`` takes the first that can be opened of ``devices``, ALSA's ``default``, and every sound card; else it is
    ``paced``, and one line on stderr says so.

    Raises
    ------
    UsageError
        A spec that is not known.
    AudioDeviceError
        The device named cannot be opened; names those that there are.
    """
    from firmware_py.sound.paced import PacedOutput

    if check_audio(spec) == "offline":
        raise UsageError("offline is no live output; allowed here are auto, alsa, alsa:DEVICE and paced")
    if spec != "paced":
        try:
            from firmware_py.sound import alsa
        except ImportError as error:
            if spec != "auto":
                raise AudioDeviceError(f"no ALSA here ({error}); install pyalsaaudio, or use --audio paced") from error
            reason = "pyalsaaudio is not installed"
        else:
            cards = alsa.card_devices() if spec == "auto" else []
            named = [*devices, "default", *cards] if spec == "auto" else [spec.partition(":")[2] or "default"]
            refusals = []
            for device in named:
                try:
                    return alsa.AlsaOutput(device, rate_hz=rate_hz, period_frames=period_frames, periods=periods)
                except AudioDeviceError as error:
                    if spec != "auto":
                        raise
                    refusals.append(str(error).partition(";")[0])
            reason = "; ".join(refusals) if devices or cards else "no sound card was found"
        print(f"sound: {reason}; playing without a device, in real time, into the recording", file=sys.stderr)
    return PacedOutput(rate_hz=rate_hz, period_frames=period_frames, periods=periods)
