"""Recordings leave the box once delivered long enough ago, and never before."""

from pathlib import Path

import pytest

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.config import Config, PathSettings
from firmware_py.post import receipt
from firmware_py.post.mailer import open_outbox
from firmware_py.post.retention import DAY_S, MARK, delete_delivered

KEPT = {"session.json", "hand.samples", "score.pdf", "report.json"}
RECORDED = {SessionFolder.SOUND, SessionFolder.MICROPHONE}


class Box:
    def __init__(self, state: Path, days: float = 30.0) -> None:
        self.config = Config(paths=PathSettings(state=str(state), keep_days=days))
        self.now = 1_795_219_200.0

    def session(self, name: str) -> Path:
        folder = self.config.state / "sessions" / name
        folder.mkdir(parents=True)
        for file in KEPT | RECORDED:
            (folder / file).write_text("x")
        return folder

    def sweep(self, after_days: float = 0.0) -> list[Path]:
        self.now += after_days * DAY_S
        return delete_delivered(self.config, lambda: self.now)

    def delivered(self, folder: Path, where: str = "250 2.0.0 taken") -> None:
        with open_outbox(self.config) as outbox:
            outbox.delivered(outbox.queue(folder, "ana@example.org"), where)


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path / "state")


def _files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {MARK, receipt.NAME}


def test_what_is_heard_goes_thirty_days_after_the_letter_and_the_score_stays(box: Box) -> None:
    folder = box.session("one")
    box.delivered(folder)
    assert box.sweep() == []
    assert box.sweep(29.9) == []
    assert _files(folder) == KEPT | RECORDED
    assert box.sweep(0.2) == [folder]
    assert _files(folder) == KEPT
    assert box.sweep(100) == []


def test_what_was_never_delivered_stays_for_ever(box: Box) -> None:
    kinds = {"no letter": None, "due": "queue", "waiting": "wait", "stuck": "stop"}
    folders = {kind: box.session(kind) for kind in kinds}
    with open_outbox(box.config) as outbox:
        for kind, deed in kinds.items():
            if deed:
                number = outbox.queue(folders[kind], "ana@example.org")
                if deed != "queue":
                    getattr(outbox, deed)(number, "why")
    for _ in range(5):
        assert box.sweep(365) == []
    assert all(_files(folder) == KEPT | RECORDED for folder in folders.values())


def test_a_letter_in_the_boxs_own_mail_folder_has_not_left_it_and_one_elsewhere_has(box: Box, tmp_path: Path) -> None:
    own, elsewhere = box.session("own"), box.session("elsewhere")
    box.delivered(own, str(box.config.state / "mail" / "new" / "1.eml"))
    box.delivered(elsewhere, str(tmp_path / "shared" / "new" / "1.eml"))
    box.sweep()
    assert box.sweep(31) == [elsewhere]


def test_zero_days_keep_everything_and_other_days_are_counted(tmp_path: Path) -> None:
    for days, gone in ((0.0, False), (1.0, True)):
        box = Box(tmp_path / str(days), days)
        folder = box.session("one")
        box.delivered(folder)
        box.sweep()
        assert (box.sweep(2) == [folder]) is gone


def test_a_clock_that_is_set_back_deletes_nothing_early(box: Box) -> None:
    folder = box.session("one")
    box.delivered(folder)
    box.now += 1000 * DAY_S
    box.sweep()
    box.sweep(-1000)
    assert box.sweep(29) == []
    assert box.sweep(2) == [folder]


def test_without_an_outbox_or_with_a_session_that_is_gone_nothing_happens(box: Box) -> None:
    assert box.sweep() == []
    folder = box.session("one")
    box.delivered(folder)
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    assert box.sweep(100) == []
    assert not folder.exists()


def test_a_folder_that_cannot_be_written_stops_no_other(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = box.session("one"), box.session("two")
    for folder in (first, second):
        box.delivered(folder)
    box.sweep()
    unlink = Path.unlink

    def refused(path: Path, missing_ok: bool = False) -> None:
        if path.parent == first:
            raise OSError(30, "Read-only file system")
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", refused)
    assert box.sweep(31) == [second]
