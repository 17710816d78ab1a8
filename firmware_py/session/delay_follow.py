"""Lets D grow with the sound device's buffer, where that is made longer in mid-session.

D was decided with a certain buffer, which is a part of every hand sample's way. A longer one would let samples come
after their time, and hands would step instead of glide; so D grows by just what the buffer has grown. It never shrinks:
a device that is opened anew with its first, shorter buffer may need the longer one again. Not here: deciding D
(``count_in``), making the buffer longer (``sound.alsa``), moving there without a click (``ext/include/delay.h``).
"""

import numpy as np

from firmware_py.music.delay import DelayMove
from firmware_py.session.saying import say


class DelayFollower:
    """Of one session; ``step`` is called again and again once the recording runs."""

    def __init__(self) -> None:
        self.moves: tuple[DelayMove, ...] = ()
        self._buffer_s = 0.0  # the longest that D allows for

    def step(self, seconds: float, delay_s: float | None, status: np.void) -> bool:
        """Take note of the device's buffer ``seconds`` after t0; return whether D has moved.

        delay_s: D as it was decided, None while it is not. status: the sound process's last record of dtype STATUS.
        """
        if delay_s is None or not status["rate_hz"]:
            return False
        buffer_s = int(status["period_frames"]) * int(status["periods"]) / int(status["rate_hz"])
        grown_s, before_s = buffer_s - self._buffer_s, self.delay_s(delay_s)
        if grown_s <= 0:
            return False
        first, self._buffer_s = not self._buffer_s, buffer_s
        if first:
            return False
        after_s = round(before_s + grown_s, 6)
        self.moves += (DelayMove(round(seconds, 3), before_s, after_s),)
        say(
            f"the sound device has a longer buffer now: the sound comes {after_s * 1e3:.0f} ms after the hand, "
            f"{grown_s * 1e3:.1f} ms more than before"
        )
        return True

    def delay_s(self, decided_s: float) -> float:
        """Return D as it is now."""
        return self.moves[-1].to_s if self.moves else decided_s
