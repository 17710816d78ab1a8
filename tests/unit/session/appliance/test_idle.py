"""What the box does while nobody plays: one thing at a time, and none of them ends it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.config import Config
from firmware_py.errors import NotBegunError
from firmware_py.music.songs_library import known_songs
from firmware_py.panel.panel import PanelEvent
from firmware_py.post.mailer import open_outbox
from firmware_py.session import appliance, backing_ahead
from firmware_py.session.appliance import Appliance
from firmware_py.session.dating import Now, read_clocks
from firmware_py.state import State
from tests.unit.session.appliance.finger import Finger

START, QUIT = PanelEvent.START, PanelEvent.QUIT


def test_the_backing_of_what_was_selected_is_rendered_while_nobody_plays(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead: list[str] = []

    def renders(_: object, chosen: Config) -> None:
        ahead.append(chosen.play.song)
        box._backing._rendered = chosen
        box._pressed(PanelEvent.NEXT_SONG if len(ahead) == 1 else QUIT)

    monkeypatch.setattr(backing_ahead, "QUIET_S", 0.0)
    presses: list[int] = []
    monkeypatch.setattr(backing_ahead.BackingAhead, "render", renders)
    monkeypatch.setattr(backing_ahead.BackingAhead, "pressed", lambda _: presses.append(1))
    box = Appliance(config, Finger().opened)
    box.run()
    assert ahead == ["free", known_songs()[0]]
    assert len(presses) == 2, "whoever turns through the songs is waited for"


def test_a_backing_that_cannot_be_rendered_ahead_ends_no_box(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object) -> None:
        box._pressed(QUIT)
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(backing_ahead, "QUIET_S", 0.0)
    monkeypatch.setattr(backing_ahead, "plan_song", breaks)
    finger = Finger()
    box = Appliance(config, finger.opened)
    box.run()
    assert finger.closed


@pytest.mark.slow
def test_a_box_that_was_cut_off_is_ready_first_and_then_completes_what_was_left(
    config: Config, played: Callable[..., SessionFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appliance, "LISTEN_S", 0.01)
    cut = played(end="")
    broken = played(end="")
    broken.file(SessionFolder.RECORD).write_text("{")
    finger = Finger((State.READY, lambda: None))
    box = Appliance(config, finger.opened)
    order: list[str] = []
    complete = appliance.complete_unfinished

    def watched(config: Config) -> Any:
        for outcome in complete(config):
            order.append(f"completed while {finger.states[-1]}")
            yield outcome
        box._pressed(QUIT)

    monkeypatch.setattr(appliance, "complete_unfinished", watched)
    box.run()
    assert order == ["completed while ready"]
    assert cut.record().end == "interrupted"
    assert not cut.unfinished


def test_a_letter_that_left_is_told_while_nobody_plays(
    config: Config, played: Callable[..., SessionFolder], heard: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appliance, "LISTEN_S", 0.01)
    folder = played()
    folder.is_finished()
    folder.file(SessionFolder.REPORT).write_text("{}")
    with open_outbox(config) as outbox:
        letter = outbox.queue(folder.path, "ana@example.org")
        outbox.wait(letter, "no answer", server_wide=True)
    box = Appliance(config, Finger().opened)

    def says(chime: str) -> None:
        heard.append(str(chime))
        if chime == "no-network":
            with open_outbox(config) as outbox:
                outbox.delivered(letter, "250 ok")
            box._letters.look_now()
        elif chime == "mail-sent":
            box._pressed(QUIT)

    monkeypatch.setattr(box._chimes, "play", says)
    box.run()
    assert heard == ["ready", "no-network", "mail-sent"]


def test_sessions_are_dated_at_the_start_and_once_more_when_the_clock_is_set(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appliance, "LISTEN_S", 0.001)
    set_at = iter([False] * 5 + [True] * 100)
    asked: list[bool] = []
    now = read_clocks()
    box = Appliance(config, Finger().opened)

    def dates(_: Config, now: Now) -> list[SessionFolder]:
        asked.append(now.is_set)
        if now.is_set:
            box._pressed(QUIT)
        return []

    monkeypatch.setattr(appliance, "read_clocks", lambda: replace(now, is_set=next(set_at)))
    monkeypatch.setattr(appliance, "date_right", dates)
    box.run()
    assert asked == [False, True]


def test_recordings_whose_letter_left_long_ago_go_while_nobody_plays(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appliance, "LISTEN_S", 0.01)
    box = Appliance(config, Finger().opened)
    asked: list[Config] = []

    def deleted(given: Config) -> list[Path]:
        asked.append(given)
        box._pressed(QUIT)
        return []

    monkeypatch.setattr(appliance, "delete_delivered", deleted)
    box.run()
    assert asked == [config]


def test_an_address_held_up_is_the_next_sessions_and_a_chime_says_whether_it_was_taken(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, float]] = []
    chimes: list[str] = []

    def not_begun(config: Config, *_: Any, letter_after_s: float, **__: Any) -> None:
        asked.append((config.play.address, letter_after_s))
        raise NotBegunError("stopped before it began")

    monkeypatch.setattr(appliance, "play_once", not_begun)
    monkeypatch.setattr(appliance.Chimes, "play", lambda _self, chime: chimes.append(str(chime)))
    codes = replace(config, camera=replace(config.camera, codes="off"))
    finger = Finger()
    box = Appliance(codes, finger.opened)

    def hold_up_and_play() -> None:
        box._code("mailto:a@example.org,b@example.org")
        box._code("mailto:vis@example.org")
        finger._on_event(START)
        finger._on_event(QUIT)

    finger._presses = [(State.READY, hold_up_and_play)]
    box.run()
    assert asked == [("vis@example.org", 0.0)]
    assert chimes[:3] == ["fault", "taken", "ready"]
