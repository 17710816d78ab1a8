"""A fist ends a note and its opening strikes the next, where openness articulates; what trembles breaks none."""

import numpy as np
import pytest

from firmware_py.config import PlaySettings
from firmware_py.errors import UsageError
from firmware_py.music.articulation import without_closings
from firmware_py.music.mapping import OPEN_ABOVE, SHUT_BELOW, Mapping
from firmware_py.music.notes import notes_of
from firmware_py.music.songs_library import load_song, mapping_for
from tests.unit.music.test_curve import DELAY_S, T0, curve, samples_of

FISTS = Mapping(shut_below=SHUT_BELOW, open_above=OPEN_ABOVE)
OPEN, FIST = 0.75, 0.12


def played(openness, mapping=FISTS, rate_hz=30.0):
    """The notes of a hand that stays where A4 sounds and opens and closes, a value a frame."""
    samples = samples_of([69.0] * len(openness), mapping, rate_hz)
    samples["hands"]["openness"][:, 0] = openness
    return notes_of(curve(samples, mapping, seconds=len(openness) / rate_hz))


def test_one_pitch_is_struck_again_by_a_fist_that_opens():
    notes = played(([OPEN] * 12 + [FIST] * 3) * 4)
    assert [round(n.pitch) for n in notes] == [69] * 4
    assert [n.onset_s for n in notes] == pytest.approx([0.0, 0.5, 1.0, 1.5], abs=0.04)
    assert all(0.35 < n.duration_s < 0.48 for n in notes[:3])


def test_without_that_setting_openness_breaks_no_note():
    assert len(played(([OPEN] * 12 + [FIST] * 3) * 4, Mapping())) == 1


@pytest.mark.parametrize("seed", range(5))
def test_a_trembling_openness_breaks_no_note_and_sounds_no_fist(seed):
    rng = np.random.default_rng(seed)
    assert len(played(np.clip(rng.normal(0.50, 0.08, 300), 0.22, 1.0))) == 1
    assert played([FIST] * 3 + list(np.clip(rng.normal(0.19, 0.06, 300), 0.05, 0.38))) == ()


def test_a_single_frame_taken_for_a_fist_breaks_no_note():
    openness = np.full(90, OPEN)
    openness[[20, 50, 70]] = 0.0
    assert len(played(openness)) == 1
    samples = samples_of([69.0] * 90, FISTS, 30.0)
    samples["hands"]["openness"][:, 0] = openness
    assert not np.isnan(curve(samples, FISTS, seconds=2.9).pitch).any(), "nor is it heard"


def test_a_fist_falls_silent_within_a_tenth_of_a_second():
    (note,) = played([OPEN] * 15 + [FIST] * 30)
    assert 14 / 30 < note.end_s < 15 / 30 + 0.1


def test_a_hand_that_comes_into_the_picture_as_a_fist_is_silent_until_it_opens():
    samples = samples_of([None] * 5 + [69.0] * 40, FISTS, 30.0)
    samples["hands"]["openness"][5:20, 0] = FIST
    (note,) = notes_of(curve(samples, FISTS, seconds=1.5))
    assert note.onset_s == pytest.approx(20 / 30, abs=0.04)


def test_a_hand_half_open_sounds_when_it_comes_back_though_it_left_as_a_fist():
    samples = samples_of([69.0] * 10 + [None] * 5 + [69.0] * 15, FISTS, 30.0)
    samples["hands"]["openness"][:10, 0] = FIST
    samples["hands"]["openness"][15:, 0] = 0.3
    (note,) = notes_of(curve(samples, FISTS, seconds=1.0))
    assert note.onset_s == pytest.approx(0.5, abs=0.04)


def test_the_setting_reaches_the_mapping():
    song = load_song("twinkle")
    assert mapping_for(song, PlaySettings()).shut_below == 0.0
    asked = mapping_for(song, PlaySettings(articulation="openness"))
    assert (asked.shut_below, asked.open_above) == (SHUT_BELOW, OPEN_ABOVE)


def test_thresholds_the_wrong_way_round_are_refused():
    with pytest.raises(UsageError, match="open_above"):
        played([OPEN], Mapping(shut_below=0.5, open_above=0.4))


def closing(fall, *, leaves=False):
    """Two notes of one pitch; the hand looks smaller while it closes, and is known for a fist 130 ms later."""
    areas = [69.0] * 30 + fall + fall[-1:] * 6 + [69.0] * 30
    samples = samples_of(areas, FISTS, 60.0)
    samples["hands"]["openness"][:, 0] = [OPEN] * (30 + len(fall)) + [FIST] * 6 + [OPEN] * 30
    if leaves:
        samples["flags"][30 + len(fall) :][:6] = 0
    heard = curve(samples, FISTS, seconds=len(areas) / 60.0)
    return notes_of(heard), notes_of(without_closings(heard, samples, t0_ns=T0, delay_s=DELAY_S))


def test_what_sounds_while_a_hand_closes_is_no_note():
    before, after = closing([68.0, 67.0, 66.0, *[65.0] * 8])
    assert [round(n.pitch) for n in before] == [69, 65, 69]
    assert [round(n.pitch) for n in after] == [69, 69]
    assert after[0].duration_s == pytest.approx(0.5, abs=0.06)
    assert after[1] == before[2]


def test_a_low_note_before_a_hand_that_leaves_is_one():
    before, after = closing([68.0, 67.0, 66.0, *[65.0] * 8], leaves=True)
    assert [round(n.pitch) for n in after] == [round(n.pitch) for n in before] == [69, 65, 69]


def test_a_note_held_until_the_fist_stays_whole():
    before, after = closing([69.0] * 11)
    assert after == before
