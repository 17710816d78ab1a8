"""The box, from its panel to its outbox: pressed by the test, with the real sight and sound in one short session."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from firmware_py.archive.library import list_sessions
from firmware_py.archive.session_folder import SessionFolder
from firmware_py.archive.space import Space
from firmware_py.box.wishes import Wish
from firmware_py.config import Config, PanelSettings, PathSettings
from firmware_py.errors import AlreadyRunningError, CameraError, NotBegunError, WishError
from firmware_py.music.songs_library import known_songs
from firmware_py.panel.panel import OnEvent, PanelEvent, Panels
from firmware_py.post.mailer import open_outbox
from firmware_py.session import appliance
from firmware_py.session.appliance import Appliance, serve
from firmware_py.session.last_good import FILE
from firmware_py.session.levels import STEP_DB
from firmware_py.session.lock import only_one
from firmware_py.session.outcome import Outcome
from firmware_py.session.stopping import StopRequest
from firmware_py.state import State
from tests.unit.session.appliance.finger import Finger, serve_with

START, STOP, QUIT = PanelEvent.START, PanelEvent.STOP, PanelEvent.QUIT


@pytest.mark.slow
def test_start_and_stop_make_one_session_with_its_folder_and_a_letter_in_the_outbox(
    config: Config, state: Path
) -> None:
    finger = Finger((State.READY, START), (State.PLAYING, STOP), (State.FINISHING, START), (State.READY, QUIT))
    serve_with(config, finger)
    assert finger.states == ["starting", "ready", "counting-in", "playing", "finishing", "ready"]
    assert not any(trouble for _, trouble in finger.seen)
    (folder,) = list_sessions(state)
    assert (folder.record().end, folder.record().failed, folder.unfinished) == ("stop was pressed", False, False)
    assert folder.file(SessionFolder.SCORE).exists()
    assert folder.record().boot_ns > 0
    with open_outbox(config) as outbox:
        (letter,) = outbox.letters()
    assert letter.session == folder.path


def test_the_volume_of_the_box_is_changed_at_any_time_and_stays(config: Config) -> None:
    finger = Finger()
    box = Appliance(config, finger.opened)
    for event in (PanelEvent.SOFTER, PanelEvent.SOFTER, PanelEvent.LOUDER):
        box._pressed(event)
    assert box._levels.now_db()["master_db"] == config.sound.master_db - STEP_DB
    assert box._events.empty(), "a press of volume waits like one of start"


def test_what_was_selected_at_the_panel_is_played_next(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    played: list[str] = []

    def plays(chosen: Config, *_: object, **__: object) -> None:
        played.append(chosen.play.song)
        raise NotBegunError("that was all")

    monkeypatch.setattr(appliance, "play_once", plays)
    finger = Finger()
    box = Appliance(config, finger.opened)
    for event in (PanelEvent.NEXT_SONG, PanelEvent.NEXT_SONG, PanelEvent.PREVIOUS_SONG, START, QUIT):
        box._events.put(event)
    box.run()
    assert played == [known_songs()[0]], "the first song comes after free play"


def test_a_long_press_ends_the_session_and_then_asks_to_be_turned_off(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Wish] = []
    reasons: list[str] = []

    def plays(_config: Config, _machine: object, stop: StopRequest, *_: object, **__: object) -> None:
        box._pressed(PanelEvent.SHUT_DOWN)
        box._pressed(PanelEvent.RESET_NETWORK)
        reasons.append(stop.reason)
        raise NotBegunError("that was all")

    def asks(wish: Wish) -> None:
        asked.append(wish)
        box._pressed(QUIT)

    monkeypatch.setattr(appliance, "play_once", plays)
    monkeypatch.setattr(appliance, "ask", asks)
    finger = Finger()
    box = Appliance(config, finger.opened)
    box._pressed(START)
    box.run()
    assert reasons == ["stop was pressed"]
    assert asked == [Wish.POWER_OFF], "a network is forgotten while nobody plays, and not later by surprise"


def test_a_box_that_nobody_can_turn_off_goes_on(
    config: Config, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuses(_wish: Wish) -> None:
        box._pressed(QUIT)
        raise WishError("nobody here can power off")

    monkeypatch.setattr(appliance, "ask", refuses)
    finger = Finger()
    box = Appliance(config, finger.opened)
    box._pressed(PanelEvent.SHUT_DOWN)
    box.run()
    assert "nobody here can power off" in caplog.text
    assert finger.states == ["starting", "ready"]


@pytest.mark.slow
def test_the_end_of_the_service_ends_the_session_in_order_and_then_the_box(config: Config, state: Path) -> None:
    finger = Finger((State.READY, START), (State.PLAYING, lambda: os.kill(os.getpid(), signal.SIGTERM)))
    serve_with(config, finger)
    (folder,) = list_sessions(state)
    assert folder.record().end == "stopped by SIGTERM"
    assert not folder.unfinished


def test_what_goes_wrong_is_shown_until_somebody_plays_again_and_the_box_stays_ready(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    troubles = iter([CameraError("no camera was found; plug one in"), ZeroDivisionError("a mistake")])

    def fails(*_: object, **__: object) -> None:
        raise next(troubles)

    monkeypatch.setattr(appliance, "play_once", fails)
    finger = Finger((State.READY, START), (State.FAULT, lambda: None), (State.READY, START), (State.FAULT, QUIT))
    serve_with(config, finger)
    assert finger.states.count("fault") == 2
    assert finger.seen[-1] == ("ready", True)


def test_a_box_on_its_last_good_settings_says_so_by_light_and_chime_until_somebody_plays(
    config: Config, heard: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    finger = Finger((State.READY, lambda: None), (State.READY, QUIT))
    Appliance(config, finger.opened, complaint="hand-dance.toml, line 3: unknown key 'sogn'").run()
    assert finger.seen[-1] == ("ready", True)
    assert heard == ["ready", "fault"]
    assert "line 3" in caplog.text


def test_an_update_that_was_taken_back_is_told_by_light_and_chime(
    config: Config, heard: list[str], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    finger = Finger((State.READY, lambda: None), (State.READY, QUIT))
    monkeypatch.setattr(Appliance.__init__, "__defaults__", (finger.opened, *Appliance.__init__.__defaults__[1:]))
    monkeypatch.setattr(appliance, "taken_back", lambda: "the update to 0.2.0 was taken back")
    serve(config)
    assert finger.seen[-1] == ("ready", True)
    assert heard == ["ready", "fault"]
    assert "the update to 0.2.0 was taken back" in caplog.text
    assert (config.state / FILE).exists(), "these settings are good"


def test_a_box_whose_state_folder_cannot_be_written_says_so_by_light_and_chime(
    config: Config, tmp_path: Path, heard: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    nowhere = replace(config, paths=PathSettings(state=str(tmp_path / "file" / "state")))
    finger = Finger((State.READY, lambda: None), (State.READY, START), (State.FAULT, QUIT))
    monkeypatch.setattr(Appliance.__init__, "__defaults__", (finger.opened, *Appliance.__init__.__defaults__[1:]))
    serve(nowhere)
    assert finger.seen[1:3] == [("ready", False), ("ready", True)]
    assert heard[:2] == ["ready", "fault"]
    assert "fault" in heard[2:], "and who presses start all the same is told again"


def test_a_box_with_nothing_to_press_says_so_by_its_chime(config: Config, heard: list[str]) -> None:
    finger = Finger((State.READY, lambda: None), (State.READY, QUIT))

    def opened(settings: PanelSettings, on_event: OnEvent) -> Panels:
        return Panels([finger.opened(settings, on_event)], missing="there are no pins for buttons and lights here")

    Appliance(config, opened).run()
    assert finger.seen[-1] == ("ready", True)
    assert heard == ["ready", "fault"]


def test_good_settings_are_kept_when_the_box_starts_and_others_are_not(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Appliance, "run", lambda _: None)
    pinless = replace(config, panel=PanelSettings(start_pin=-1, stop_pin=-1, status_pin=-1, recording_pin=-1))
    serve(pinless, "something is wrong")
    assert not (tmp_path / FILE).exists()
    serve(pinless)
    assert 'song = "free"' in (tmp_path / FILE).read_text()


def test_a_session_is_begun_finished_and_over_by_its_chimes(
    config: Config, played: Callable[..., SessionFolder], heard: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def plays(*_: object, recorded: Callable[[], object], **__: object) -> Outcome:
        recorded()
        heard.append("the report is made")
        return Outcome.of(played())

    monkeypatch.setattr(appliance, "play_once", plays)
    box = Appliance(config, Finger((State.READY, START)).opened)
    monkeypatch.setattr(box, "_say_if_nearly_full", lambda: heard.append("-") or len(heard) < 7 or box._pressed(QUIT))
    box.run()
    assert heard == ["ready", "-", "start", "stop", "the report is made", "ready", "-"]


def test_a_session_that_fails_ends_with_the_chime_of_a_fault(
    config: Config, heard: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise CameraError("no camera was found; plug one in")

    monkeypatch.setattr(appliance, "play_once", fails)
    serve_with(config, Finger((State.READY, START), (State.FAULT, QUIT)))
    assert heard == ["ready", "start", "fault"]


def test_a_card_that_is_nearly_full_is_told_at_the_start(
    config: Config, heard: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(appliance, "space_of", lambda _: Space(60 * 288_000))
    serve_with(config, Finger((State.READY, QUIT)))
    assert heard == ["ready", "card-nearly-full"]
    assert "1 min of recording" in caplog.text


def test_stop_and_quit_without_a_session_do_what_they_say(config: Config, tmp_path: Path) -> None:
    finger = Finger((State.STARTING, STOP), (State.READY, QUIT))
    serve_with(config, finger)
    assert finger.states == ["starting", "ready"]
    assert list_sessions(tmp_path) == []


def test_a_session_that_is_told_to_end_before_it_began_is_no_fault(
    config: Config, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finger = Finger((State.READY, START))
    box = Appliance(config, finger.opened)
    play_once = appliance.play_once

    def stopped_at_once(*arguments: Any, **more: Any) -> Any:
        box._pressed(QUIT)
        return play_once(*arguments, **more)

    monkeypatch.setattr(appliance, "play_once", stopped_at_once)
    box.run()
    assert finger.states == ["starting", "ready"]
    assert list_sessions(state) == []


def test_a_box_beside_a_session_of_somebody_else_is_refused(config: Config, tmp_path: Path) -> None:
    pinless = replace(config, panel=PanelSettings(start_pin=-1, stop_pin=-1, status_pin=-1, recording_pin=-1))
    with only_one(tmp_path), pytest.raises(AlreadyRunningError, match=str(os.getpid())):
        serve(pinless)


def test_the_box_is_ready_without_the_libraries_that_see() -> None:
    """They take a quarter of its start, and only the sight process uses them."""
    loads = "import sys, firmware_py.session.appliance; print(*(sys.modules.keys() & {'cv2', 'ai_edge_litert'}))"
    done = subprocess.run([sys.executable, "-c", loads], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
