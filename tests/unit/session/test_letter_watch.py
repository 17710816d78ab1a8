"""What becomes of the letters is told once, when it happens."""

from pathlib import Path

import pytest

from firmware_py.config import Config, PathSettings
from firmware_py.post.mailer import open_outbox
from firmware_py.session.letter_watch import LOOK_AGAIN_S, LOOK_S, LetterWatch
from firmware_py.sound.chimes import Chime


class Box:
    def __init__(self, state: Path) -> None:
        self.config = Config(paths=PathSettings(state=str(state)))
        self.now = 100.0
        self.watch = LetterWatch(self.config, lambda: self.now)

    def queue(self, name: str) -> int:
        folder = self.config.state / "sessions" / name
        folder.mkdir(parents=True)
        with open_outbox(self.config) as outbox:
            return outbox.queue(folder, "ana@example.org")

    def set(self, deed: str, letter: int, *given: object, **more: object) -> None:
        """What a mailer does with a letter it has taken."""
        with open_outbox(self.config) as outbox, outbox.claim(letter):
            getattr(outbox, deed)(letter, *given, **more)

    def news(self, after_s: float = LOOK_AGAIN_S) -> Chime | None:
        self.now += after_s
        return self.watch.news()


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_a_letter_that_is_sent_is_told_once(box: Box) -> None:
    assert box.news() is None
    letter = box.queue("one")
    assert box.news() is None
    box.set("delivered", letter, "250 ok")
    assert [box.news(LOOK_S), box.news()] == [Chime.MAIL_SENT, None]


def test_a_letter_that_waits_is_told_once_and_again_when_it_is_sent(box: Box) -> None:
    letter = box.queue("one")
    box.set("wait", letter, "the mailbox is full")
    assert [box.news(), box.news()] == [Chime.MAIL_WAITING, None]
    box.set("stop", letter, "the mailbox is gone")
    assert box.news() is None
    box.set("delivered", letter, "250 ok")
    assert box.news() is Chime.MAIL_SENT


def test_a_letter_that_was_not_tried_yet_does_not_wait(box: Box) -> None:
    letter = box.queue("one")
    with open_outbox(box.config) as outbox:
        outbox.wait(letter, "an address may still be held up to the camera")
    assert box.news() is None


def test_a_server_that_is_out_of_reach_is_told_as_no_network(box: Box) -> None:
    box.set("wait", box.queue("one"), "no answer", server_wide=True)
    assert box.news() is Chime.NO_NETWORK


def test_a_password_that_is_refused_is_no_missing_network(box: Box) -> None:
    box.set("stop", box.queue("one"), "the login was refused", server_wide=True)
    assert box.news() is Chime.MAIL_WAITING


def test_what_was_sent_before_the_box_started_is_no_news(box: Box) -> None:
    box.set("delivered", box.queue("one"), "250 ok")
    assert box.news() is None


def test_the_outbox_is_looked_at_often_only_while_a_letter_is_on_its_way(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = box.queue("one")
    assert box.news() is None
    assert box.news(LOOK_S / 2) is None
    box.set("delivered", letter, "250 ok")
    assert box.news(LOOK_S) is Chime.MAIL_SENT
    box.set("delivered", box.queue("two"), "250 ok")
    assert box.news(LOOK_S) is None, "nothing was on its way"
    box.watch.look_now()
    assert box.news(0) is Chime.MAIL_SENT


def test_an_outbox_that_cannot_be_read_is_no_news_and_no_harm(box: Box) -> None:
    (box.config.state / "outbox").mkdir()
    (box.config.state / "outbox" / "letters.sqlite").mkdir()
    assert box.news() is None
