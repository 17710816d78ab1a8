"""Sentences, dates and numbers in a player's language.

English is what stands in the code; each other language has a catalogue (``LANGUAGE.po``). A sentence that a catalogue
lacks is said in English. Not here: which sentence is said when.
"""

import datetime
import gettext
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from firmware_py.config import LANGUAGES
from firmware_py.languages.catalogue import catalogue


class Words:
    """The words of one language; ``language`` is its code, as it stands in HTML."""

    def __init__(self, language: str, translations: gettext.NullTranslations) -> None:
        self.language = language
        self._translations = translations

    def say(self, english: str, /, **values: object) -> str:
        """Return a sentence with its values, which stand in it as ``{name}``.

        english: a literal, for the catalogues are checked against what stands in the code.
        """
        return self._translations.gettext(english).format(**values)

    def count(self, one: str, many: str, n: int, /, **values: object) -> str:
        """Return a sentence about ``n`` things, which may stand in it as ``{n}``, in the form that the number asks."""
        return self._translations.ngettext(one, many, n).format(n=n, **values)

    def number(self, value: float, decimals: int = 0) -> str:
        """Return a number with so many decimals and this language's mark before them."""
        return f"{value:.{decimals}f}".replace(".", "." if self.language == "en" else ",")

    def date(self, when: datetime.date) -> str:
        """Return a day as it is written out: ``21 November 2026``."""
        return self.say("{day} {month} {year}", day=self._day(when), month=self._month(when), year=when.year)

    def day(self, when: datetime.date) -> str:
        """Return a day without its year: ``21 November``."""
        return self.say("{day} {month}", day=self._day(when), month=self._month(when))

    def listed(self, things: Sequence[str]) -> str:
        """Return things as a list in a sentence: ``a, b and c``."""
        if len(things) < 2:
            return "".join(things)
        return self.say("{some} and {last}", some=", ".join(things[:-1]), last=things[-1])

    def _day(self, when: datetime.date) -> str:
        return "1er" if self.language == "fr" and when.day == 1 else str(when.day)

    def _month(self, when: datetime.date) -> str:
        return (
            self.say("January"),
            self.say("February"),
            self.say("March"),
            self.say("April"),
            self.say("May"),
            self.say("June"),
            self.say("July"),
            self.say("August"),
            self.say("September"),
            self.say("October"),
            self.say("November"),
            self.say("December"),
        )[when.month - 1]


ENGLISH: Final = Words("en", gettext.NullTranslations())


@lru_cache(maxsize=len(LANGUAGES))
def words_in(language: str) -> Words:
    """Return the words of a language; English for one that is not spoken here."""
    if language not in LANGUAGES or language == "en":
        return ENGLISH
    return Words(language, catalogue(language))
