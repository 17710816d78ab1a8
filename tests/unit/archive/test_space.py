"""The room for recordings."""

from pathlib import Path

import pytest

from firmware_py.archive.space import FULL_BYTES, NEARLY_FULL_BYTES, Space, space_of


def test_a_minute_with_a_microphone_takes_what_its_files_take() -> None:
    assert Space(60 * (48_000 * 2 * 2 + 48_000 * 2 + 60 * 64)).seconds == pytest.approx(60)


def test_nearly_full_comes_before_full() -> None:
    rooms = [Space(NEARLY_FULL_BYTES), Space(NEARLY_FULL_BYTES - 1), Space(FULL_BYTES - 1)]
    assert [(room.nearly_full, room.full) for room in rooms] == [(False, False), (True, False), (True, True)]


def test_a_folder_that_is_not_made_yet_has_its_parents_room(tmp_path: Path) -> None:
    assert space_of(tmp_path / "a" / "b").free_bytes > 0
