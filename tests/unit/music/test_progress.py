"""Progress over sessions: bests, gains and streaks."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.music.progress import PastSession, songs_of, streak_of

TODAY = date(2026, 11, 21)


def session(minute: int, marks: float | None, song: str = "twinkle", **more: object) -> PastSession:
    started = (datetime(2026, 11, 21, 10, tzinfo=UTC) + timedelta(minutes=minute)).isoformat()
    fields = {
        "name": f"{minute:03}", "started_utc": started, "song": song, "title": song.title(), "player": "Ana",
        "patch": "air", "seconds": 60.0, "tempo_bpm": 100.0, "transpose": 0, "marks": marks, "points": 0, "notes": 5,
        "wanted": 9, "right": 5, "bias_cents": None, "spread_cents": None, "unsteady_ms": None, "end": "song",
        "failed": False,
    }  # fmt: skip
    return PastSession(**{**fields, **more})


def days_ago(*days: int) -> list[date]:
    return [TODAY - timedelta(days=n) for n in days]


def test_each_song_has_its_best_and_its_last_the_song_played_last_first():
    ode, twinkle = songs_of(
        [session(1, 50.0), session(2, 90.0), session(3, 90.0), session(4, 70.0), session(5, 30.0, "ode-to-joy")]
    )
    assert (ode.song, len(ode.sessions)) == ("ode-to-joy", 1)
    assert (twinkle.best.name, twinkle.last.marks) == ("002", 70.0)


def test_sessions_without_marks_without_notes_and_failed_ones_are_no_progress():
    assert songs_of([session(1, None), session(2, 0.0, notes=0), session(3, 50.0, failed=True)]) == ()


def test_the_gain_is_that_of_the_line_and_one_slip_does_not_undo_it():
    (steady,) = songs_of([session(n, 50.0 + 5 * n) for n in range(7)])
    assert steady.gained == pytest.approx(30.0)
    (slipped,) = songs_of([session(n, 0.0 if n == 5 else 50.0 + 5 * n) for n in range(7)])
    assert slipped.gained > 20.0
    (twice,) = songs_of([session(1, 10.0), session(2, 90.0)])
    assert twice.gained == 0.0


@pytest.mark.parametrize(
    ("days", "now", "longest"),
    [
        (days_ago(), 0, 0),
        (days_ago(0), 1, 1),
        (days_ago(1, 2, 2, 3), 3, 3),
        (days_ago(2, 3), 0, 2),
        (days_ago(9, 8, 7, 6, 1, 0), 2, 4),
        (days_ago(-3), 0, 1),
    ],
)
def test_a_streak_is_days_in_a_row_that_today_may_still_continue(days, now, longest):
    streak = streak_of(days, TODAY)
    assert (streak.now, streak.longest) == (now, longest)


@given(st.sets(st.integers(0, 60)))
def test_a_streak_is_never_longer_than_the_longest_nor_that_than_the_days(days):
    streak = streak_of(days_ago(*days), TODAY)
    assert 0 <= streak.now <= streak.longest <= len(days)


def test_a_day_is_that_of_the_place_it_was_played_in():
    late = session(0, 50.0, started_utc="2026-11-21T23:30:00Z")
    assert late.day(UTC) == date(2026, 11, 21)
    assert late.day(timezone(timedelta(hours=1))) == date(2026, 11, 22)
