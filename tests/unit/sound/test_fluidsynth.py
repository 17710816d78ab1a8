"""FluidSynth's backing: in time, as loud and as long as our own, kept once; and our own where it is not there."""

import os
import re
import stat
import sys
from dataclasses import replace

import numpy as np
import pytest

from firmware_py.music.song import Part
from firmware_py.sound import fluidsynth
from firmware_py.sound.backing import backing_file, render_backing
from firmware_py.sound.fluidsynth import FluidSynthError, find_fluidsynth, play_parts
from firmware_py.sound.own_backing import loudness_of
from tests.unit.music.foreign_files import BASS, DRUMS, SCALE, F, notes, song_of

RATE_HZ = 48_000
HOW = {"song_start_s": 1.0, "rate_hz": RATE_HZ, "count_in_bars": 1}
SONG = song_of(SCALE, parts=(BASS, DRUMS))
INSTALL = "FluidSynth is not installed (apt install fluidsynth); the backing is played by Hand Dance's own voices"


def lufs(stems):
    return loudness_of(stems[:, :2].astype(np.float32) / np.float32(32768), RATE_HZ)


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """A FluidSynth that does what it is told in Python."""

    def made(does: str):
        command = tmp_path / "bin" / "fluidsynth"
        command.parent.mkdir(exist_ok=True)
        command.write_text(f"#!{sys.executable}\nimport sys\nif '--version' in sys.argv: sys.exit(0)\n{does}\n")
        command.chmod(command.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", str(command.parent))
        font = tmp_path / "a.sf2"
        font.write_bytes(b"RIFF\0\0\0\0sfbk")
        return str(font)

    fluidsynth._version.cache_clear()
    return made


def test_a_song_is_as_long_and_as_loud_as_with_our_own_voices_and_rendered_once(tmp_path):
    said = []
    path = backing_file(SONG, tmp_path, played_by="fluidsynth", say=said.append, **HOW)
    stems, own = np.load(path), render_backing(SONG, **HOW)
    assert said == []
    assert stems.shape == own.shape
    assert lufs(stems) == pytest.approx(lufs(own), abs=0.1)
    assert np.array_equal(stems[:, 2:], own[:, 2:])  # clicks and guide are ours
    assert not np.array_equal(stems[:, :2], own[:, :2])
    written = path.stat().st_ino
    assert backing_file(SONG, tmp_path, played_by="auto", **HOW) == path
    assert path.stat().st_ino == written
    other = tmp_path / "other"
    assert np.array_equal(np.load(backing_file(SONG, other, played_by="auto", **HOW)), stems)


def test_every_note_begins_within_a_millisecond_of_its_time():
    onsets = [F(n * 401, 960) for n in range(40)]
    sticks = Part("Sticks", 0, notes(*((on, F(1, 8), 37) for on in onsets)), drums=True)
    song = song_of(notes((0, 32, 60)), parts=(sticks,))
    sound = play_parts(find_fluidsynth(), song, [0.0], start_s=0.25, frames=12 * RATE_HZ, rate_hz=RATE_HZ)
    loud = np.abs(sound).max(axis=1)
    late_ms = []
    for onset in onsets:
        at = round((0.25 + song.seconds(onset) - 0.02) * RATE_HZ)
        near = loud[at : at + round(0.08 * RATE_HZ)]
        late_ms.append((np.argmax(near > 0.1 * near.max()) / RATE_HZ - 0.02) * 1000)
    attack_ms = float(np.median(late_ms))  # of the sample itself, until a tenth of its peak
    assert attack_ms < 2.0
    assert np.abs(np.array(late_ms) - attack_ms).max() < 1.0


@pytest.mark.parametrize(
    ("does", "says"),
    [
        ("sys.exit('no such preset')", "FluidSynth failed .no such preset."),
        ("sys.exit(0)", "FluidSynth failed"),
        ("open(sys.argv[sys.argv.index('-F') + 1], 'w').write('noise')", "is no sound"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "exit code -11"),
    ],
)
def test_where_it_fails_our_own_voices_play_and_it_is_said_once(tmp_path, fake, does, says):
    said = []
    path = backing_file(SONG, tmp_path / "c", played_by="auto", soundfont=fake(does), say=said.append, **HOW)
    assert np.array_equal(np.load(path), render_backing(SONG, **HOW))
    assert len(said) == 1
    assert re.search(says, said[0])
    assert path == backing_file(SONG, tmp_path / "c", **HOW)


def test_one_that_hangs_is_given_up(tmp_path, fake, monkeypatch):
    monkeypatch.setattr(fluidsynth, "WITHIN_S", -30.0)
    found = find_fluidsynth(fake("import time; time.sleep(60)"))
    with pytest.raises(FluidSynthError, match="did not end within"):
        play_parts(found, SONG, [0.0] * len(SONG.parts), start_s=0.0, frames=31 * RATE_HZ, rate_hz=RATE_HZ)


def test_where_it_is_not_installed_auto_is_silent_about_it_and_an_order_is_answered(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    said = []
    auto = backing_file(SONG, tmp_path / "c", played_by="auto", say=said.append, **HOW)
    assert said == []
    assert backing_file(SONG, tmp_path / "c", played_by="fluidsynth", say=said.append, **HOW) == auto
    assert said == [
        "FluidSynth is not installed (apt install fluidsynth); the backing is played by Hand Dance's own voices"
    ]


def test_a_soundfont_that_is_none_is_said(tmp_path):
    (tmp_path / "a.sf2").write_text("no font")
    with pytest.raises(FluidSynthError, match="is no SoundFont"):
        find_fluidsynth(str(tmp_path / "a.sf2"))
    with pytest.raises(FluidSynthError, match="cannot be read"):
        find_fluidsynth(str(tmp_path / "gone.sf2"))


def test_without_parts_there_is_nothing_to_play(tmp_path):
    bare = replace(SONG, parts=())
    assert backing_file(bare, tmp_path, played_by="fluidsynth", **HOW) == backing_file(bare, tmp_path, **HOW)


@pytest.mark.parametrize("harm", ["cut", "changed", "empty", "other"])
def test_a_damaged_file_in_the_cache_is_rendered_again(tmp_path, harm):
    path = backing_file(SONG, tmp_path, **HOW)
    raw = bytearray(path.read_bytes())
    if harm == "changed":
        raw[len(raw) // 2] ^= 1
    path.write_bytes({"cut": raw[:-1000], "changed": raw, "empty": b"", "other": b"x" * 5000}[harm])
    assert backing_file(SONG, tmp_path, **HOW) == path
    assert np.array_equal(np.load(path), render_backing(SONG, **HOW))


def test_the_cache_keeps_what_was_used_last(tmp_path, monkeypatch):
    from firmware_py.sound import backing

    monkeypatch.setattr(backing, "MOST_CACHED", 2)
    short = song_of(notes((0, 1, 60)))
    paths = [backing_file(replace(short, title=str(n)), tmp_path, **HOW) for n in range(2)]
    os.utime(paths[0], (1, 1))
    assert backing_file(replace(short, title="0"), tmp_path, **HOW) == paths[0]  # used again
    os.utime(paths[1], (2, 2))
    last = backing_file(replace(short, title="2"), tmp_path, **HOW)
    assert set(tmp_path.iterdir()) == {paths[0], last}
