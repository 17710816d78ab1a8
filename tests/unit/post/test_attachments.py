import re

import numpy as np
import pytest
import soundfile

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.post.attachments import LARGEST_RAW_BYTES, choose, stem_of


@pytest.fixture
def workspace(tmp_path):
    path = tmp_path / "workspace"
    path.mkdir()
    return path


def test_everything_goes_as_it_is_where_it_fits(make_session, workspace):
    chosen = choose(SessionFolder(make_session()), "2026-11-21_ode-to-joy", workspace)
    assert [a.name for a in chosen.attachments] == [
        "2026-11-21_ode-to-joy.wav",
        "2026-11-21_ode-to-joy.pdf",
        "2026-11-21_ode-to-joy.mid",
        "2026-11-21_ode-to-joy.musicxml",
    ]
    assert [a.mime for a in chosen.attachments] == [
        "audio/wav",
        "application/pdf",
        "audio/midi",
        "application/vnd.recordare.musicxml+xml",
    ]
    assert (chosen.sound, chosen.missing) == ("whole", ())
    assert [p.name for p in workspace.iterdir()] == ["mastered.wav"]


def test_sound_that_cannot_be_brought_to_a_loudness_goes_byte_for_byte(make_session, workspace):
    folder = SessionFolder(make_session())
    sound = folder.file(SessionFolder.SOUND)
    soundfile.write(sound, np.zeros((48_000, 2)), 48_000, subtype="PCM_16")
    assert choose(folder, "s", workspace).attachments[0].path == sound
    assert list(workspace.iterdir()) == []


@pytest.mark.parametrize(
    ("limit", "noise", "sound", "ending", "channels"),
    [
        (120_000, True, "mono", "wav", 1),
        (80_000, False, "flac", "flac", 2),
        (60_000, True, "mp3", "mp3", 2),
        (30_000, True, "mp3", "mp3", 2),
        (16_000, True, "opus", "opus", 2),
        (7_000, True, "too-large", None, None),
    ],
)
def test_sound_too_large_goes_as_mono_then_flac_then_mp3_then_opus_then_not_at_all(
    make_session, workspace, limit, noise, sound, ending, channels
):
    chosen = choose(SessionFolder(make_session(noise=noise)), "s", workspace, limit)
    assert chosen.sound == sound
    assert chosen.whole_bytes == (workspace / "mastered.wav").stat().st_size
    assert chosen.limit_bytes == limit
    assert sum(a.size for a in chosen.attachments) <= limit
    names = [a.name for a in chosen.attachments]
    assert names[-3:] == ["s.pdf", "s.mid", "s.musicxml"]
    if ending:
        assert names[0] == f"s.{ending}"
        info = soundfile.info(chosen.attachments[0].path)
        assert (info.frames, info.samplerate, info.channels) == (48_000, 48_000, channels)
        assert info.subtype == {"mp3": "MPEG_LAYER_III", "opus": "OPUS"}.get(ending, "PCM_16")
    else:
        assert len(names) == 3


def test_flac_carries_the_very_samples_of_the_wav_that_was_too_large(make_session, workspace):
    flac = choose(SessionFolder(make_session()), "s", workspace, 80_000).attachments[0].path
    before, _ = soundfile.read(workspace / "mastered.wav", dtype="int16")
    after, _ = soundfile.read(flac, dtype="int16")
    assert (before == after).all()


def test_mono_flac_is_the_last_try(make_session, workspace):
    folder = SessionFolder(make_session(seconds=3, noise=True))
    sound, rate = soundfile.read(folder.file(SessionFolder.SOUND))
    sound[:, 0] *= 0.02
    sound[:, 1] = -sound[:, 0]
    sound[:, 1] *= 0.999
    soundfile.write(folder.file(SessionFolder.SOUND), sound, rate, subtype="PCM_16")
    chosen = choose(folder, "s", workspace, 200_000)
    assert chosen.sound == "flac-mono"
    assert soundfile.info(chosen.attachments[0].path).channels == 1


def test_a_smaller_sound_is_made_once(make_session, workspace):
    folder = SessionFolder(make_session())
    first = choose(folder, "s", workspace, 120_000).attachments[0].path
    written = first.stat().st_mtime_ns
    assert choose(folder, "s", workspace, 120_000).attachments[0].path == first
    assert first.stat().st_mtime_ns == written
    assert sorted(p.name for p in workspace.iterdir()) == ["0-mono.wav", "mastered.wav"]


def test_missing_and_empty_files_are_named_and_the_rest_goes(make_session, workspace):
    folder = SessionFolder(make_session())
    folder.file(SessionFolder.SCORE).unlink()
    folder.file(SessionFolder.MIDI).write_bytes(b"")
    folder.file(SessionFolder.SOUND).unlink()
    chosen = choose(folder, "s", workspace)
    assert chosen.missing == ("wav", "pdf", "mid")
    assert chosen.sound == "missing"
    assert [a.name for a in chosen.attachments] == ["s.musicxml"]


def test_a_large_wav_that_cannot_be_read_stays_on_the_box(make_session, workspace):
    folder = SessionFolder(make_session())
    folder.file(SessionFolder.SOUND).write_bytes(b"nothing that sounds" * 10_000)
    assert choose(folder, "s", workspace, 100_000).sound == "too-large"
    assert list(workspace.iterdir()) == []


def test_three_minutes_of_stereo_stay_under_what_mail_takes(make_session, workspace):
    folder = SessionFolder(make_session(seconds=140))
    chosen = choose(folder, "s", workspace)
    assert chosen.sound == "mono"
    assert sum(a.size for a in chosen.attachments) <= LARGEST_RAW_BYTES


@pytest.mark.parametrize(
    ("song", "stem"),
    [
        ("ode-to-joy", "ode-to-joy"),
        ("../../etc/passwd", "etc-passwd"),
        ("Für Elise!", "fur-elise"),
        ("Straße", "strasse"),
        ("日本の歌", "session"),
        ('a"b\r\nX: y', "a-b-x-y"),
        ("…", "session"),
        ("x" * 300, "x" * 60),
    ],
)
def test_a_file_name_survives_every_song(song, stem):
    assert stem_of(song, None) == stem


@pytest.mark.parametrize(
    ("title", "wide"),
    [
        ("Ode to Joy", ""),
        ("Für Elise", "2026-11-21_für-elise.pdf"),
        ("日本の歌", "2026-11-21_日本の歌.pdf"),
        ("Ä/../\\\u202eX\r\n: y", "2026-11-21_ä-x-y.pdf"),
        ("♪ ♫", ""),
        ("é" * 300, f"2026-11-21_{'é' * 40}.pdf"),
    ],
)
def test_a_title_in_other_letters_gives_a_second_name_that_no_system_takes_for_a_path(
    make_session, workspace, title, wide
):
    chosen = choose(SessionFolder(make_session()), "2026-11-21_x", workspace, title=title)
    assert chosen.attachments[1].wide_name == wide
    assert re.fullmatch(r"[a-z0-9_.-]+", chosen.attachments[1].name)


def test_a_rate_that_opus_has_not_goes_as_mp3_or_not_at_all(make_session, workspace):
    folder = SessionFolder(make_session())
    rng = np.random.default_rng(2)
    soundfile.write(folder.file(SessionFolder.SOUND), rng.uniform(-0.3, 0.3, (44_100, 2)), 44_100, subtype="PCM_16")
    assert choose(folder, "s", workspace, 16_000).sound == "too-large"
    assert choose(folder, "s", workspace, 60_000).sound == "mp3"
