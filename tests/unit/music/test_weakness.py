"""What goes wrong most is found, and what happened once is not made much of."""

import pytest

from firmware_py.music.weakness import PastNote, interval_name, weakest_bars, weakest_intervals, weakest_notes


def notes(name, verdicts, *, pitch=60, interval=None, song="twinkle", bar=1, cents=None):
    return [PastNote(song, bar, name, pitch, interval, verdict, cents, None) for verdict in verdicts.split()]


def test_the_note_that_is_wrong_most_often_of_its_times_comes_first():
    found = weakest_notes(
        notes("C4", "right right flat right") + notes("F#4", "flat flat missed right", pitch=66, cents=-60.0)
    )
    assert [(w.what, w.times, w.right, w.fault) for w in found] == [("F#4", 4, 1, "flat"), ("C4", 4, 3, "flat")]
    assert found[0].cents == -60.0
    assert found[0].late_ms is None


def test_the_figure_is_that_of_the_fault_and_not_of_what_went_well():
    (found,) = weakest_notes(notes("C4", "flat flat", cents=-70.0) + notes("C4", "right " * 9, cents=2.0))
    assert found.cents == -70.0


def test_a_note_asked_for_twice_is_not_called_weak_and_a_right_one_never():
    assert weakest_notes(notes("C4", "missed missed") + notes("D4", "right right right", pitch=62)) == ()


def test_many_failures_weigh_more_than_few():
    found = weakest_notes(notes("C4", "late late late") + notes("D4", "late " * 20, pitch=62))
    assert [w.what for w in found] == ["D4", "C4"]


def test_a_note_that_two_songs_spell_differently_is_one_note():
    (found,) = weakest_notes(notes("C#4", "flat flat", pitch=61) + notes("Db4", "flat", pitch=61))
    assert (found.what, found.times) == ("Db4", 3)


def test_intervals_and_bars_are_ranked_alike():
    leap = notes("G4", "missed missed missed", pitch=67, interval=7, bar=4)
    step = notes("D4", "right right missed", pitch=62, interval=2, bar=2)
    assert [w.what for w in weakest_intervals(leap + step + notes("C4", "missed " * 9))] == ["up a fifth", "up a tone"]
    assert [(w.what, w.song) for w in weakest_bars(leap + step)] == [("bar 4", "twinkle"), ("bar 2", "twinkle")]


@pytest.mark.parametrize(
    ("semitones", "name"),
    [
        (0, "the same note"),
        (1, "up a semitone"),
        (-12, "down an octave"),
        (-7, "down a fifth"),
        (16, "up 16 semitones"),
    ],
)
def test_intervals_have_their_names(semitones, name):
    assert interval_name(semitones) == name
