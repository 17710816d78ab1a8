"""Sessions before the clock is set: in order until then, named right after, and their letters with them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from firmware_py.archive.library import list_sessions
from firmware_py.archive.session_folder import SessionFolder
from firmware_py.config import Config
from firmware_py.errors import MailError
from firmware_py.post.mailer import open_outbox
from firmware_py.session.dating import Now, date_right, dated, read_clocks

BORN = datetime(1970, 1, 1, 0, 1, tzinfo=UTC)  # a board without a battery, a minute after its start
TODAY = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)
UNSET = Now(BORN, "boot a", 60 * 10**9, is_set=False)
HOUR = timedelta(hours=1)


def _later(now: Now, utc: datetime, seconds: float, *, is_set: bool = True) -> Now:
    return replace(now, utc=utc, boot_ns=now.boot_ns + round(seconds * 1e9), is_set=is_set)


Played = Callable[..., SessionFolder]


@pytest.fixture
def begun(played: Played, config: Config) -> Callable[[Now], SessionFolder]:
    """Play a session that begins at this instant."""

    def play(now: Now) -> SessionFolder:
        template = played()
        record = dated(
            replace(template.record(), started_utc=now.utc.strftime("%Y-%m-%dT%H:%M:%SZ")), config.state, now
        )
        for path in template.path.iterdir():
            path.unlink()
        template.path.rmdir()
        folder = SessionFolder.create(template.path.parent, record)
        folder.is_finished()
        return folder

    return play


def _names(config: Config) -> list[str]:
    return [folder.path.name for folder in list_sessions(config.state)]


def test_a_set_clock_dates_a_session_and_the_boot_is_kept_beside(begun) -> None:
    record = begun(Now(TODAY, "boot a", 7, is_set=True)).record()
    assert (record.started_utc, record.boot_id, record.boot_ns, record.clock) == (
        "2026-11-21T10:30:00Z",
        "boot a",
        7,
        "",
    )


def test_without_a_clock_a_session_comes_after_all_that_were_played_before(begun, config: Config) -> None:
    order = [begun(Now(TODAY, "boot a", 7, is_set=True)).path.name]
    for boot in ("boot b", "boot c"):  # two boots, each of which begins in 1970
        for minute in range(2):
            now = Now(BORN + timedelta(minutes=minute), boot, minute * 60 * 10**9, is_set=False)
            order.append(begun(now).path.name)
    assert _names(config) == order
    assert order[1].startswith("20261121T103001Z")


def test_once_the_clock_is_set_the_sessions_of_this_boot_are_named_right(begun, config: Config) -> None:
    first = begun(UNSET)
    begun(_later(UNSET, BORN + HOUR, 3600, is_set=False))
    changed = date_right(config, _later(UNSET, TODAY, 7200))
    assert _names(config) == ["20261121T083000Z_ode-to-joy", "20261121T093000Z_ode-to-joy"]
    assert [folder.path.name for folder in changed] == _names(config)
    assert all(folder.unfinished for folder in changed), "the score has the old date"
    assert changed[0].record().clock == "set later"
    assert not first.path.exists()
    assert date_right(config, _later(UNSET, TODAY + HOUR, 10_800)) == []


def test_a_session_of_another_boot_keeps_its_place(begun, config: Config) -> None:
    folder = begun(UNSET)
    assert date_right(config, replace(_later(UNSET, TODAY, 7200), boot_id="boot b")) == []
    assert _names(config) == [folder.path.name]


def test_a_clock_that_was_right_all_the_time_changes_no_name(begun, config: Config) -> None:
    folder = begun(Now(TODAY, "boot a", 0, is_set=False))
    assert date_right(config, Now(TODAY + HOUR, "boot a", 3600 * 10**9, is_set=True)) == []
    assert (folder.record().clock, folder.unfinished) == ("", False)


def test_a_clock_that_is_still_unset_changes_nothing(begun, config: Config) -> None:
    begun(UNSET)
    assert date_right(config, _later(UNSET, TODAY, 7200, is_set=False)) == []


def test_the_letter_follows_its_session(begun, config: Config) -> None:
    folder = begun(UNSET)
    with open_outbox(config) as outbox:
        letter = outbox.queue(folder.path, "ana@example.org")
        before = outbox.letter(letter)
        (renamed,) = date_right(config, _later(UNSET, TODAY, 7200))
        after = outbox.letter(letter)
        assert (after.session, after.message_id) == (renamed.path, before.message_id)
        assert outbox.queue(renamed.path, "ana@example.org") == letter


def test_a_letter_that_is_on_its_way_keeps_its_session_where_it_is_until_later(begun, config: Config) -> None:
    folder = begun(UNSET)
    with open_outbox(config) as outbox:
        letter = outbox.queue(folder.path, "ana@example.org")
        with outbox.claim(letter):
            assert date_right(config, _later(UNSET, TODAY, 7200)) == []
            assert folder.path.exists()
            with pytest.raises(MailError):
                outbox.move(folder.path, folder.path.with_name("x"), lambda: None)
    assert len(date_right(config, _later(UNSET, TODAY, 7300))) == 1


def test_what_a_power_cut_left_between_letter_and_folder_is_completed(
    begun, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = begun(UNSET)
    with open_outbox(config) as outbox:
        letter = outbox.queue(folder.path, "ana@example.org")

    def cut(*_: object) -> None:
        raise OSError(5, "the power went")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", cut)
        assert date_right(config, _later(UNSET, TODAY, 7200)) == []
    (renamed,) = date_right(config, Now(BORN, "boot b", 9, is_set=False))
    with open_outbox(config) as outbox:
        assert outbox.letter(letter).session == renamed.path
    assert renamed.path.name == "20261121T083000Z_ode-to-joy"


def test_the_time_service_tells_whether_the_clock_was_set(tmp_path: Path) -> None:
    boot = tmp_path / "boot_id"
    boot.write_text("1234\n")
    service = tmp_path / "timesync"
    assert read_clocks(service, boot).is_set, "nobody tells otherwise"
    service.mkdir()
    assert not read_clocks(service, boot).is_set
    (service / "synchronized").write_text("")
    now = read_clocks(service, boot)
    assert (now.is_set, now.boot_id, now.boot_ns > 0) == (True, "1234", True)
    assert read_clocks(service, tmp_path / "none").boot_id == ""
