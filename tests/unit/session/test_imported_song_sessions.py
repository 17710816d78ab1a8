"""A session of an imported song keeps the song, so that its report outlives it."""

from dataclasses import replace

import pytest

from firmware_py.archive.session_folder import SessionRecord
from firmware_py.config import load_config
from firmware_py.errors import SongError
from firmware_py.music.imported_songs import imported_folder, keep_song, remove_song
from firmware_py.music.mapping import Mapping
from firmware_py.music.songs_library import load_song
from firmware_py.report.report import make_report
from firmware_py.session.play import create_folder
from tests.unit.music.foreign_files import BASS, SCALE, song_of

TUNE = replace(song_of(SCALE, parts=(BASS,)), name="tune", backing="written")
RECORD = SessionRecord(
    "2026-11-21T10:30:00Z", "tune", "air", "Ana", "ghost", "offline", Mapping(), 0, 48_000, 2, 0, 120, end="over"
)


def test_the_report_of_an_imported_song_can_be_made_when_the_song_is_gone(tmp_path):
    config = load_config({("paths", "state"): str(tmp_path)}, {}, ())
    keep_song(TUNE, imported_folder(tmp_path))
    folder = create_folder(config, RECORD)
    remove_song("tune", imported_folder(tmp_path))
    assert make_report(folder).song.title == "Tune"
    assert len(make_report(folder).wanted) == len(SCALE)


def test_a_shipped_song_is_not_copied(tmp_path):
    config = load_config({("paths", "state"): str(tmp_path)}, {}, ())
    assert list(create_folder(config, replace(RECORD, song="twinkle")).path.glob("*.toml")) == []


def test_another_programs_file_is_not_played_but_told_how_to_import():
    with pytest.raises(SongError, match=r"hand-dance songs import a/tune\.mid"):
        load_song("a/tune.mid")
