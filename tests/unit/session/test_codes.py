"""What is done with a code that was held up."""

import logging

import pytest

from firmware_py.errors import MailError
from firmware_py.session.codes import Codes, described


def test_the_first_reader_that_understands_acts_and_says_what_it_did(caplog: pytest.LogCaptureFixture) -> None:
    asked: list[str] = []

    def reader(name: str, answer: str | None):
        def read(text: str) -> str | None:
            asked.append(name)
            return answer

        return read

    codes = Codes([reader("first", None), reader("second", "letters go to ana")])
    codes.add(reader("third", "never asked"))
    with caplog.at_level(logging.INFO):
        assert codes.act_on("mailto:ana@example.org") == "letters go to ana"
    assert asked == ["first", "second"]
    assert "letters go to ana" in caplog.text


def test_a_text_that_cannot_be_followed_is_told_in_its_readers_words() -> None:
    def refuses(_: str) -> str:
        raise MailError("that is no address")

    assert Codes([refuses]).act_on("mailto:") == "that is no address"


def test_what_nobody_understands_is_logged_without_its_secret(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert Codes().act_on("WIFI:T:WPA;S:home;P:hunter2;;") is None
    assert "WIFI: and" in caplog.text
    assert "hunter2" not in caplog.text


@pytest.mark.parametrize(("text", "says"), [("WIFI:abc", "WIFI: and 3 characters"), ("hello", "5 characters")])
def test_a_code_is_described_by_its_kind_and_length(text: str, says: str) -> None:
    assert described(text) == says


def test_whoever_holds_up_a_code_hears_whether_it_was_good_and_nothing_of_what_nobody_understands() -> None:
    heard: list[bool] = []

    def reader(text: str) -> str | None:
        if text == "bad":
            raise MailError("no such address; give another")
        return "done" if text == "good" else None

    codes = Codes([reader], heard.append)
    for text in ("good", "bad", "unknown"):
        codes.act_on(text)
    assert heard == [True, False]
