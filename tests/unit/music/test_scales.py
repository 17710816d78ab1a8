"""Every scale in every key against its definition, and what the instrument's own control path makes of it."""

import dataclasses
from decimal import Decimal, getcontext

import numpy as np
import pytest

from firmware_py.config import SCALES
from firmware_py.hand_sample import HAND_SAMPLE, Flag
from firmware_py.music.curve import curve_of
from firmware_py.music.mapping import Mapping
from firmware_py.music.pitch import CHROMATIC, SCALE_NAMES, Key, midi_to_hz, parse_key, scale_mask
from firmware_py.music.songs_library import known_songs, load_song, scale_for

# From the tonic up to its octave, in semitones: as any book of harmony defines them.
STEPS = {
    ("chromatic", False): (1,) * 12,
    ("chromatic", True): (1,) * 12,
    ("major", False): (2, 2, 1, 2, 2, 2, 1),
    ("major", True): (2, 2, 1, 2, 2, 2, 1),
    ("minor", False): (2, 1, 2, 2, 1, 2, 2),
    ("minor", True): (2, 1, 2, 2, 1, 2, 2),
    ("pentatonic", False): (2, 2, 3, 2, 3),
    ("pentatonic", True): (3, 2, 2, 3, 2),
    ("blues", False): (3, 2, 1, 1, 3, 2),
    ("blues", True): (3, 2, 1, 1, 3, 2),
}
TONICS = (
    "C major",
    "Db major",
    "D major",
    "Eb major",
    "E major",
    "F major",
    "Gb major",
    "G major",
    "Ab major",
    "A major",
    "Bb major",
    "B major",
)
KEYS = [(tonic, name, parse_key(name)) for tonic, name in enumerate(TONICS)]
A4S = (390.0, 415.0, 432.0, 440.0, 442.0, 470.0)
T0_NS, DELAY_S = 1_000_000_000_000, 0.06
FREE = Mapping(low=36.0, high=96.0, quantise=0.0, glide_s=0.0, hysteresis_cents=0.0)


def defined(tonic: int, scale: str, minor: bool) -> set[int]:
    steps = STEPS[scale, minor]
    assert sum(steps) == 12
    return {(tonic + sum(steps[:n])) % 12 for n in range(len(steps))}


def classes(mask: int) -> set[int]:
    return {n for n in range(12) if mask >> n & 1}


def sounded(pitches, mapping):
    """The pitch that sounds for each pitch of the hand, each held for one camera frame."""
    samples = np.zeros(len(pitches) + 1, HAND_SAMPLE)
    samples["t_capture_ns"] = T0_NS - round(DELAY_S * 1e9) + np.arange(len(samples)) * 10_000_000
    samples["flags"] = Flag.PRESENT
    samples["hands"]["area"][:, 0] = [mapping.area_of(p) for p in (*pitches, pitches[-1])]
    curve = curve_of(samples, mapping, t0_ns=T0_NS, delay_s=DELAY_S, seconds=len(pitches) / 100)
    return curve.pitch[::2][: len(pitches)]  # two rows a sample


@pytest.mark.parametrize("a4_hz", A4S)
def test_every_note_is_equally_tempered_to_a_millionth_of_a_cent(a4_hz):
    getcontext().prec = 40
    semitone = Decimal(2) ** (Decimal(1) / Decimal(12))
    for midi in range(128):
        exact = Decimal(a4_hz) * semitone ** (midi - 69)
        cents = 1200 * float((Decimal(midi_to_hz(midi, a4_hz)) / exact).ln()) / float(Decimal(2).ln())
        assert abs(cents) < 1e-6


@pytest.mark.parametrize("minor", [False, True], ids=["major", "minor"])
@pytest.mark.parametrize(("tonic", "name", "key"), KEYS)
def test_every_scale_in_every_key_is_its_definition(tonic, name, key, minor):
    key = Key(key.tonic_place, minor)
    assert key.tonic == tonic
    for scale in SCALE_NAMES:
        assert classes(scale_mask(scale, key)) == defined(tonic, scale, minor), (name, scale)


