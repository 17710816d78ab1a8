"""The ghost as a camera: frame k shows the hand that its performance holds at k / rate seconds of the script."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from firmware_py.sight.camera import Frame, Pace
from firmware_py.sight.ghost.drawing import Pose, sprite
from firmware_py.sight.ghost.part import GhostPart, GhostPlayer
from firmware_py.sight.ghost.performance import Performance
from firmware_py.sight.ghost.scene import EXPOSURE_S, Scene, SceneSettings

SIZE: Final = (320, 240)
RATE_HZ: Final = 60.0


class GhostCamera:
    """Frames of a drawn hand that plays.

    Parameters
    ----------
    part, player
        What is played, and how well.
    rate_hz
        Frames a second.
    size
        Even (width, height) in pixels.
    cache
        Folder that the drawn hand is kept in; None draws it anew.
    delay_s
        Asked before each frame: how much later the instrument sounds a hand; 0: as in the part, so far.
    """

    scripted = True

    def __init__(
        self,
        part: GhostPart,
        player: GhostPlayer,
        rate_hz: float = RATE_HZ,
        *,
        size: tuple[int, int] = SIZE,
        cache: Path | None = None,
        delay_s: Callable[[], float] | None = None,
    ) -> None:
        self._rate_hz = rate_hz
        self._size = size
        self._seconds = part.seconds
        self._player = player
        self._performance = Performance(part, player)
        self._delay_s = delay_s or (lambda: 0.0)
        settings = SceneSettings.plain() if player.plain else SceneSettings()
        closing = [Pose(curl=curl) for curl in (0.5, 1.0)] if player.strike == "fist" else []
        self._scene = Scene(
            size, sprite(Pose(), cache), settings, player.seed, closing=[sprite(pose, cache) for pose in closing]
        )

    @property
    def description(self) -> str:
        """One line for people."""
        return f"ghost ({self._player.player}) {self._size[0]}×{self._size[1]} at {self._rate_hz:g} frames a second"

    @property
    def rate_hz(self) -> float:
        """Frames a second."""
        return self._rate_hz

    def frames(self, pace: Pace) -> Iterator[Frame]:
        """Yield the script's frames."""
        for number in range(round(self._seconds * self._rate_hz)):
            script_s = number / self._rate_hz
            t_ns = pace.instant(script_s)
            if pace.leaves_out(t_ns):
                continue
            if told_s := self._delay_s():
                self._performance.hears(told_s)
            hand = self._performance.at(script_s)
            before = self._performance.at(script_s - EXPOSURE_S)
            i420 = self._scene.frame(number, script_s, hand, before)
            pace.wait_until(t_ns)
            yield Frame(i420, number, t_ns, self._size)

    def close(self) -> None:
        """Nothing is held open."""
