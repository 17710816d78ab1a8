"""The levels of the mix: from the configuration, and changed while somebody plays."""

import pytest

from firmware_py.config import SoundSettings
from firmware_py.errors import UsageError
from firmware_py.lanes import CONTROL
from firmware_py.session.levels import NAMES, Levels


def test_they_begin_as_they_are_set_and_the_microphone_is_silent_unless_it_is_wanted() -> None:
    levels = Levels.of(SoundSettings(backing_db=-3.0, guide="off", master_db=-1.5)).now_db()
    assert (levels["backing_db"], levels["master_db"], levels["mic_db"]) == (-3.0, -1.5, -90.0)
    assert levels["guide_db"] <= -90.0


def test_every_level_is_one_of_the_control_cells() -> None:
    assert set(NAMES) == {name for name in CONTROL.names or () if name.endswith("_db")}


def test_a_level_is_raised_and_lowered_and_stays_in_its_range() -> None:
    levels = Levels({})
    assert levels.change("master_db", -3.0) == -3.0
    assert levels.change("master_db", 100.0) == 6.0
    assert levels.set("master_db", -200.0) == -90.0
    assert levels.change("master_db", 3.0) == -87.0


def test_only_what_changes_something_counts_as_a_change() -> None:
    levels = Levels({"master_db": 6.0})
    before = levels.changes
    levels.change("master_db", 3.0)
    assert levels.changes == before
    levels.change("master_db", -3.0)
    assert levels.changes == before + 1


def test_an_unknown_level_or_no_number_is_refused_and_changes_nothing() -> None:
    levels = Levels({})
    with pytest.raises(UsageError, match="no level is called 'loudness_db'; there are instrument_db"):
        levels.change("loudness_db", 1.0)
    with pytest.raises(UsageError, match="master_db is nan"):
        levels.set("master_db", float("nan"))
    assert levels.now_db()["master_db"] == 0.0
