import pytest

from firmware_py.languages.words import words_in
from firmware_py.report.contents import PlayedNote
from firmware_py.report.figures import free_sentences


def played(*seconds: float) -> list[PlayedNote]:
    return [PlayedNote(0.0, each, 60.0 + k, ("C4", "C#4", "D4")[k], 0.0, 0.5) for k, each in enumerate(seconds)]


@pytest.mark.parametrize(
    ("language", "seconds", "told"),
    [
        ("en", (0.4, 0.6), "1 second of sound"),
        ("en", (40.0, 79.0), "119 seconds of sound"),
        ("en", (3000.0, 215.0), "53:35 minutes of sound"),
        ("de", (3000.0, 215.0), "insgesamt 53:35 Minuten Klang"),
        ("es", (1.0, 2.0), "3 segundos de sonido"),
        ("fr", (1.0, 2.0), "3 secondes de son"),
    ],
)
def test_how_long_free_play_sounded_is_told_as_a_person_would(language, seconds, told):
    assert told in free_sentences(played(*seconds), words_in(language))[0]
