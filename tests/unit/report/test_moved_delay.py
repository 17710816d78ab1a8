"""A session whose delay was made longer on the way: its notes lie where they were heard."""

import pytest

from firmware_py.music.delay import DelayMove
from firmware_py.music.note import Note
from firmware_py.report.performance import performance_of
from tests.unit.report.conftest import DELAY_S, START_S

MOVED_S = 0.040


def test_notes_after_a_move_of_the_delay_are_where_they_sounded(session_of) -> None:
    notes = [Note(n * 0.8, 0.6, 60.0 + n) for n in range(4)]
    folder = session_of("free", notes, seconds=7.0)
    still = [note.onset_s for note in performance_of(folder, folder.record(), ()).notes]
    at_s = START_S + 1.5  # between the second and the third
    folder.update(delay_moves=(DelayMove(at_s, DELAY_S, DELAY_S + MOVED_S),))
    moved = [note.onset_s for note in performance_of(folder, folder.record(), ()).notes]
    assert len(still) == 4
    assert [b - a for a, b in zip(still, moved, strict=True)] == pytest.approx([0, 0, MOVED_S, MOVED_S], abs=0.0051)


def test_who_plays_well_is_marked_the_same_though_the_delay_moved(session_of) -> None:
    folder = session_of("ode-to-joy")
    still = performance_of(folder, folder.record(), ()).marks
    folder.update(delay_moves=(DelayMove(8.0, DELAY_S, DELAY_S + 0.010),))
    moved = performance_of(folder, folder.record(), ()).marks
    assert still.total > 90
    assert moved.total == pytest.approx(still.total, abs=1.0)
