import errno
import fcntl
import os
from pathlib import Path

from firmware_py.post import lock
from firmware_py.post.lock import locked


def test_a_folder_is_locked_by_one_at_a_time(tmp_path):
    first = locked(tmp_path / "a")
    assert first is not None
    assert locked(tmp_path / "a") is None
    os.close(first)
    again = locked(tmp_path / "a")
    assert again is not None
    os.close(again)


def test_a_lock_on_a_folder_that_was_replaced_meanwhile_does_not_count(tmp_path, monkeypatch):
    folder, real, swapped = tmp_path / "a", fcntl.flock, []

    def flock(descriptor, how):
        real(descriptor, how)
        if not swapped:
            # The last holder removes the folder, and somebody else makes it anew, just before this lock is taken.
            folder.rmdir()
            folder.mkdir()
            swapped.append(True)

    monkeypatch.setattr(lock.fcntl, "flock", flock)
    held = locked(folder)
    assert held is not None
    assert os.path.samestat(os.fstat(held), folder.stat())
    assert locked(folder) is None
    os.close(held)


def test_a_folder_that_is_removed_while_it_is_found_to_exist_is_made_anew(tmp_path, monkeypatch):
    folder = tmp_path / "letter"
    honest, asked = Path.mkdir, []

    def gone_again(path, *arguments, **words):
        asked.append(path)
        if len(asked) == 1:  # it was there a moment ago, and its holder has removed it since
            raise FileExistsError(errno.EEXIST, "File exists", str(path))
        honest(path, *arguments, **words)

    monkeypatch.setattr(Path, "mkdir", gone_again)
    lock = locked(folder)
    assert lock is not None
    os.close(lock)
    assert len(asked) == 2
