"""A session that is ended from outside, at any moment: by a signal, a closed terminal, or a disk that fills."""

import json
import os
import pty
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile

from firmware_py.archive.session_folder import SessionFolder
from tests.faults.conftest import Card
from tests.rigs.hand_dance import COMMAND, environment, finished, run, start

pytestmark = pytest.mark.slow

PLAY = ("play", "--camera", "ghost:plain=1", "--audio", "paced", "--seconds", "30", "--json")


def _await(holds: Callable[[], bool], what: str, within_s: float = 40) -> None:
    """Look until it holds; what is looked at is another process's doing."""
    limit = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < limit, f"no {what} within {within_s} s"
        os.sched_yield()


def _folder(state: Path) -> SessionFolder:
    (path,) = (state / "sessions").iterdir()
    return SessionFolder(path)


def _recorded(state: Path, at_least: int) -> bool:
    return any(path.stat().st_size >= at_least for path in (state / "sessions").glob("*/sound.wav"))


def _handles_signals(pid: int, number: signal.Signals) -> bool:
    caught = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("SigCgt"))
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)


@pytest.fixture
def small_disk(card: Card) -> Path:
    """A state folder on a file system of its own, with 24 MB."""
    return card("24M", "a small disk of Zoë", with_models=True)


def test_told_to_end_before_the_beginning_it_leaves_nothing_and_says_so(state: Path) -> None:
    play = start(state, *PLAY)
    _await(lambda: _handles_signals(play.pid, signal.SIGTERM), "signal handler")
    play.send_signal(signal.SIGTERM)
    done = finished(play)
    if list((state / "sessions").glob("*")):  # it was so quick that the session had begun
        assert done.json["end"] == "stopped by SIGTERM"
        return
    assert done.code == 1
    assert "stopped by SIGTERM before the session began; nothing was recorded" in done.err
    assert done.out == ""


def test_told_to_end_while_counting_in_it_makes_report_and_letter_of_what_there_is(state: Path) -> None:
    play = start(state, *PLAY)
    _await(lambda: _recorded(state, 0), "recording")
    play.send_signal(signal.SIGTERM)
    found = finished(play).json
    assert found["end"] == "stopped by SIGTERM"
    assert {"score.pdf", "report.json", "sound.wav"} <= set(found["files"])
    assert Path(found["letter"]).is_file()
    assert soundfile.info(found["files"]["sound.wav"]).duration == pytest.approx(found["seconds"], abs=1e-4)
    assert not _folder(state).unfinished


def test_a_hasty_second_interrupt_and_one_while_finishing_lose_nothing(state: Path) -> None:
    play = start(state, *PLAY, "--no-letter")
    _await(lambda: _recorded(state, 100_000), "recording")
    play.send_signal(signal.SIGINT)
    play.send_signal(signal.SIGINT)
    _await(lambda: bool(_folder(state).record().end), "end of the performance")
    play.send_signal(signal.SIGTERM)
    found = finished(play).json
    assert found["end"] == "stopped by SIGINT"
    assert "score.pdf" in found["files"]


def test_a_terminal_that_is_closed_ends_the_session_in_order(state: Path) -> None:
    ours, theirs = pty.openpty()
    play = subprocess.Popen(
        [*COMMAND, *PLAY], stdin=theirs, stdout=theirs, stderr=theirs, env=environment(state), start_new_session=True
    )
    os.close(theirs)
    _await(lambda: b"wanted" in os.read(ours, 65_536), "progress line")
    _await(lambda: _recorded(state, 100_000), "recording")
    os.close(ours)
    play.send_signal(signal.SIGHUP)
    play.wait(60)
    folder = _folder(state)
    assert folder.record().end == "stopped by SIGHUP"
    assert folder.file(SessionFolder.SCORE).exists()
    assert not folder.unfinished


def test_a_disk_that_fills_in_mid_session_ends_it_with_a_sentence_and_keeps_what_was_recorded(
    small_disk: Path,
) -> None:
    play = start(small_disk, *PLAY)
    _await(lambda: _recorded(small_disk, 100_000), "recording")
    with (small_disk / "holiday-pictures").open("wb") as hog:
        hog.write(bytes(16 << 20))
    done = finished(play)
    assert done.code == 1, done.err
    (sentence,) = [line for line in done.err.splitlines() if line.startswith("hand-dance:")]
    assert "free some space" in sentence
    assert "kept" in sentence
    found = json.loads(done.out)
    assert found["seconds"] > 0.4
    assert soundfile.info(found["files"]["sound.wav"]).duration == pytest.approx(found["seconds"], abs=1e-4)
    assert "score.pdf" in found["files"]
    assert _folder(small_disk).record().failed


def test_both_processes_killed_at_once_are_back_and_the_session_goes_on(state: Path) -> None:
    play = start(state, *(argument if argument != "30" else "6" for argument in PLAY), "--no-letter")
    _await(lambda: _recorded(state, 300_000), "recording")
    children = [
        int(pid) for task in Path(f"/proc/{play.pid}/task").iterdir() for pid in (task / "children").read_text().split()
    ]
    assert len(children) == 2
    for pid in children:
        os.kill(pid, signal.SIGKILL)
    found = finished(play).json
    assert found["end"] == "the time set was over"
    assert {(gap["process"], gap["reason"]) for gap in found["gaps"]} == {
        ("sight", "killed by SIGKILL"),
        ("sound", "killed by SIGKILL"),
    }
    assert soundfile.info(found["files"]["sound.wav"]).frames == 6 * 48_000


def test_a_session_that_is_over_before_the_count_in_is(state: Path) -> None:
    done = run(state, "play", "--camera", "ghost:plain=1", "--audio", "offline", "--seconds", "0.5", "--json")
    assert done.json["seconds"] == 0.5
    assert "score.pdf" in done.json["files"]


def test_a_song_file_named_by_its_path_is_played_and_reported_from_elsewhere(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import firmware_py.songs

    song = tmp_path / "my song.toml"
    song.write_bytes((Path(firmware_py.songs.__file__).parent / "twinkle.toml").read_bytes())
    found = run(
        state, "play", "--camera", "ghost:plain=1", "--audio", "offline", "--song", song, "--seconds", "4", "--json"
    ).json
    assert Path(found["session"]).name.endswith("_my song")
    assert run(state, "report", "last", "--json").json["marks"] == found["marks"]
