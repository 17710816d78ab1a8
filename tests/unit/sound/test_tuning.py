"""The rendered sound is in tune: measured from its samples, to a tenth of a cent, for every tuning that can be set."""

import dataclasses

import pytest

from firmware_py.config import Config
from firmware_py.music.mapping import Mapping
from firmware_py.music.pitch import scale_mask
from firmware_py.sound.patches import patch_named

from .conftest import PLAIN
from .measures import pitch_of

CENT = 0.01


def measured(sound_of, hand_samples, pitch, mapping, **more):
    """The pitch of a held note, in MIDI note numbers of the mapping's own tuning."""
    sound = sound_of(hand_samples([pitch] * 130, mapping), mapping=mapping, **more) / 32768.0
    return pitch_of(sound[4800:100_800], round(pitch), mapping.a4_hz)


@pytest.mark.parametrize("a4_hz", [390.0, 415.0, 440.0, 442.0, 470.0])
@pytest.mark.parametrize("pitch", [36.0, 45.0, 57.0, 60.0, 69.0, 81.0, 90.0, 96.0])
def test_a_note_sounds_at_its_equally_tempered_frequency(hand_samples, sound_of, pitch, a4_hz):
    mapping = dataclasses.replace(PLAIN, a4_hz=a4_hz)
    assert measured(sound_of, hand_samples, pitch, mapping) == pytest.approx(pitch, abs=0.1 * CENT)


@pytest.mark.parametrize("cents", [-30, -7, 11, 30])
def test_a_pitch_between_two_notes_sounds_where_it_lies(hand_samples, sound_of, cents):
    pitch = 69 + cents * CENT
    assert measured(sound_of, hand_samples, pitch, PLAIN) == pytest.approx(pitch, abs=0.1 * CENT)


def test_full_strength_puts_a_hand_beside_the_note_onto_it(hand_samples, sound_of):
    mapping = dataclasses.replace(PLAIN, quantise=1.0, scale=scale_mask("pentatonic"), a4_hz=442.0)
    assert measured(sound_of, hand_samples, 68.6, mapping) == pytest.approx(69.0, abs=0.1 * CENT)


@pytest.mark.parametrize("wave", ["saw", "square"])
@pytest.mark.parametrize("pitch", [40.0, 69.0, 93.0])
def test_saws_and_squares_are_in_the_same_tune(hand_samples, sound_of, pitch, wave):
    patch = dataclasses.replace(patch_named("square"), wave=wave, vibrato_cents=0.0)
    mapping = dataclasses.replace(PLAIN, a4_hz=415.0)
    assert measured(sound_of, hand_samples, pitch, mapping, patch=patch) == pytest.approx(pitch, abs=0.1 * CENT)


def test_the_tuning_that_ships_is_440():
    assert Config().play.a4_hz == Mapping().a4_hz == 440.0
