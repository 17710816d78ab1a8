"""What every shipped patch must keep: pitch, loudness, headroom, no clicks, the same bytes in blocks of any size."""

import dataclasses
import math

import numpy as np
import pytest

from firmware_py.sound.patches import patch_files, patch_named

RATE_HZ = 48_000
PATCHES = sorted(patch_files())


def steady(name):
    """The patch without what moves its pitch or smears it."""
    return dataclasses.replace(
        patch_named(name),
        vibrato_cents=0.0, detune_cents=0.0, breath_db=-96.0, breath_onset_db=-96.0,
        chorus_wet=0.0, echo_wet=0.0, room_wet=0.0,
    )  # fmt: skip


def pitch_near(sound, pitch):
    """The fundamental's pitch, by how far its phase drifts from the expected one's between two windows."""
    hz, half = 440 * 2 ** ((pitch - 69) / 12), len(sound) // 2
    turned = sound[:, 0] * np.exp(-2j * np.pi * hz * np.arange(len(sound)) / RATE_HZ)
    first, second = (np.sum(turned[at : at + half] * np.blackman(half)) for at in (0, half))
    return pitch + 12 * math.log2(1 + np.angle(second / first) / (2 * np.pi) * RATE_HZ / half / hz)


def test_there_are_at_least_eight():
    assert len(PATCHES) >= 8


@pytest.mark.parametrize("name", PATCHES)
@pytest.mark.parametrize("pitch", [48.0, 69.37, 88.0])
def test_a_patch_sounds_its_pitch_within_a_cent(hand_samples, sound_of, name, pitch):
    sound = sound_of(hand_samples([pitch] * 40), patch=steady(name))
    assert pitch_near(sound[12_000:31_000].astype(float), pitch) == pytest.approx(pitch, abs=0.01)


@pytest.mark.parametrize("name", PATCHES)
def test_a_patch_is_as_loud_as_the_others(hand_samples, sound_of, name):
    powers = [
        np.mean(np.square(sound_of(hand_samples([p] * 60), patch=name)[4800:] / 32768)) for p in (55.0, 64.0, 76.0)
    ]
    assert 10 * math.log10(np.mean(powers)) == pytest.approx(-15.0, abs=2.0)


@pytest.mark.parametrize("name", PATCHES)
def test_a_patch_never_clicks_and_never_reaches_full_scale(hand_samples, sound_of, name):
    """A click is a step far above those of the tone itself: note on, off, a leap, and a glide over three octaves."""
    held = sound_of(hand_samples([72.0] * 60), patch=steady(name))[9600:] / 32768
    moving = hand_samples([72.0] * 20 + [None] * 6 + [48.0] * 20 + [72.0 - n for n in range(24)] + [72.0] * 20)
    sound = sound_of(moving, patch=steady(name)) / 32768
    attack = 1 / patch_named(name).sustain
    decayed = 4.0 if patch_named(name).ring_ms else 1.0
    assert np.abs(np.diff(sound, axis=0)).max() <= 1.6 * attack * decayed * np.abs(np.diff(held, axis=0)).max() + 0.002
    assert np.abs(sound_of(moving, patch=name)).max() < 32_700


@pytest.mark.parametrize("name", PATCHES)
def test_a_patch_is_the_same_bytes_in_blocks_of_any_size(hand_samples, sound_of, name):
    moving = hand_samples([60 + 9 * math.sin(n / 5) if n % 20 > 4 else None for n in range(40)])
    assert len({sound_of(moving, patch=name, block=block).tobytes() for block in (4096, 64, 77)}) == 1


@pytest.mark.parametrize("name", PATCHES)
def test_a_patch_falls_silent_when_the_hand_has_gone(hand_samples, sound_of, name):
    sound = sound_of(hand_samples([64.0] * 20), patch=name, seconds=9.0)
    assert np.abs(sound[-RATE_HZ:]).max() <= 1


def test_the_patches_differ(hand_samples, sound_of):
    def fingerprint(name):
        sound = sound_of(hand_samples([60.0] * 40), patch=name)[9600:28_800, 0] * np.hanning(19_200)
        bands = np.add.reduceat(
            np.square(np.abs(np.fft.rfft(sound)))[40:8000], [0, 100, 200, 320, 500, 800, 1300, 2500]
        )
        return 10 * np.log10(bands / bands.sum() + 1e-5)

    prints = {name: fingerprint(name) for name in PATCHES}
    for one in PATCHES:
        for other in PATCHES:
            assert one == other or np.abs(prints[one] - prints[other]).max() > 1.0, (one, other)
