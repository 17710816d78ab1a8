"""What every shipped patch must keep: pitch, loudness, expression, no clicks, an end, the same bytes in any blocks."""

import dataclasses
import math

import numpy as np
import pytest

from firmware_py.sound.patches import patch_files, patch_named

from .conftest import PLAIN
from .measures import RATE_HZ, bands_db, brightness_hz, bursts, lufs, pitch_of, sideways_db

PATCHES = sorted(patch_files())
EXPRESSIVE = dataclasses.replace(PLAIN, height_to_loudness=0.5)  # as shipped
MELODY = (57.0, 64.0, 71.0, 78.0, 60.0, 67.0)

every_patch = pytest.mark.parametrize("name", PATCHES)


@pytest.fixture
def play(hand_samples, sound_of):
    """Everything that sounds of some pitches, one a camera frame, None for no hand; openness and y are the hand's."""

    def sound(patch, pitches, *, openness=0.5, y=0.3, mapping=EXPRESSIVE, **more):
        samples = hand_samples(pitches, mapping)
        samples["hands"]["openness"][:, 0] = openness
        samples["hands"]["y"][:, 0] = y
        return sound_of(samples, patch=patch, mapping=mapping, **more) / 32768.0

    return sound


def steady(name, **more):
    """The patch without what moves its pitch or smears it."""
    return dataclasses.replace(
        patch_named(name),
        vibrato_cents=0.0, detune_cents=0.0, breath_db=-96.0, breath_onset_db=-96.0,
        chorus_wet=0.0, echo_wet=0.0, room_wet=0.0, **more,
    )  # fmt: skip


def melody():
    return [pitch for note in MELODY for pitch in [note] * 24 + [None] * 3]


def test_there_are_at_least_eight():
    assert len(PATCHES) >= 8


@every_patch
@pytest.mark.parametrize("pitch", [48.0, 69.37, 88.0])
def test_a_patch_sounds_its_pitch_within_a_cent(play, name, pitch):
    sound = play(steady(name, unison=1.0), [pitch] * 40)
    assert pitch_of(sound[12_000:31_000], pitch) == pytest.approx(pitch, abs=0.01)


@every_patch
def test_a_patch_with_all_that_moves_it_lies_on_average_within_five_cents_of_its_pitch(play, name):
    """Over whole swings of the vibrato and of what beats: the mean of the instantaneous frequency, by power."""
    pitch = 64.0
    hz = 440 * 2 ** ((pitch - 69) / 12)
    sound = play(patch_named(name), [pitch] * 400)[2 * RATE_HZ : 6 * RATE_HZ].mean(axis=1)
    tone = sound * np.exp(-2j * np.pi * hz * np.arange(len(sound)) / RATE_HZ)
    tone = np.convolve(tone, np.hanning(2400), "valid")[::240]
    hertz = np.angle(np.sum(tone[1:] * np.conj(tone[:-1]))) / (2 * np.pi) * RATE_HZ / 240
    assert 1200 * math.log2(1 + hertz / hz) == pytest.approx(0, abs=5)


@every_patch
def test_a_patch_is_as_loud_to_people_as_the_others(play, name):
    assert lufs(play(patch_named(name), melody())) == pytest.approx(-15.0, abs=1.0)


@every_patch
def test_a_patch_is_as_loud_low_as_high(play, name):
    found = [lufs(play(patch_named(name), [pitch] * 60)) for pitch in (57.0, 64.0, 72.0, 81.0)]
    assert max(found) - min(found) < 4


@every_patch
def test_the_height_of_the_hand_is_heard(play, name):
    high, low = (lufs(play(patch_named(name), melody(), y=y)) for y in (0.0, 1.0))
    assert high - low == pytest.approx(12, abs=1.5)


@every_patch
def test_the_openness_of_the_hand_is_heard_as_brightness_or_as_strength(play, name):
    closed, opened = (play(patch_named(name), [60.0] * 60, openness=o)[9600:] for o in (0.0, 1.0))
    brighter, stronger = brightness_hz(opened) / brightness_hz(closed), lufs(opened) - lufs(closed)
    assert brighter > 1.4 or stronger > 5, (brighter, stronger)


