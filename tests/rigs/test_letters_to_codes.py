"""From a code held up to the camera to the letter in the mailbox of who held it: the whole box, and a real exim4."""

import email
import email.policy
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from firmware_py.config import CameraSettings, Config, PanelSettings, PathSettings, PlaySettings, SoundSettings
from firmware_py.panel.panel import OnEvent, PanelEvent
from firmware_py.post.mailer import open_outbox, send_due
from firmware_py.session.appliance import Appliance
from firmware_py.sound.chimes import Chime
from firmware_py.state import State
from tests.rigs.test_exim import Exim, authority, exim
from tests.rigs.test_exim import config as mail_config

__all__ = ["authority", "exim", "mail_config"]

pytestmark = pytest.mark.slow

PICTURES = 24  # twelve seconds of looking: who waits holds a code up for that long


@dataclass(frozen=True)
class Step:
    """What is held up, the chime that answers it, and whether the session begins then."""

    text: str
    answer: Chime
    starts: bool = True


STEPS = (
    Step("mailto:one@example.org?subject=hello", Chime.TAKEN),
    Step("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Two\r\nEMAIL;TYPE=home:two@example.org\r\nEND:VCARD\r\n", Chime.TAKEN),
    Step("mailto:three@example.org,everybody@example.org", Chime.FAULT),  # refused, and the session has no address
    Step("MECARD:N:Three;EMAIL:three@example.org;;", Chime.TAKEN, starts=False),  # held up after it was played
    Step("four@example.org", Chime.TAKEN),
    Step("MATMSG:TO:five@example.org;SUB:hello;BODY:hello;;", Chime.TAKEN),
)
PLAYERS = ("one", "two", "three", "four", "five")


class Visitors:
    """Hold up one code after the other, hear what the box answers, and press its buttons."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._left = list(STEPS)
        self.heard: list[tuple[str, Chime]] = []
        place.mkdir()
        self._hold_up()

    def opened(self, _settings: PanelSettings, on_event: OnEvent) -> "Visitors":
        self._press = on_event
        return self

    def show(self, state: str, **_lights: bool) -> None:
        if state == State.PLAYING:
            self._hold_up()  # for whoever looks when this session is over
            self._press(PanelEvent.STOP)

    def hears(self, chime: Chime) -> None:
        """Take the box's answer to the code that is held up."""
        if not self._left or chime not in (Chime.TAKEN, Chime.FAULT):
            if not self._left and chime is Chime.READY:
                self._press(PanelEvent.QUIT)
            return
        step = self._left.pop(0)
        self.heard.append((step.text, chime))
        if step.starts:
            self._press(PanelEvent.START)
        else:
            self._hold_up()

    def close(self) -> None:
        pass

    def _hold_up(self) -> None:
        """Show the wall, then the next code; each picture is replaced as a whole."""
        wall = np.full((480, 640), 120, np.uint8)
        held = wall.copy()
        if self._left:
            card = cv2.copyMakeBorder(
                cv2.QRCodeEncoder.create().encode(self._left[0].text), 4, 4, 4, 4, cv2.BORDER_CONSTANT, value=255
            )
            size = len(card) * (320 // len(card))
            held[80 : 80 + size, 160 : 160 + size] = cv2.resize(card, (size, size), interpolation=cv2.INTER_NEAREST)
        for number in range(PICTURES):
            part = self._place / "part"
            part.write_bytes(cv2.imencode(".png", held if number else wall)[1].tobytes())
            os.replace(part, self._place / f"{number:02}.png")


def listens(box: Appliance, hears: Callable[[Chime], None]) -> None:
    """Let somebody hear the chimes of a box."""
    real = box._chimes.play

    def play(chime: Chime) -> None:
        real(chime)
        hears(chime)

    box._chimes.play = play  # type: ignore[method-assign]


def test_whoever_holds_up_a_code_gets_the_letter_of_their_session_and_nobody_else_does(
    state: Path, tmp_path: Path, exim: Exim, mail_config: Config
) -> None:
    visitors = Visitors(tmp_path / "pictures")
    config = Config(
        paths=PathSettings(state=str(state)),
        camera=CameraSettings(source=str(tmp_path / "pictures")),
        sound=SoundSettings(audio="paced", chimes_db=-90.0),
        play=PlaySettings(song="free"),
        mail=replace(mail_config.mail, recipient="owner@example.org"),
    )
    box = Appliance(config, visitors.opened)
    listens(box, visitors.hears)
    box.run()
    assert visitors.heard == [(step.text, step.answer) for step in STEPS]
    with open_outbox(config) as outbox:
        assert [letter.recipient for letter in outbox.letters()] == [f"{name}@example.org" for name in PLAYERS]
    assert all(sent.delivered for sent in send_due(config))
    exim.settled(len(PLAYERS))
    to = [email.message_from_bytes(path.read_bytes(), policy=email.policy.default)["To"] for path in exim.letters()]
    assert sorted(each.addresses[0].addr_spec for each in to) == sorted(f"{name}@example.org" for name in PLAYERS)
    assert all(len(each.addresses) == 1 for each in to)
