"""The line that a person watches while playing: time, the note now sounding, the note wanted."""

import math
import time
from types import TracebackType
from typing import Final, Self, TextIO

from firmware_py.music.follow import Follower, Following
from firmware_py.music.pitch import note_name
from firmware_py.music.song import ScoreNote, Song
from firmware_py.session.moment import Moment

_EVERY_S: Final = 0.1
_BAR: Final = "▁▂▃▄▅▆▇█"


class ProgressLine:
    """Rewrites one line of a terminal, and clears it at the end of its block; on anything else it writes nothing."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._live = out.isatty()
        self._last = -math.inf
        self._width = 0
        self._song: Song | None = None
        self._follower: Follower | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._width:
            self._write("\r" + " " * self._width + "\r")

    def _write(self, text: str) -> None:
        """Write and flush; a terminal that was closed is no reason to stop playing."""
        try:
            self._out.write(text)
            self._out.flush()
        except (OSError, ValueError):
            self._live, self._width = False, 0

    def say(self, text: str) -> None:
        """Show these words, at most ten times a second."""
        now = time.monotonic()
        if not self._live or now - self._last < _EVERY_S:
            return
        self._last = now
        self._write("\r" + text.ljust(self._width))
        self._width = len(text)

    def show(self, moment: Moment, song: Song | None) -> None:
        """Show this moment, at most ten times a second."""
        if song is not self._song:
            self._song, self._follower = song, Follower(song) if song else None
        self.say(progress_text(moment, self._follower))


def progress_text(moment: Moment, follower: Follower | None) -> str:
    """Return the line: ``0:12  ♪ E4 +3 ¢ ▅  wanted F4 ↑, then G4 in 0.4 s  (38 ms)``; in free play nothing is wanted.

    An arrow points where the pitch has to go, ✓: it is there. The last is D, from the hand to its sound, once it is
    decided.
    """
    seconds = max(0, int(moment.song_s))
    clock = f"{seconds // 60}:{seconds % 60:02d}"
    following = follower.at(moment.song_s) if follower else None
    if moment.song_s < 0 and follower:
        clock = f"{math.floor(follower.song.tempo_map.beat_at(moment.song_s)):>4}"  # beats to go
    if math.isnan(moment.sounding):
        sounding = f"♪ {'–':<10}"
    else:
        nearest = round(moment.sounding)
        cents = round(100 * (moment.sounding - nearest))
        level = _BAR[max(0, min(len(_BAR) - 1, int(moment.level * len(_BAR))))]
        sounding = f"♪ {note_name(nearest):<3} {cents:+3d} ¢ {level}"
    line = f"  {clock}  {sounding}"
    if moment.words:
        return f"{line}  {moment.words}"
    delay = "" if moment.delay_s is None else f"  ({1000 * moment.delay_s:.0f} ms)"
    if following is None:
        return line + delay
    then = f"{_name(following.next)} in {following.until_s:.1f} s" if following.next else "–"
    return f"{line}  wanted {_name(following.now)}{_way(following, moment.sounding)}, then {then}{delay}"


def _way(following: Following, sounding: float) -> str:
    """Return where the pitch has to go: a tick if nowhere, nothing where none is wanted or none sounds."""
    cents = following.cents_off(sounding)
    if cents is None:
        return ""
    return " ✓" if following.is_right(sounding) else " ↑" if cents < 0 else " ↓"


def _name(note: ScoreNote | None) -> str:
    return "–" if note is None else note_name(note.midi)
