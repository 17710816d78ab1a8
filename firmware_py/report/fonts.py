"""Fonts of the system for the letters that typst's own fonts lack: Chinese, Japanese, Korean, Devanagari, Thai, emoji.

Only such letters make the page depend on the machine that it is made on; all else is set in the fonts that typst
brings. Where no font of the system has a letter, or fontconfig is not installed, the letter is printed as an empty box.
"""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_OWN: Final = ((0x0000, 0x0530), (0x0590, 0x0700), (0x1E00, 0x2C00), (0xFB00, 0xFE00))  # that typst's own fonts have
_MOST_LETTERS: Final = 200
_PATIENCE_S: Final = 5.0


def foreign_letters(text: str) -> str:
    """Return each letter of a text that needs a font of the system once, in order; at most 200."""
    foreign = {c for c in text if c.isprintable() and not any(low <= ord(c) < high for low, high in _OWN)}
    return "".join(sorted(foreign))[:_MOST_LETTERS]


@contextmanager
def folder_of_fonts(letters: str) -> Iterator[list[str]]:
    """Give a folder with the fonts that have some letters, as a list for typst; an empty list where none is needed."""
    files = _files_with(letters)
    if not files:
        yield []
        return
    with tempfile.TemporaryDirectory(prefix="hand-dance-fonts-") as folder:
        for n, file in enumerate(files):
            (Path(folder) / f"{n}{file.suffix}").symlink_to(file)
        yield [folder]


def _files_with(letters: str) -> list[Path]:
    files: list[Path] = []
    left = list(letters)
    while left:
        found = _best_file(left) or _best_file(left[:1])
        covered = set(_covered(found, left)) if found else set(left[:1])
        if found:
            files.append(found)
        left = [letter for letter in left if letter not in covered]
    return files


def _covered(file: Path, letters: list[str]) -> list[str]:
    """Return which letters a font has."""
    return letters if file in _having(letters) else [c for c in letters if file in _having([c])]


def _best_file(letters: list[str]) -> Path | None:
    """Return the font that fontconfig likes best among those that have all the letters, None where none has."""
    having = _having(letters)
    if not having:
        return None
    liked = Path(_ask("fc-match", "--format=%{file}", f"serif:{_charset(letters)}"))
    return liked if liked in having else having[0]


def _having(letters: list[str]) -> list[Path]:
    return sorted(Path(line) for line in _ask("fc-list", "--format=%{file}\n", f":{_charset(letters)}").splitlines())


def _charset(letters: list[str]) -> str:
    return "charset=" + " ".join(f"{ord(letter):x}" for letter in letters)


def _ask(*command: str) -> str:
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return ran.stdout if ran.returncode == 0 else ""
