"""A melody and a player's failings become a hand's movement."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.music.mapping import Mapping
from firmware_py.music.note import Note
from firmware_py.sight.ghost.part import GhostPart, GhostPlayer
from firmware_py.sight.ghost.performance import FIST_S, GLIDE_OCTAVES_PER_S, OPEN_LEAD_S, STRIKE_S, Performance

MAPPING = Mapping()
LAG = MAPPING.glide_s
MELODY = (Note(1.0, 0.5, 60.0), Note(1.5, 0.5, 67.0), Note(2.0, 0.5, 67.0), Note(3.0, 1.0, 62.0))


def playing(
    player: GhostPlayer | None = None, *, melody: tuple[Note, ...] = MELODY, delay_s: float = 0.0
) -> Performance:
    return Performance(GhostPart(melody, MAPPING, delay_s, 5.0), player or GhostPlayer())


def test_in_the_middle_of_a_note_the_hand_has_the_area_of_its_pitch() -> None:
    ghost = playing()
    for note in MELODY:
        hand = ghost.at(note.onset_s + 0.25)
        assert hand is not None
        assert MAPPING.pitch_of(hand.area) == pytest.approx(note.pitch, abs=1e-6)


def test_the_hand_is_out_of_the_picture_before_the_song_in_rests_and_after_it() -> None:
    ghost = playing()
    for s in (0.0, 0.99, 2.51, 2.99, 4.01, 10.0):
        assert ghost.at(s) is None


def test_a_repeated_note_is_struck_again_by_leaving_the_picture_for_a_moment() -> None:
    ghost = playing()
    assert ghost.at(2.0 - STRIKE_S - 0.005) is not None
    assert ghost.at(2.0 - STRIKE_S + 0.005) is None
    assert ghost.at(1.995) is None
    assert ghost.pitch_at(2.0) == 67.0


def test_a_short_repeated_note_keeps_more_than_half_its_length() -> None:
    ghost = playing(melody=(Note(0.0, 0.1, 60.0), Note(0.1, 0.1, 60.0)))
    assert ghost.at(0.054) is not None
    assert ghost.at(0.06) is None


def test_the_way_between_notes_is_halfway_as_long_before_the_onset_as_the_instrument_glides_later() -> None:
    assert playing().pitch_at(1.5 - LAG) == pytest.approx(63.5)


def test_the_hand_moves_earlier_by_the_instruments_delay() -> None:
    assert playing(delay_s=0.06).pitch_at(1.5 - LAG - 0.06) == pytest.approx(63.5)


def test_a_late_player_is_late_by_as_much() -> None:
    assert playing(GhostPlayer(late=0.1)).pitch_at(1.6 - LAG) == pytest.approx(63.5)


def test_an_out_of_tune_player_is_off_by_as_many_cents() -> None:
    assert playing(GhostPlayer(cents=30)).pitch_at(1.25) == pytest.approx(60.3)


def test_an_unsteady_hand_trembles_within_its_cents_and_about_the_note() -> None:
    ghost = playing(GhostPlayer(tremble=40), melody=(Note(0.0, 10.0, 60.0),))
    pitches = np.array([ghost.pitch_at(k / 100) for k in range(1000)], dtype=float)
    assert 0.2 < np.abs(pitches - 60).max() <= 0.8
    assert abs(pitches.mean() - 60) < 0.05


def test_missing_notes_are_left_out_and_the_rest_stays_in_its_place() -> None:
    melody = tuple(Note(float(k), 0.9, 60.0 + k % 12) for k in range(200))
    ghost = playing(GhostPlayer(missing=0.25), melody=melody)
    held = [ghost.pitch_at(note.onset_s + 0.4) for note in melody]
    assert 0.15 < held.count(None) / len(held) < 0.35
    for note, pitch in zip(melody, held, strict=True):
        assert pitch in (None, note.pitch)


def test_the_silent_player_never_shows_a_hand() -> None:
    ghost = playing(GhostPlayer("silent"))
    assert all(ghost.at(k / 50) is None for k in range(250))


def test_the_held_player_holds_the_songs_commonest_note_from_end_to_end() -> None:
    ghost = playing(GhostPlayer("held"))
    assert {ghost.pitch_at(1.0 + k / 50) for k in range(150)} == {67.0}
    assert ghost.at(0.9) is ghost.at(4.1) is None


def test_the_first_half_player_stops_in_the_middle() -> None:
    ghost = playing(GhostPlayer("first-half"))
    assert ghost.pitch_at(2.25) == 67.0
    assert ghost.at(3.25) is None


def test_the_random_player_waves_all_along_within_the_keyboard() -> None:
    ghost = playing(GhostPlayer("random"))
    pitches = np.array([ghost.pitch_at(k / 60) for k in range(600)], dtype=float)
    assert np.isfinite(pitches).all()
    assert MAPPING.low <= pitches.min() < pitches.max() <= MAPPING.high
    assert np.ptp(pitches) > 8
    assert np.abs(np.diff(pitches)).max() * 60 / 12 < GLIDE_OCTAVES_PER_S


def test_without_a_melody_a_still_hand_is_held_in_the_middle_of_the_keyboard() -> None:
    assert playing(melody=()).pitch_at(3.0) == pytest.approx((MAPPING.low + MAPPING.high) / 2)


def test_the_same_seed_moves_alike_and_another_one_does_not() -> None:
    one, same, other = (playing(GhostPlayer("random", seed=seed)) for seed in (4, 4, 5))
    assert [one.at(k / 10) for k in range(40)] == [same.at(k / 10) for k in range(40)]
    assert one.at(1.0) != other.at(1.0)


NOTES = st.lists(
    st.tuples(st.floats(0.03, 2.0), st.floats(0.0, 1.0), st.integers(40, 90)), min_size=1, max_size=30
).map(lambda rows: melody_of(rows))


def melody_of(rows: list[tuple[float, float, int]]) -> tuple[Note, ...]:
    notes, at = [], 0.5
    for length, rest, pitch in rows:
        notes.append(Note(at, length, float(pitch)))
        at += length + rest
    return tuple(notes)


@given(NOTES, st.floats(0.0, 30.0))
def test_whatever_the_melody_areas_stay_near_the_keyboard(melody: tuple[Note, ...], s: float) -> None:
    hand = playing(melody=melody).at(s)
    if hand is not None:
        assert math.isfinite(hand.area)
        assert MAPPING.area_of(MAPPING.low - 1.01) <= hand.area <= MAPPING.area_of(MAPPING.high + 1.01)


@given(NOTES)
def test_whatever_the_melody_each_note_is_reached_by_its_middle(melody: tuple[Note, ...]) -> None:
    ghost = playing(melody=melody)
    for note in melody:
        if note.duration_s >= 0.2:
            assert ghost.pitch_at(note.onset_s + note.duration_s / 2) == pytest.approx(note.pitch)


def test_a_fist_parts_a_repeated_note_and_is_open_again_before_it_is_due() -> None:
    ghost = playing(GhostPlayer(strike="fist"))
    closed = {s: hand.closed for s in np.arange(1.5, 2.5, 0.01).round(2).tolist() if (hand := ghost.at(s))}
    assert len(closed) == 100  # never out of the picture
    shut = [s for s, much in closed.items() if much == 1.0]
    assert shut[0] == pytest.approx(2.0 - OPEN_LEAD_S - FIST_S, abs=0.011)
    assert shut[-1] == pytest.approx(2.0 - OPEN_LEAD_S, abs=0.011)
    assert closed[1.6] == closed[2.0] == 0.0
    hands = [playing().at(s) for s in (1.2, 1.7, 2.0, 3.5)]
    assert {hand.closed for hand in hands if hand} == {0.0}
