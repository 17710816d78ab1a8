"""What the page says in words: lengths of time are those that the letter tells."""

import pytest

from firmware_py.languages.words import ENGLISH
from firmware_py.report.wording import minutes


@pytest.mark.parametrize(
    ("seconds", "said"), [(37.93, "0:38 minutes"), (59.6, "1:00 minutes"), (3215.4, "53:35 minutes")]
)
def test_a_length_is_told_to_the_nearest_second(seconds: float, said: str) -> None:
    assert minutes(ENGLISH, seconds) == said