@pytest.mark.parametrize("name", sorted(set(PATCHES) - {"sine"}))
def test_a_soft_note_is_not_brighter_than_a_loud_one(play, name):
    loud, soft = (play(steady(name), [60.0] * 40, y=y)[9600:] for y in (0.0, 1.0))
    assert brightness_hz(soft) < 1.02 * brightness_hz(loud)


MOVES = {
    "on and off": [48.0] * 30 + [None] * 20,
    "taken up again while it fades": ([48.0] * 12 + [None] * 7) * 3 + [48.0] * 12,
    "leaps": [60.0] * 15 + [48.0] * 15 + [59.0] * 15,
    "a glide over two octaves": [36.0] * 10 + [36 + n * 0.4 for n in range(60)] + [60 - 2.4 * n for n in range(10)],
    "the end of the session": [48.0] * 30,
}


@every_patch
def test_a_patch_never_clicks(play, name):
    """What lies above 6 kHz is never more than what the held tone has there; 2 ms long and 45 dB down would be seen."""
    patch = dataclasses.replace(patch_named(name), breath_db=-96.0, breath_onset_db=-96.0)
    held = dataclasses.replace(patch, ring_ms=0.0, sustain=1.0, bite=0.0)
    floor = 10 ** ((-60 if patch.ring_ms else -75) / 20)  # a pick may be heard
    silence = np.zeros((1000, 2))
    for move, pitches in MOVES.items():
        top = max(pitch for pitch in pitches if pitch is not None)
        own = bursts(play(held, [top] * 40, openness=min(1.0, 0.2 + patch.bite))[9600:-3000]).max()
        sound = np.concatenate((silence, play(patch, pitches, openness=0.2), silence))
        assert bursts(sound).max() < 1.5 * own + floor, (
            move,
            20 * math.log10(bursts(sound).max() / (1.5 * own + floor)),
        )


@every_patch
def test_a_cut_through_the_sound_would_be_seen_as_a_click(play, name):
    """The measure of the test above, tried: a quarter as loud from one frame to the next, at most places of a cycle."""
    patch = dataclasses.replace(patch_named(name), breath_db=-96.0, breath_onset_db=-96.0)
    held = dataclasses.replace(patch, ring_ms=0.0, sustain=1.0, bite=0.0)
    own = bursts(play(held, [48.0] * 40, openness=0.2 + patch.bite)[9600:-3000]).max()
    sound, seen = play(patch, [48.0] * 40, openness=0.2), []
    for at in range(12_000, 12_367, 37):  # a cycle
        cut = sound[at - 400 : at + 400].copy()
        cut[400:] *= 0.25
        seen.append(bursts(cut).max() > 1.5 * own + 10 ** ((-60 if patch.ring_ms else -75) / 20))
    assert np.mean(seen) > 0.6


