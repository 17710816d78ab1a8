"""Releases side by side: switched whole, kept or taken back, and only the current and the one before it are left."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from firmware_py.box.outcome import Result, last_outcome
from firmware_py.box.releases import Releases, Trial
from firmware_py.errors import UpdateError
from tests.unit.box.conftest import NEW, NEWER, OLD, installed

GUARD = Path(__file__).parents[3] / "systemd/guard"


def test_a_trial_switches_and_is_kept_or_taken_back(releases) -> None:
    installed(releases, NEW, 2)
    trial = releases.try_out(NEW)
    assert (trial, releases.current(), releases.trial()) == (Trial(NEW, OLD), NEW, trial)
    releases.take_back(trial)
    assert (releases.current(), releases.trial()) == (OLD, None)
    releases.try_out(NEW)
    releases.keep()
    assert (releases.current(), releases.trial(), releases.before()) == (NEW, None, OLD)


def test_the_stable_path_leads_to_the_current_release(releases) -> None:
    installed(releases, NEW, 2)
    releases.try_out(NEW)
    assert (releases.place / "current").resolve() == releases.folder(NEW)
    assert not (releases.place / "current").readlink().is_absolute()


def test_a_release_is_whole_once_it_is_sealed_and_not_before(releases) -> None:
    folder = releases.begun(NEW)
    (folder / "bin").mkdir()
    assert not releases.is_whole(NEW)
    with pytest.raises(UpdateError, match="is not complete"):
        releases.try_out(NEW)
    releases.seal(NEW)
    assert releases.all() == [NEW, OLD]


def test_what_a_power_cut_left_half_is_not_built_upon(releases) -> None:
    (releases.begun(NEW) / "half").touch()
    assert list(releases.begun(NEW).iterdir()) == []


@pytest.mark.parametrize("name", ["", "..", "../x-20260101120000", "0.1.0", "a/b-20260101120000", OLD])
def test_a_name_that_is_none_or_runs_is_not_begun(releases, name) -> None:
    with pytest.raises(UpdateError, match="no name for a new release"):
        releases.begun(name)
    assert releases.current() == OLD


def test_all_but_the_current_and_the_one_before_it_go(releases) -> None:
    installed(releases, NEW, 2)
    installed(releases, NEWER, 3)
    releases.begun("0.9.0-20260101120009")
    releases.try_out(NEWER)
    releases.prune()
    assert sorted(path.name for path in releases.place.glob("releases/*")) == [NEW, NEWER]
    releases.remove(NEWER)
    assert releases.current() == NEWER, "what runs is not removed"


def test_one_update_at_a_time(releases) -> None:
    with releases.alone(), pytest.raises(UpdateError, match="another update is under way"), releases.alone():
        pass
    with releases.alone():
        pass


def test_a_link_to_nothing_whole_is_no_current_release(releases) -> None:
    (releases.folder(OLD) / "whole").unlink()
    assert releases.current() == ""
    assert Releases(releases.place / "none").all() == []


def guard(releases: Releases) -> str:
    environment = os.environ | {
        "HAND_DANCE_PLACE": str(releases.place),
        "HAND_DANCE_TOLD": str(releases.place.parent / "told"),
    }
    done = subprocess.run([GUARD], env=environment, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_guard_takes_an_unproven_release_back_and_says_so(releases) -> None:
    installed(releases, NEW, 2)
    releases.try_out(NEW)
    said = guard(releases)
    assert said.startswith(f"the update to {NEW} was taken back, because it was cut off")
    assert (releases.current(), releases.trial(), releases.before()) == (OLD, None, "")
    outcome = last_outcome(releases.place)
    assert outcome is not None
    assert (outcome.release, outcome.result, outcome.says) == (NEW, Result.TAKEN_BACK, said.strip())
    assert (releases.place.parent / "told/taken-back").read_text() == said
    assert guard(releases) == ""


def test_the_guard_leaves_a_proven_release_and_an_empty_place(releases, tmp_path) -> None:
    assert guard(releases) == ""
    assert releases.current() == OLD
    assert guard(Releases(tmp_path / "none")) == ""


def test_the_guard_leaves_a_first_release_that_has_none_before_it(releases) -> None:
    (releases.place / "current").unlink()
    releases.try_out(OLD)
    guard(releases)
    assert (releases.current(), releases.trial()) == (OLD, None)


def test_the_guard_does_not_meddle_with_an_update_that_goes_on(releases) -> None:
    installed(releases, NEW, 2)
    with releases.alone():
        releases.try_out(NEW)
        assert guard(releases) == ""
        assert releases.current() == NEW
    guard(releases)
    assert releases.current() == OLD


def dies_at(instant: int, place: Path, do: Callable[[], object]) -> bool:
    """Do it in a process of its own that is killed before its so-manyth change of a file; returns whether it was."""
    child = os.fork()
    if child == 0:
        left = instant

        def watch(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal left
            changes = event in ("os.rename", "os.symlink", "os.remove", "os.mkdir", "os.rmdir", "os.truncate")
            writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
            if (changes or writes) and str(arguments[0]).startswith(str(place)):
                left -= 1
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(watch)
        do()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


@pytest.mark.parametrize("proven", [True, False])
def test_killed_at_any_instant_a_whole_release_runs_and_an_unproven_one_never_after_the_next_start(
    releases, proven
) -> None:
    def update() -> None:
        folder = releases.begun(NEW)
        (folder / "program").write_text("…")
        releases.seal(NEW)
        trial = releases.try_out(NEW)
        if proven:
            releases.keep()
            releases.prune()
        else:
            releases.take_back(trial)
            releases.remove(NEW)

    instant, met = 0, set()
    while dies_at(instant, releases.place, update):
        met.add((releases.current() == NEW, releases.trial() is not None))
        assert releases.current() in (OLD, NEW), instant
        unproven = releases.trial() is not None
        guard(releases)
        assert releases.trial() is None
        assert releases.current() in ((OLD, NEW) if proven and not unproven else (OLD,)), instant
        assert releases.is_whole(OLD), "the way back is never gone"
        releases.prune()
        if releases.current() == NEW:
            releases.try_out(OLD)
            releases.keep()
        releases.remove(NEW)
        instant += 1
    assert instant >= 8, "so many instants were tried"
    assert {(False, False), (False, True), (True, True)} <= met, "before, between and after the switch"
    assert releases.current() == (NEW if proven else OLD)
