"""One session at a time."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from firmware_py.errors import AlreadyRunningError, SessionFolderError
from firmware_py.session.lock import only_one

HOLDER = """
import sys
from pathlib import Path
from firmware_py.session.lock import only_one
with only_one(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_second_is_refused_with_the_pid_of_the_first_and_a_kill_frees_the_lock(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(AlreadyRunningError, match=f"process {holder.pid}"), only_one(tmp_path):
            pytest.fail("held twice")
        holder.kill()
        holder.wait()
    with only_one(tmp_path):
        assert int((tmp_path / "hand-dance.lock").read_text()) == os.getpid()


def test_a_state_folder_that_cannot_be_made_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(SessionFolderError, match=r"cannot be written \(Not a directory\).*--state"),
        only_one(tmp_path / "file" / "state"),
    ):
        pytest.fail("held a lock in nowhere")


def test_the_lock_is_released_when_its_block_fails(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), only_one(tmp_path):
        raise ZeroDivisionError
    with only_one(tmp_path):
        assert stat.S_ISREG((tmp_path / "hand-dance.lock").stat().st_mode)
