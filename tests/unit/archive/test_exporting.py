"""Sessions are exported whole or by format, under names that sort, and nothing is replaced or left in part."""

import os
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from firmware_py.archive import exporting
from firmware_py.archive.exporting import FORMATS, export_folder, export_zip, files_to_export
from firmware_py.archive.library import list_sessions, sessions_in
from firmware_py.archive.session_folder import SessionFolder, SessionRecord
from firmware_py.errors import SessionFolderError
from firmware_py.music.mapping import Mapping

RECORD = SessionRecord("", "twinkle", "air", "", "ghost", "offline", Mapping(), 0, 48_000, 2, 0, 120, end="song")
FIRST, SECOND = "20261121T103000Z_twinkle", "20261121T103100Z_twinkle"


@pytest.fixture
def folders(tmp_path: Path) -> list[SessionFolder]:
    for minute in (31, 30):
        folder = SessionFolder.create(sessions_in(tmp_path), replace(RECORD, started_utc=f"2026-11-21T10:{minute}:00Z"))
        for name in (SessionFolder.SOUND, SessionFolder.SCORE, SessionFolder.MIDI):
            folder.write_whole(name, f"{name} of {minute}".encode())
    return list_sessions(tmp_path)


def test_an_export_holds_every_file_of_each_session_and_nothing_hidden(
    folders: list[SessionFolder], tmp_path: Path
) -> None:
    with zipfile.ZipFile(export_zip(files_to_export(folders), tmp_path / "all.zip")) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
    whole = ["notes.mid", "score.pdf", "session.json", "sound.wav"]
    assert names == [f"{session}/{name}" for session in (FIRST, SECOND) for name in whole]
    assert names == sorted(names)


def test_one_format_gives_a_flat_row_of_files_that_sort_by_time(folders: list[SessionFolder], tmp_path: Path) -> None:
    places = export_folder(files_to_export(folders, ["pdf"]), tmp_path / "scores")
    assert [place.name for place in places] == [f"{FIRST}.pdf", f"{SECOND}.pdf"]
    assert places[0].read_bytes() == b"score.pdf of 30"


def test_several_formats_stay_together_by_session(folders: list[SessionFolder]) -> None:
    files = files_to_export(folders[:1], ["wav", "midi", "wav"])
    assert [file.name for file in files] == [f"{FIRST}/sound.wav", f"{FIRST}/notes.mid"]


def test_a_format_that_a_session_lacks_is_refused_with_what_to_do(folders: list[SessionFolder]) -> None:
    with pytest.raises(SessionFolderError, match=r"has no notes\.csv; make it with hand-dance report"):
        files_to_export(folders, ["pdf", "csv"])


def test_every_format_is_a_file_of_a_session() -> None:
    own = {value for name, value in vars(SessionFolder).items() if name.isupper()}
    assert set(FORMATS.values()) <= own


def test_what_exists_is_never_replaced(folders: list[SessionFolder], tmp_path: Path) -> None:
    files = files_to_export(folders)
    (tmp_path / "out.zip").write_bytes(b"mine")
    with pytest.raises(SessionFolderError, match="exists already"):
        export_zip(files, tmp_path / "out.zip")
    assert (tmp_path / "out.zip").read_bytes() == b"mine"
    (tmp_path / "out" / SECOND).mkdir(parents=True)
    (tmp_path / "out" / SECOND / "score.pdf").write_bytes(b"mine")
    with pytest.raises(SessionFolderError, match="exists already"):
        export_folder(files, tmp_path / "out")
    assert not (tmp_path / "out" / FIRST).exists()


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_an_export_cut_short_leaves_no_part_of_a_file(
    folders: list[SessionFolder], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(zipfile.ZipFile, "write", fail)
    monkeypatch.setattr(exporting.shutil, "copyfileobj", fail)
    files = files_to_export(folders)
    raised = SessionFolderError if isinstance(error, OSError) else KeyboardInterrupt
    with pytest.raises(raised):
        export_zip(files, tmp_path / "out.zip")
    with pytest.raises(raised):
        export_folder(files, tmp_path / "out")
    assert not (tmp_path / "out.zip").exists()
    assert [p for p in (tmp_path / "out").rglob("*") if p.is_file()] == []


def test_a_session_of_a_box_whose_clock_stood_at_1970_is_exported(folders: list[SessionFolder], tmp_path: Path) -> None:
    os.utime(folders[0].file(SessionFolder.SOUND), (0, 0))
    with zipfile.ZipFile(export_zip(files_to_export(folders), tmp_path / "out.zip")) as archive:
        assert archive.testzip() is None


def test_a_zip_within_the_session_that_it_exports_does_not_hold_itself(folders: list[SessionFolder]) -> None:
    target = folders[0].file("out.zip")
    with zipfile.ZipFile(export_zip(files_to_export(folders[:1]), target)) as archive:
        assert f"{FIRST}/out.zip" not in archive.namelist()


@pytest.mark.parametrize("write", [export_zip, export_folder])
def test_a_place_that_cannot_be_written_is_said(
    folders: list[SessionFolder], tmp_path: Path, write: Callable[..., object]
) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SessionFolderError, match="name another place"):
        write(files_to_export(folders), tmp_path / "file" / "out.zip")
