from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_py.music.song import ScoreNote
from firmware_py.report.notation import VALUES, Metre, bars_of

F = Fraction  # of beats

COMMON = Metre(4, 4)


def spelled(metre: Metre, *spans: tuple[object, object], bars: int = 1):
    notes = [ScoreNote(F(on), F(length), 60) for on, length in spans]
    return [
        [("r" if p.midi is None else "n") + p.kind + "." * p.dots + ("~" if p.tie_to else "") for p in bar]
        for bar in bars_of(notes, metre, bars)
    ]


def test_a_note_over_a_bar_line_is_tied():
    assert spelled(COMMON, (0, 3), (3, 2), bars=2) == [["nhalf.", "nquarter~"], ["nquarter", "rquarter", "rhalf"]]


def test_a_syncopation_shows_the_middle_of_the_bar():
    assert spelled(COMMON, (0, F(3, 2)), (F(3, 2), 1), (F(5, 2), F(3, 2))) == [
        ["nquarter.", "neighth~", "neighth", "nquarter."]
    ]


def test_quarter_half_quarter_stays_as_everybody_reads_it():
    assert spelled(COMMON, (0, 1), (1, 2), (3, 1)) == [["nquarter", "nhalf", "nquarter"]]


def test_rests_stand_on_the_beats_and_a_silent_bar_is_one_rest():
    assert spelled(COMMON, (F(1, 2), F(1, 2)), bars=2) == [["reighth", "neighth", "rquarter", "rhalf"], ["r"]]


def test_three_four_rests_beat_by_beat():
    assert spelled(Metre(3, 4), (2, 1)) == [["rquarter", "rquarter", "nquarter"]]


def test_compound_time_groups_by_the_dotted_beat():
    assert spelled(Metre(6, 8), (0, 2), (2, 1)) == [["nquarter.~", "neighth", "nquarter"]]


def test_three_four_takes_a_dotted_half():
    assert spelled(Metre(3, 4), (0, 3)) == [["nhalf."]]


def test_triplets_are_bracketed_and_the_rest_of_the_bar_is_plain():
    bar = bars_of([ScoreNote(F(1) + F(n, 3), F(1, 3), 60) for n in range(3)], COMMON, 1)[0]
    assert [p.triplet for p in bar] == ["", "start", "on", "stop", ""]
    assert [p.kind for p in bar if p.triplet] == ["eighth"] * 3


def test_triplets_take_the_half_beat_the_beat_or_two_beats_as_they_lie():
    def groups(*lengths):
        starts = [sum(lengths[:n], F(0)) for n in range(len(lengths))]
        bar = bars_of([ScoreNote(a, length, 60) for a, length in zip(starts, lengths, strict=True)], COMMON, 1)[0]
        return [(p.kind, p.triplet) for p in bar if p.midi is not None]

    sixth, third, two_thirds = F(1, 6), F(1, 3), F(2, 3)
    assert groups(sixth, sixth, sixth, F(1, 2)) == [("16th", "start"), ("16th", "on"), ("16th", "stop"), ("eighth", "")]
    assert groups(third, two_thirds) == [("eighth", "start"), ("quarter", "stop")]
    assert groups(*[two_thirds] * 3) == [("quarter", "start"), ("quarter", "on"), ("quarter", "stop")]


def test_eighths_are_beamed_by_the_half_bar_and_mixed_values_by_the_beat():
    eighths = bars_of([ScoreNote(F(n, 2), F(1, 2), 60) for n in range(8)], COMMON, 1)[0]
    assert [p.beams[0] for p in eighths] == ["begin", "continue", "continue", "end"] * 2
    mixed = bars_of(
        [ScoreNote(F(0), F(1, 2), 60), ScoreNote(F(1, 2), F(1, 4), 60), ScoreNote(F(3, 4), F(1, 4), 60)], COMMON, 1
    )[0]
    assert [p.beams for p in mixed][:3] == [("begin",), ("continue", "begin"), ("end", "end")]


def test_a_dotted_eighth_and_its_sixteenth_get_a_hook():
    bar = bars_of([ScoreNote(F(0), F(3, 4), 60), ScoreNote(F(3, 4), F(1, 4), 60)], COMMON, 1)[0]
    assert [p.beams for p in bar][:2] == [("begin",), ("end", "backward hook")]


@st.composite
def parts(draw):
    at, notes = F(0), []
    step = draw(st.sampled_from([F(1, 2), F(1, 3), F(1, 4), F(1, 8), F(1, 6)]))
    for _ in range(draw(st.integers(0, 30))):
        at += draw(st.integers(0, 3)) * step
        length = draw(st.integers(1, 20)) * step
        notes.append(ScoreNote(at, length, draw(st.integers(40, 90))))
        at += length
    return notes


@pytest.mark.parametrize(
    "metre",
    [COMMON, Metre(3, 4), Metre(2, 4), Metre(6, 8), Metre(12, 8), Metre(2, 2), Metre(5, 4), Metre(7, 8), Metre(3, 8)],
)
@settings(deadline=None)
@given(parts())
def test_every_bar_is_filled_exactly_and_every_note_keeps_its_length(metre, notes):
    end = max((n.onset + n.duration for n in notes), default=F(0))
    bars = bars_of(notes, metre, max(1, -(-end // metre.bar)))
    for bar in bars:
        assert sum(p.duration for p in bar) == metre.bar
        assert all(p.offset == sum((q.duration for q in bar[:i]), F(0)) for i, p in enumerate(bar))
        for p in bar:
            if p.kind:
                share = F(2, 3) if p.triplet else F(1)
                assert {v: name for v, name in VALUES.items() if v * share == p.duration}, p
    for i, note in enumerate(notes):
        pieces = [p for bar in bars for p in bar if p.source == i]
        assert sum(p.duration for p in pieces) == note.duration
        assert [p.tie_from for p in pieces] == [False] + [True] * (len(pieces) - 1)
        assert [p.tie_to for p in pieces] == [True] * (len(pieces) - 1) + [False]
