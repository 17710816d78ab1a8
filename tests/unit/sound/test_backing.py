"""The backing: notes where the song has them, quiet, the same every time, and kept."""

from fractions import Fraction

import numpy as np
import pytest

from firmware_py.errors import SessionFolderError
from firmware_py.music.pitch import midi_to_hz
from firmware_py.music.song import Part, ScoreNote, Song
from firmware_py.sound.backing import (
    BASS,
    GUIDE_DB,
    HELD,
    LEVEL_DB,
    PLUCKED,
    STRUCK,
    backing_file,
    click_seconds,
    kind_of,
    render_backing,
)

RATE_HZ = 48_000
MELODY = tuple(ScoreNote(Fraction(n), Fraction(1), 60 + n) for n in range(8))


def song(*parts, beats=4, unit=4):
    return Song("tune", "Tune", "", 1800, "", 1, 120.0, beats, unit, "C major", MELODY, parts)


PIANO = Part("piano", 0, (ScoreNote(Fraction(2), Fraction(1), 69),))
DRUMS = Part("drums", 0, tuple(ScoreNote(Fraction(n), Fraction(1, 4), (36, 38)[n % 2]) for n in range(8)), drums=True)


def test_a_note_sounds_at_its_time_and_pitch():
    stems = render_backing(song(PIANO), song_start_s=1.0, rate_hz=RATE_HZ, count_in_bars=0)
    left = stems[:, 0].astype(float)
    first = np.flatnonzero(left)[0] / RATE_HZ
    assert first == pytest.approx(2.0, abs=0.003)
    steady = left[round(2.05 * RATE_HZ) : round(2.45 * RATE_HZ)]
    spectrum = np.abs(np.fft.rfft(steady * np.hanning(len(steady)), 1 << 17))
    assert np.argmax(spectrum) * RATE_HZ / (1 << 17) == pytest.approx(440, abs=1)


def test_the_backing_is_quiet_enough_for_the_instrument_to_lead():
    stems = render_backing(song(PIANO, DRUMS), song_start_s=1.0, rate_hz=RATE_HZ, count_in_bars=1)
    sound = stems[:, :2] / 32768.0
    assert 10 * np.log10(np.mean(sound**2)) == pytest.approx(LEVEL_DB, abs=0.5)
    assert np.abs(sound).max() < 0.5


def test_the_count_in_clicks_on_every_beat_before_the_song_the_first_of_a_bar_higher():
    clicks = click_seconds(song(), song_start_s=4.0, bars=2)
    assert [at for at, _ in clicks] == pytest.approx([0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5])
    assert [first for _, first in clicks] == [True, False, False, False] * 2
    stems = render_backing(song(), song_start_s=4.0, rate_hz=RATE_HZ, count_in_bars=2)
    for at, _ in clicks:
        assert np.abs(stems[round(at * RATE_HZ) :][:2000, 2]).max() > 3000
    assert np.count_nonzero(stems[4 * RATE_HZ :, 2]) == 0


def test_the_metronome_goes_on_through_the_song_on_request():
    clicks = click_seconds(song(beats=3), song_start_s=1.5, bars=1, through=True)
    assert [at for at, _ in clicks] == pytest.approx([0.5 * n for n in range(12)])
    assert [first for _, first in clicks] == [True, False, False] * 4
    stems = render_backing(song(), song_start_s=0.0, rate_hz=RATE_HZ, count_in_bars=0, click_through=True)
    assert [np.abs(stems[n * RATE_HZ // 2 :][:2000, 2]).max() > 3000 for n in range(10)] == [True] * 8 + [False] * 2


def test_the_guide_is_the_melody_in_a_column_of_its_own_at_its_level():
    stems = render_backing(song(), song_start_s=1.0, rate_hz=RATE_HZ, count_in_bars=0)
    guide = stems[:, 3].astype(float)
    assert 20 * np.log10(np.sqrt(np.mean((guide / 32768) ** 2))) == pytest.approx(GUIDE_DB, abs=0.5)
    assert not np.any(guide[: RATE_HZ - 1])
    for n, note in enumerate(MELODY):
        middle = guide[round((1.1 + 0.5 * n) * RATE_HZ) : round((1.4 + 0.5 * n) * RATE_HZ)]
        spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle)), 1 << 18))
        spectrum[: (1 << 18) * 200 // RATE_HZ] = 0
        found = np.argmax(spectrum) * RATE_HZ / (1 << 18)
        partial = round(found / midi_to_hz(note.midi))
        assert found / partial == pytest.approx(midi_to_hz(note.midi), rel=0.006)
    assert not np.any(stems[:, :3])


def test_six_eighths_click_in_eighths_and_none_before_t0():
    clicks = click_seconds(song(beats=6, unit=8), song_start_s=1.0, bars=1)
    assert [at for at, _ in clicks] == pytest.approx([0.0, 0.25, 0.5, 0.75])


def test_a_song_without_parts_is_silence_of_its_length():
    stems = render_backing(song(), song_start_s=1.0, rate_hz=RATE_HZ, count_in_bars=0)
    assert len(stems) == 7 * RATE_HZ
    assert np.count_nonzero(stems[:, :3]) == 0


def test_the_same_song_gives_the_same_bytes_and_is_rendered_once(tmp_path):
    settings = {"song_start_s": 1.0, "rate_hz": RATE_HZ, "count_in_bars": 1}
    path = backing_file(song(PIANO, DRUMS), tmp_path, **settings)
    written = path.stat().st_mtime_ns
    assert backing_file(song(PIANO, DRUMS), tmp_path, **settings) == path
    assert path.stat().st_mtime_ns == written
    assert np.array_equal(np.load(path), render_backing(song(PIANO, DRUMS), **settings))
    assert backing_file(song(PIANO), tmp_path, **settings) != path
    assert backing_file(song(PIANO, DRUMS).at_tempo(90.0), tmp_path, **settings) != path
    assert len(list(tmp_path.iterdir())) == 3


def test_a_cache_that_cannot_be_written_is_one_clear_error(tmp_path):
    (tmp_path / "cache").write_text("in the way")
    with pytest.raises(SessionFolderError, match="the backing cannot be kept"):
        backing_file(song(PIANO), tmp_path / "cache", song_start_s=0.0, rate_hz=RATE_HZ, count_in_bars=0)


@pytest.mark.parametrize(
    ("program", "kind"), [(0, STRUCK), (11, STRUCK), (19, HELD), (24, PLUCKED), (33, BASS), (48, HELD), (73, HELD)]
)
def test_programs_sound_like_their_family(program, kind):
    assert kind_of(program) == kind


def test_high_notes_fold_nothing_back():
    part = Part("bells", 0, (ScoreNote(Fraction(0), Fraction(4), 108),))
    left = render_backing(song(part), song_start_s=0.0, rate_hz=RATE_HZ, count_in_bars=0)[:RATE_HZ, 0].astype(float)
    spectrum = np.abs(np.fft.rfft(left * np.blackman(len(left))))
    hz = np.fft.rfftfreq(len(left), 1 / RATE_HZ)
    assert 20 * np.log10(spectrum[hz < 4000].max() / spectrum.max()) < -60
