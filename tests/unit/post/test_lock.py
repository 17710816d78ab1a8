import fcntl
import os

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