@pytest.mark.parametrize("scale", SCALE_NAMES)
@pytest.mark.parametrize("minor", [False, True], ids=["major", "minor"])
def test_a_hand_that_crosses_the_range_sounds_every_note_of_the_scale_and_no_other(scale, minor):
    for _, _, key in KEYS:
        mask = scale_mask(scale, Key(key.tonic_place, minor))
        found = sounded(np.arange(47.6, 84.4, 0.1), dataclasses.replace(FREE, quantise=1.0, scale=mask))
        notes = {round(float(pitch)) for pitch in found}
        assert np.abs(found - np.rint(found)).max() < 1e-4  # a hundredth of a cent
        inside = {midi for midi in range(48, 85) if mask >> midi % 12 & 1}
        assert inside <= notes | {84}
        assert all(mask >> note % 12 & 1 for note in notes)


@pytest.mark.parametrize("name", known_songs())
def test_the_scale_of_a_song_is_the_notes_of_its_melody(name):
    song = load_song(name)
    assert classes(scale_for(song, "song")) == {note.midi % 12 for note in song.melody}
    for scale in set(SCALES) - {"song"}:
        key = song.parsed_key
        assert classes(scale_for(song, scale)) == defined(key.tonic, scale, key.minor)


def test_a_free_hand_sounds_its_pitch_over_the_whole_range_to_a_hundredth_of_a_cent():
    wide = dataclasses.replace(FREE, low=0.0, high=127.0, area_far=1e-4, area_near=1.0)
    pitches = np.linspace(0.5, 126.5, 500)
    assert np.abs(sounded(pitches, wide) - pitches).max() < 1e-4


@pytest.mark.parametrize("strength", [0, 1, 25, 50, 85, 100])
def test_the_strength_is_the_share_of_the_way_to_the_scale(strength):
    mapping = dataclasses.replace(FREE, quantise=strength / 100, scale=CHROMATIC)
    pitches = np.array([60.0, 60.1, 60.3, 60.49, 72.3, 72.0, 71.9, 71.6])
    wanted = pitches + strength / 100 * (np.rint(pitches) - pitches)
    assert np.abs(sounded(pitches, mapping) - wanted).max() < 1e-4


@pytest.mark.parametrize("hysteresis_cents", [0.0, 15.0, 45.0])
@pytest.mark.parametrize(("scale", "middle"), [("chromatic", 60.5), ("major", 61.0), ("pentatonic", 65.5)])
def test_a_step_is_left_so_far_past_the_middle_as_the_hysteresis_says_on_the_way_up_and_down(
    hysteresis_cents, scale, middle
):
    mapping = dataclasses.replace(FREE, quantise=1.0, scale=scale_mask(scale), hysteresis_cents=hysteresis_cents)
    up = np.arange(middle - 0.5, middle + 0.5, 0.01) + 0.005
    found = np.rint(sounded(np.concatenate((up, up[::-1])), mapping))
    there, back = found[: len(up)], found[len(up) :]
    rises = up[np.flatnonzero(np.diff(there))[0] + 1]
    falls = up[::-1][np.flatnonzero(np.diff(back))[0] + 1]
    assert rises == pytest.approx(middle + hysteresis_cents / 100, abs=0.011)
    assert falls == pytest.approx(middle - hysteresis_cents / 100, abs=0.011)


def test_a_hand_that_trembles_within_the_hysteresis_holds_its_note():
    mapping = dataclasses.replace(FREE, quantise=1.0, hysteresis_cents=15.0)
    trembling = 60.5 + 0.14 * np.sin(np.arange(400))
    assert len(set(np.rint(sounded(np.concatenate(([60.2], trembling)), mapping)))) == 1