@every_patch
def test_a_patch_stays_in_bounds_however_absurd_the_hands_are(hand_samples, sound_of, name):
    """Area from nothing to all and back at every frame, open and shut, high and low; both hands."""
    samples = hand_samples([60.0] * 120)
    samples["flags"] |= 2
    for hand in (0, 1):
        samples["hands"]["area"][:, hand] = [1.0 if n % 2 == hand else 1e-9 for n in range(120)]
        samples["hands"]["openness"][:, hand] = [n % 2 for n in range(120)]
        samples["hands"]["y"][:, hand] = [n // 2 % 2 for n in range(120)]
    samples["flags"][::7] = 0
    sound = sound_of(samples, patch=name)
    assert np.abs(sound.astype(int)).max() < 32_700
    assert np.sqrt(np.mean(np.square(sound / 32768.0))) > 0.01


@every_patch
def test_the_limiter_hardly_bends_even_the_loudest_sound_of_a_patch(play, name):
    patch = patch_named(name)
    quiet = dataclasses.replace(patch, level_db=patch.level_db - 12)  # out of its reach
    assert 10 ** (12 / 20) * np.abs(play(quiet, melody(), y=0.0, openness=1.0)).max() < 0.9


@every_patch
def test_a_patch_has_no_direct_current(play, name):
    assert abs(play(patch_named(name), [57.0] * 120).mean()) < 2e-4


def test_a_thump_does_not_ring_on_in_an_echo_as_direct_current(play):
    thump = dataclasses.replace(
        patch_named("sine"), attack_ms=2.0, decay_ms=2.0, sustain=0.0, echo_wet=1.0, echo_ms=10.0, echo_feedback=0.9
    )
    assert abs(play(thump, [40.0] * 30)[4000:8000].mean()) < 0.005


@every_patch
def test_a_patch_is_the_same_bytes_in_blocks_of_any_size(hand_samples, sound_of, name):
    moving = hand_samples([60 + 9 * math.sin(n / 5) if n % 20 > 4 else None for n in range(40)])
    assert len({sound_of(moving, patch=name, block=block).tobytes() for block in (4096, 64, 77)}) == 1


@every_patch
def test_a_patch_falls_silent_when_the_hand_has_gone(hand_samples, sound_of, name):
    sound = sound_of(hand_samples([64.0] * 20), patch=name, seconds=9.0)
    assert np.abs(sound[-RATE_HZ:]).max() <= 1


def test_a_patch_with_a_room_or_a_chorus_is_wide_and_one_without_is_not(play):
    for name in PATCHES:
        patch = patch_named(name)
        for part in (patch, dataclasses.replace(patch, room_wet=0.0), dataclasses.replace(patch, chorus_wet=0.0)):
            width = sideways_db(play(part, melody()))
            assert (width > -35) == bool(part.room_wet or part.chorus_wet), (name, width)
            assert width < -3, (name, width)  # one loudspeaker alone still gets all of it


def test_the_patches_differ(play):
    """By their colour, or by how they begin and end: at least 3 dB in some third octave."""

    def fingerprint(name):
        sound = play(patch_named(name), [60.0] * 36 + [None] * 12)
        return np.concatenate([bands_db(sound[at : at + 9600]) for at in (0, 4800, 19_200, 28_800)])

    prints = {name: fingerprint(name) for name in PATCHES}
    for one in PATCHES:
        for other in PATCHES:
            assert one == other or np.abs(prints[one] - prints[other]).max() > 3.0, (one, other)


def test_a_string_is_struck_anew_when_the_hand_comes_back_while_it_still_rings(play):
    sound = play(patch_named("string"), [60.0] * 20 + [None] * 12 + [60.0] * 20)
    first, again = (np.abs(sound[at : at + 4800]).max() for at in (0, 32 * 800))
    assert again > 0.7 * first


def test_a_string_is_struck_at_every_step_of_the_scale_and_softer_in_a_run(play):
    mapping = dataclasses.replace(EXPRESSIVE, quantise=1.0, scale=0b101010110101, hysteresis_cents=10.0)
    dry = steady("string")
    steps = play(dry, [60.0] * 40 + [62.0] * 40, mapping=mapping)
    before, after = (np.abs(steps[at : at + 2400]).max() for at in (36 * 800, 41 * 800))
    assert after > 1.5 * before
    run = play(dry, [48 + n / 5 for n in range(120)], mapping=mapping)[9600:, 0]
    level = np.sqrt(np.mean(np.square(run[: len(run) // 2400 * 2400].reshape(-1, 2400)), axis=1))
    assert 20 * math.log10(level.max() / level.min()) < 8
    assert level.mean() < 0.9 * np.sqrt(np.mean(np.square(steps[:4800, 0])))


def test_the_singers_of_a_choir_do_not_swing_together(play):
    """One voice with vibrato swings at one loudness; singers with vibratos of their own beat against each other."""
    swells = []
    for singers in (1.0, 5.0):
        choir = dataclasses.replace(steady("choir"), vibrato_cents=16.0, unison=singers)
        sound = play(choir, [60.0] * 200)[2 * RATE_HZ :, 0]
        tone = sound * np.exp(-2j * np.pi * 261.6256 * np.arange(len(sound)) / RATE_HZ)
        swells.append(np.std(20 * np.log10(np.abs(np.convolve(tone, np.hanning(1200), "valid")[::240]))))
    assert swells[0] < 0.5
    assert swells[1] > 0.8
