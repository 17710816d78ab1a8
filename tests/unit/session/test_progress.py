"""The line that a person watches: what it says, and where it says nothing."""

import io
import math
from itertools import count

import pytest

from firmware_py.music.follow import Follower
from firmware_py.music.songs_library import load_song
from firmware_py.session import progress
from firmware_py.session.moment import Moment
from firmware_py.session.progress import ProgressLine, progress_text

SONG = load_song("ode-to-joy")  # F#4 F#4 G4 A4 …, a beat each


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class ClosedTerminal(Terminal):
    def write(self, _text: str) -> int:
        raise OSError(5, "Input/output error")


@pytest.fixture
def every_call_is_a_second_later(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = count()
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(seconds)))


def test_it_says_time_note_cents_level_and_what_is_wanted_now_and_next() -> None:
    beat_s = 60 / SONG.tempo_bpm
    text = progress_text(Moment(1.5 * beat_s, 64.03, 0.5), Follower(SONG))
    assert text == "  0:00  ♪ E4   +3 ¢ ▅  wanted F#4 ↑, then G4 in 0.3 s"


def test_before_the_song_it_counts_the_beats_down() -> None:
    text = progress_text(Moment(-3.5 * 60 / SONG.tempo_bpm, math.nan, 0.0), Follower(SONG))
    assert text.split() == ["-4", "♪", "–", "wanted", "–,", "then", "F#4", "in", "1.9", "s"]


def test_after_the_song_and_in_free_play_nothing_is_wanted() -> None:
    assert progress_text(Moment(3600, math.nan, 0), Follower(SONG)).endswith("wanted –, then –")
    assert progress_text(Moment(75.2, 69.0, 1.0), None) == "  1:15  ♪ A4   +0 ¢ █"


@pytest.mark.parametrize("level", [-0.5, 0.0, 0.999, 1.0, 7.0])
def test_any_level_has_a_bar(level: float) -> None:
    assert progress_text(Moment(1, 60.0, level), None)[-1] in "▁█"


@pytest.mark.usefixtures("every_call_is_a_second_later")
def test_a_terminal_gets_one_line_rewritten_and_cleared() -> None:
    out = Terminal()
    with ProgressLine(out) as line:
        line.show(Moment(1, 69.0, 1.0), None)
        line.show(Moment(2, 70.0, 1.0), None)
    assert "\n" not in out.getvalue()
    *_, first, second, blank, end = out.getvalue().split("\r")
    assert (first.split()[2], second.split()[2], blank.strip(), end) == ("A4", "Bb4", "", "")


def test_a_terminal_is_written_to_ten_times_a_second_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = count()
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(ticks) * 0.02)
    out = Terminal()
    with ProgressLine(out) as line:
        for _ in range(100):  # two seconds
            line.show(Moment(1, 69.0, 1.0), None)
    assert 15 <= out.getvalue().count("A4") <= 21


@pytest.mark.usefixtures("every_call_is_a_second_later")
def test_what_is_no_terminal_gets_nothing() -> None:
    out = io.StringIO()
    with ProgressLine(out) as line:
        line.show(Moment(1, 69.0, 1.0), SONG)
    assert out.getvalue() == ""


@pytest.mark.usefixtures("every_call_is_a_second_later")
def test_a_terminal_that_was_closed_stops_nobody_from_playing() -> None:
    with ProgressLine(ClosedTerminal()) as line:
        line.show(Moment(1, 69.0, 1.0), SONG)
        line.show(Moment(2, 69.0, 1.0), SONG)


@pytest.mark.parametrize(("sounding", "way"), [(66.3, "✓"), (67.0, "↓"), (65.0, "↑"), (53.0, "↑"), (54.0, "✓")])
def test_an_arrow_points_where_the_pitch_has_to_go_and_a_tick_says_that_it_is_there(sounding: float, way: str) -> None:
    assert f"wanted F#4 {way}, then" in progress_text(Moment(0.1, sounding, 0.5), Follower(SONG))
