"""What the camera saw leaves no trace: every file that a whole session opens for writing, by the kernel's own word."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from firmware_py.archive.library import list_sessions
from firmware_py.archive.session_folder import SessionFolder

assert shutil.which("strace"), "strace is missing; Debian's package strace brings it"
OPENED = re.compile(r'open(?:at)?\((?:AT_FDCWD|\d+(?:<[^>]*>)?), "([^"]*)", [^)]*O_(?:WRONLY|RDWR)[^)]*\) = \d')
ALLOWED_IN_SESSION = {
    SessionFolder.RECORD,
    SessionFolder.SAMPLES,
    SessionFolder.SOUND,
    SessionFolder.MIDI,
    SessionFolder.MUSICXML,
    SessionFolder.REPORT,
    SessionFolder.SCORE,
    SessionFolder.NOTES,
    SessionFolder.PREVIEW,  # of the score, not of the player
}


@pytest.mark.slow
def test_a_session_writes_no_picture_of_what_the_camera_saw(state: Path, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    command = ["strace", "-f", "-qq", "-s", "400", "-e", "trace=open,openat", "-o", str(trace), sys.executable]
    play = ["-m", "firmware_py", "play", "--state", str(state), "--camera", "ghost:plain=1", "--audio", "offline"]
    done = subprocess.run(
        [*command, *play, "--song", "free", "--seconds", "2", "--no-letter"],
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr
    (folder,) = list_sessions(state)
    written = {Path(match[1]) for match in OPENED.finditer(trace.read_text())}
    assert folder.file(SessionFolder.SAMPLES) in written, "the trace sees nothing"
    in_session = {path.name.removeprefix(".").removesuffix(".part") for path in written if path.parent == folder.path}
    assert in_session - ALLOWED_IN_SESSION - {SessionFolder.UNFINISHED.removeprefix(".")} == set()
    elsewhere = {path for path in written if path.parent != folder.path}
    drawn_hands = tmp_path / "cache"
    strange = [
        str(path)
        for path in elsewhere
        if not str(path).startswith(("/dev/", "/proc/"))
        and path != state / "hand-dance.lock"
        and not path.is_relative_to(drawn_hands)
    ]
    assert strange == []
