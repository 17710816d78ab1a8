"""The whole box with a camera that shows a code: told once while it is ready, and a session follows at once."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from firmware_py.config import CameraSettings, Config, PanelSettings, PathSettings, PlaySettings, SoundSettings
from firmware_py.panel.panel import OnEvent, PanelEvent
from firmware_py.session.appliance import Appliance
from firmware_py.state import State

pytestmark = pytest.mark.slow

TEXT = "WIFI:T:WPA;S:Museum;P:correct horse;;"


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of pictures: a wall, then the code held up, then the wall again."""
    place = tmp_path / "pictures"
    place.mkdir()
    wall = np.full((480, 640), 120, np.uint8)
    card = cv2.copyMakeBorder(cv2.QRCodeEncoder.create().encode(TEXT), 4, 4, 4, 4, cv2.BORDER_CONSTANT, value=255)
    held = wall.copy()
    held[120:360, 200:440] = cv2.resize(card, (240, 240), interpolation=cv2.INTER_NEAREST)
    for number, picture in enumerate((wall, held, held, wall)):
        cv2.imwrite(str(place / f"{number}.png"), picture)
    return place


class Hand:
    """Stands for a panel and for whoever holds the card."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, bool]] = []
        self.codes: list[str] = []
        self.when: Callable[[], None] = lambda: None
        self.at_s: dict[str, float] = {}

    def opened(self, _settings: PanelSettings, on_event: OnEvent) -> "Hand":
        self.press = on_event
        return self

    def show(self, state: str, *, trouble: bool = False, looking: bool = False) -> None:
        self.seen.append((str(state), looking and not trouble))
        self.at_s[str(state)] = time.monotonic()
        if state == State.PLAYING:
            self.press(PanelEvent.QUIT)

    def code(self, text: str) -> None:
        self.codes.append(text)
        self.at_s["pressed"] = time.monotonic()
        self.press(PanelEvent.START)

    def close(self) -> None:
        pass


def config(state: Path, source: str | Path, **camera: Any) -> Config:
    return Config(
        paths=PathSettings(state=str(state)),
        camera=CameraSettings(source=str(source), **camera),
        sound=SoundSettings(audio="paced", chimes_db=-90.0),
        play=PlaySettings(song="free"),
    )


def test_a_code_held_up_while_the_box_is_ready_is_told_and_a_session_can_follow(state: Path, pictures: Path) -> None:
    hand = Hand()
    Appliance(config(state, pictures), hand.opened, on_code=hand.code).run()
    assert hand.codes == [TEXT]
    assert ("ready", True) in hand.seen, "it is shown that the camera looks"
    assert ("counting-in", False) in hand.seen
    assert hand.at_s["counting-in"] - hand.at_s["pressed"] < 10


def test_switched_off_nothing_looks_and_nothing_is_started(
    state: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Any] = []
    popen = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda *a, **k: started.append(a) or popen(*a, **k))
    monkeypatch.setattr("firmware_py.session.appliance.LISTEN_S", 0.01)
    hand = Hand()
    box = Appliance(config(state, pictures, codes="off"), hand.opened, on_code=hand.code)
    listened = iter(range(20))
    box._notifier.alive = lambda: None if next(listened, None) is not None else hand.press(PanelEvent.QUIT)  # type: ignore[method-assign]
    box.run()
    assert not any("firmware_py.sight" in str(command) for command in started)
    assert all(not looking for _, looking in hand.seen)
