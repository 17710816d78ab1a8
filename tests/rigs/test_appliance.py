"""The box as systemd runs it: a socket to report to, a signal for a button, and a log that the journal reads."""

import json
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from firmware_py.session.appliance import FINISH_S
from tests.rigs.hand_dance import COMMAND, environment

pytestmark = pytest.mark.slow
LIMIT_S = 40.0


class Box:
    """``hand-dance run`` in a state folder, and the ear of its systemd."""

    def __init__(self, state: Path, **settings: str) -> None:
        self._ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._ear.bind(str(state / "notify"))
        self._ear.settimeout(LIMIT_S)
        self._log = (state / "log").open("w+")
        self.process = subprocess.Popen(
            [*COMMAND, "run"],
            stdin=subprocess.DEVNULL,
            stderr=self._log,
            env={
                **environment(state),
                "NOTIFY_SOCKET": str(state / "notify"),
                "WATCHDOG_USEC": "10000000",
                "JOURNAL_STREAM": "8:1",
                **{f"HAND_DANCE_{name}": value for name, value in settings.items()},
            },
        )

    def hear(self, line: str) -> list[str]:
        """Wait until systemd is told a line that begins so, and return all lines until then."""
        told: list[str] = []
        while not any(each.startswith(line) for each in told):
            told += self._ear.recv(4096).decode().splitlines()
        return told

    def press(self) -> None:
        self.process.send_signal(signal.SIGUSR1)

    def log(self) -> list[str]:
        self._log.seek(0)
        return self._log.read().splitlines()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._ear.close()
        self._log.close()


def _no_pins(**more: str) -> dict[str, str]:
    return {f"PANEL_{pin}_PIN": "-1" for pin in ("START", "STOP", "STATUS", "RECORDING")} | more


@pytest.fixture
def box(state: Path):
    boxes = []

    def start(**settings: str) -> Box:
        boxes.append(Box(state, **_no_pins(**settings)))
        return boxes[-1]

    yield start
    for each in boxes:
        each.close()


def test_a_press_plays_a_session_a_second_ends_it_and_the_letter_is_queued(box, state: Path) -> None:
    box = box(CAMERA_SOURCE="ghost:plain=1", SOUND_AUDIO="paced")
    box.hear("READY=1")
    box.press()
    told = box.hear("STATUS=playing")
    assert "STATUS=counting-in" in told
    box.press()
    told = box.hear("STATUS=ready")
    assert "STATUS=finishing: stop was pressed" in told
    (session,) = (state / "sessions").iterdir()
    assert (session / "score.pdf").exists()
    assert (state / "outbox" / "bell").exists()
    box.process.send_signal(signal.SIGTERM)
    assert box.process.wait(LIMIT_S) == 0
    assert {line[:3] for line in box.log() if not line.startswith("sound: ")} == {"<6>"}


@pytest.mark.skipif(any(Path("/dev").glob("video*")), reason="needs hardware: a machine without a camera")
def test_without_a_camera_a_press_says_so_and_the_box_stays_ready(box, state: Path) -> None:
    box = box(CAMERA_SOURCE="v4l2", SOUND_AUDIO="paced")
    box.hear("READY=1")
    box.press()
    box.hear("STATUS=fault: ")
    box.hear("STATUS=ready")
    assert box.process.poll() is None
    assert not list((state / "sessions").glob("*"))
    assert any(line.startswith("<3>fault: ") for line in box.log())


def test_a_session_that_was_cut_off_is_completed_at_the_next_start(box, state: Path) -> None:
    first = box(CAMERA_SOURCE="ghost:plain=1", SOUND_AUDIO="paced")
    first.hear("READY=1")
    first.press()
    first.hear("STATUS=playing")
    first.process.kill()
    first.process.wait()
    (state / "notify").unlink()
    second = box()
    second.hear("READY=1")
    second.hear(f"WATCHDOG_USEC={round(FINISH_S * 1e6)}")  # the report is one long step…
    second.hear("WATCHDOG_USEC=10000000")  # … that is over
    (session,) = (state / "sessions").iterdir()
    assert json.loads((session / "session.json").read_text())["end"] == "interrupted"
    assert (session / "score.pdf").exists()
    assert (state / "outbox" / "bell").exists()
