"""The sessions on a box: found by name, deleted on request."""

from dataclasses import replace
from pathlib import Path

import pytest

from firmware_py.archive.library import delete_session, find_session, list_sessions, remove_unbegun, sessions_in
from firmware_py.archive.session_folder import SessionFolder, SessionRecord
from firmware_py.errors import SessionFolderError
from firmware_py.music.mapping import Mapping

RECORD = SessionRecord(
    "2026-11-21T10:30:00Z", "ode-to-joy", "air", "", "ghost", "offline", Mapping(), 0, 48_000, 2, 0, 120
)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    for minute in (30, 31):
        SessionFolder.create(sessions_in(tmp_path), replace(RECORD, started_utc=f"2026-11-21T10:{minute}:00Z"))
    (sessions_in(tmp_path) / "not-a-session").mkdir()
    return tmp_path


def test_sessions_are_listed_oldest_first_and_nothing_else_is(state: Path) -> None:
    assert [folder.path.name[:15] for folder in list_sessions(state)] == ["20261121T103000", "20261121T103100"]


def test_a_box_without_sessions_has_an_empty_list(tmp_path: Path) -> None:
    assert list_sessions(tmp_path) == []


@pytest.mark.parametrize("named", ["20261121T103100Z_ode-to-joy", "20261121T1031", "last"])
def test_a_session_is_found_by_name_beginning_or_as_the_last(state: Path, named: str) -> None:
    assert find_session(state, named).path.name == "20261121T103100Z_ode-to-joy"


def test_a_session_is_found_by_its_path(state: Path) -> None:
    there = list_sessions(state)[0].path
    assert find_session(Path("/nowhere"), str(there)).path == there


@pytest.mark.parametrize(("named", "says"), [("2026", "2 sessions named 2026"), ("1999", "no session named 1999")])
def test_a_name_of_none_or_many_is_refused_with_what_there_is(state: Path, named: str, says: str) -> None:
    with pytest.raises(SessionFolderError, match=f"{says}.*20261121T103100Z_ode-to-joy"):
        find_session(state, named)


def test_a_deleted_session_is_gone_and_the_others_stay(state: Path) -> None:
    delete_session(find_session(state, "last"))
    assert len(list_sessions(state)) == 1


def test_a_session_with_folders_and_links_in_it_is_deleted_and_what_they_lead_to_is_not(state: Path) -> None:
    folder, outside = find_session(state, "last"), state / "kept.wav"
    outside.write_bytes(b"kept")
    (folder.path / "takes").mkdir()
    (folder.path / "takes" / "one.wav").write_bytes(b"")
    folder.file("link.wav").symlink_to(outside)
    folder.file("sessions").symlink_to(state)
    delete_session(folder)
    assert not folder.path.exists()
    assert outside.read_bytes() == b"kept"


def test_a_folder_whose_session_had_not_begun_is_removed_and_nothing_that_holds_more(state: Path) -> None:
    before = list_sessions(state)
    cut, holds = sessions_in(state) / "cut", sessions_in(state) / "holds"
    for folder in (cut, holds):
        folder.mkdir()
        (folder / SessionFolder.UNFINISHED).write_text("0 1.0\n")
        (folder / SessionFolder.RECORD_PART).write_text("{")
    (holds / SessionFolder.SOUND).write_bytes(b"RIFF")
    remove_unbegun(state)
    assert not cut.exists()
    assert (holds / SessionFolder.SOUND).exists()
    assert [one.path for one in list_sessions(state)] == [one.path for one in before]


def test_a_deletion_cut_short_leaves_a_session_that_can_be_deleted_again(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = find_session(state, "last")
    for name in (SessionFolder.SOUND, SessionFolder.SCORE):
        folder.write_whole(name, b"")
    unlink, iterdir = Path.unlink, Path.iterdir

    def refuse(path: Path, missing_ok: bool = False) -> None:
        if path.name == SessionFolder.SOUND:
            raise OSError(30, "Read-only file system")
        unlink(path, missing_ok)

    with monkeypatch.context() as broken:
        broken.setattr(Path, "unlink", refuse)
        broken.setattr(Path, "iterdir", lambda path: sorted(iterdir(path), key=lambda p: p.suffix != ".json"))
        with pytest.raises(SessionFolderError, match="cannot be deleted"):
            delete_session(folder)
    delete_session(find_session(state, folder.path.name))
    assert not folder.path.exists()
