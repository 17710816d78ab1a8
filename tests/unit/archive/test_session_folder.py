"""The session folder: whole or not at all, never over another one."""

import errno
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from firmware_py.archive.session_folder import Gap, SessionFolder, SessionRecord
from firmware_py.errors import SessionFolderError
from firmware_py.hand_sample import HAND_SAMPLE
from firmware_py.music.delay import DelayMove
from firmware_py.music.mapping import Mapping

RECORD = SessionRecord(
    started_utc="2026-11-21T10:30:00Z",
    song="ode-to-joy",
    patch="air",
    player="Ana",
    camera="ghost",
    audio="offline",
    mapping=Mapping(low=60.0, high=72.0),
    t0_ns=123_456_789_012_345_678,
    rate_hz=48_000,
    song_start_s=2.0,
    delay_s=0.06,
    delay_moves=(DelayMove(3.25, 0.06, 0.062667),),
    tempo_bpm=120.0,
    gaps=(Gap("sound", 1.0, 1.5, "killed by SIGKILL"),),
    counters={"xruns": 0},
)


def test_a_record_comes_back_as_it_was_written(tmp_path: Path) -> None:
    folder = SessionFolder.create(tmp_path, RECORD)
    assert folder.path.name == "20261121T103000Z_ode-to-joy"
    assert folder.record() == RECORD


def test_two_sessions_of_one_second_get_two_folders(tmp_path: Path) -> None:
    first, second = SessionFolder.create(tmp_path, RECORD), SessionFolder.create(tmp_path, RECORD)
    assert second.path.name == f"{first.path.name}-2"


def test_an_update_changes_only_what_it_names(tmp_path: Path) -> None:
    folder = SessionFolder.create(tmp_path, RECORD)
    folder.update(end="the song ended", seconds=12.5)
    found = folder.record()
    assert (found.end, found.seconds, found.song_start_s, found.mapping) == (
        "the song ended",
        12.5,
        2.0,
        RECORD.mapping,
    )


def test_a_write_that_fails_leaves_the_old_file_and_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = SessionFolder.create(tmp_path, RECORD)

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SessionFolderError, match="No space left on device"):
        folder.update(end="x")
    monkeypatch.undo()
    assert folder.record() == RECORD
    assert {path.name for path in folder.path.iterdir()} == {SessionFolder.RECORD, SessionFolder.UNFINISHED}


def test_a_record_of_before_delays_could_move_is_read(tmp_path: Path) -> None:
    folder = SessionFolder.create(tmp_path, RECORD)
    written = json.loads(folder.file(SessionFolder.RECORD).read_text())
    del written["delay_moves"]
    folder.file(SessionFolder.RECORD).write_text(json.dumps(written))
    assert folder.record() == replace(RECORD, delay_moves=())


def test_a_move_of_the_delay_that_cannot_be_is_refused_by_the_file(tmp_path: Path) -> None:
    folder = SessionFolder.create(tmp_path, RECORD)
    written = folder.file(SessionFolder.RECORD).read_text()
    folder.file(SessionFolder.RECORD).write_text(written.replace("0.062667", "NaN"))
    with pytest.raises(SessionFolderError, match=r"session\.json is not a session record .*no move of D"):
        folder.record()


@pytest.mark.parametrize(
    ("text", "says"),
    [(None, "No such file"), ("{", "not a session record"), ("{}", "schema None"), ('{"schema": 1}', "mapping")],
)
def test_what_is_no_session_record_is_refused_by_name(tmp_path: Path, text: str | None, says: str) -> None:
    if text is not None:
        (tmp_path / SessionFolder.RECORD).write_text(text)
    with pytest.raises(SessionFolderError, match=says) as refused:
        SessionFolder(tmp_path).record()
    assert str(tmp_path) in str(refused.value)


def test_samples_cut_by_a_power_failure_are_read_up_to_the_last_whole_one(tmp_path: Path) -> None:
    folder = SessionFolder.create(tmp_path, RECORD)
    assert len(folder.samples()) == 0
    written: Any = np.zeros(3, HAND_SAMPLE)
    written["frame"] = [0, 1, 2]
    folder.file(SessionFolder.SAMPLES).write_bytes(written.tobytes()[:-5])
    assert folder.samples()["frame"].tolist() == [0, 1]


def test_a_place_that_cannot_be_written_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SessionFolderError, match=r"cannot be written \(Not a directory\)"):
        SessionFolder.create(tmp_path / "file" / "sessions", RECORD)
