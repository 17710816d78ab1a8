"""Patches: instrument sounds described by data. Reads the shipped ones and those in a folder of the user's.

A patch file is TOML; what a key means and what it may be stands at the fields of ``Patch``. Not here: how a patch
sounds (``ext/include/voices.h``).
"""

import dataclasses
import difflib
import os
import re
import stat
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from firmware_py.errors import PatchError

SHIPPED: Final = Path(__file__).with_name("patches")
MOST_PARTIALS: Final = 32
MOST_BYTES: Final = 65_536  # the longest shipped patch has 1000
_LONGEST_TEXT: Final = 200
_EXAMPLE: Final = f"see {SHIPPED / 'air.toml'} for one that is right"


def _key(where: str, default: Any, least: float, most: float, says: str) -> Any:
    return field(default=default, metadata={"where": where, "least": least, "most": most, "says": says})


def _choice(where: str, choices: tuple[str, ...], says: str) -> Any:
    return field(default=choices[0], metadata={"where": where, "choices": choices, "says": says})


@dataclass(frozen=True)
class Patch:
    """One instrument sound; ``where`` in each field's metadata is its key in the file."""

    name: str
    title: str
    says: str
    level_db: float = _key("level_db", -14.0, -60, -6, "RMS of a loud tone against full scale, dB")
    partials: tuple[float, ...] = _key("tone.partials", (1.0,), 0, 1, "amplitudes of the harmonics when brightest")
    dark_db: float = _key("tone.dark_db", 0.0, -60, 0, "from each harmonic to the next with the hand closed, dB")
    bright_db: float = _key("tone.bright_db", 0.0, -60, 0, "from each harmonic to the next with the hand open, dB")
    loud_bright: float = _key("tone.loud_bright", 0.0, 0, 1, "how much brightness falls with loudness")
    bite: float = _key("tone.bite", 0.0, 0, 1, "brightness added as a note begins, falls with the decay")
    swell_db: float = _key("tone.swell_db", 0.0, 0, 18, "how much louder an open hand is than a closed one, dB")
    attack_ms: float = _key("envelope.attack_ms", 15.0, 2, 5000, "time to full loudness")
    decay_ms: float = _key("envelope.decay_ms", 500.0, 2, 20_000, "time to fall to the sustained loudness, to 60 dB")
    sustain: float = _key("envelope.sustain", 1.0, 0, 1, "loudness while held")
    release_ms: float = _key("envelope.release_ms", 60.0, 2, 20_000, "time to fall by 60 dB after the hand has gone")
    vibrato_hz: float = _key("vibrato.rate_hz", 5.0, 0.1, 12, "how fast the pitch swings")
    vibrato_cents: float = _key("vibrato.depth_cents", 0.0, 0, 100, "how far, to each side")
    vibrato_delay_ms: float = _key("vibrato.delay_ms", 300.0, 0, 10_000, "time before it sets in")
    vibrato_rise_ms: float = _key("vibrato.rise_ms", 400.0, 0, 10_000, "time it takes to grow")
    breath_db: float = _key("breath.level_db", -96.0, -96, 0, "breath against the tone, -96 is none, dB")
    breath_onset_db: float = _key("breath.onset_db", -96.0, -96, 6, "breath added while a note begins, dB")
    room_wet: float = _key("room.wet", 0.0, 0, 1, "level of the room's answer")
    room_seconds: float = _key("room.seconds", 1.0, 0.1, 10, "time the room takes to fall by 60 dB")
    room_treble: float = _key("room.treble", 0.5, 0, 1, "how much treble the room keeps")
    wave: str = _choice(
        "tone.wave", ("partials", "saw", "square"), "what sounds; partials and their falls are for the first"
    )
    vowel: str = _choice("tone.vowel", ("none", "ah", "oh", "oo"), "a mouth around the partials")
    ring_ms: float = _key("tone.ring_ms", 0.0, 0, 20_000, "a struck string's fall by 60 dB, 0 is a held tone")
    ring_fall: float = _key("tone.ring_fall", 0.3, 0, 2, "how much sooner each higher harmonic falls")
    unison: float = _key("tone.unison", 1, 1, 8, "players side by side, a whole number")
    detune_cents: float = _key("tone.detune_cents", 0.0, 0, 50, "how far the outermost of them lies off")
    cutoff_closed: float = _key("filter.closed", 2.0, 0.5, 64, "harmonic at which treble ends, hand closed")
    cutoff_open: float = _key("filter.open", 16.0, 0.5, 64, "the same, hand open")
    resonance: float = _key("filter.resonance", 0.707, 0.5, 8, "quality of the low-pass")
    chorus_wet: float = _key("chorus.wet", 0.0, 0, 1, "level of the chorus")
    chorus_hz: float = _key("chorus.rate_hz", 0.6, 0.05, 8, "how fast it swings")
    chorus_ms: float = _key("chorus.depth_ms", 2.0, 0.1, 6, "how far it swings")
    echo_wet: float = _key("echo.wet", 0.0, 0, 1, "level of the echo")
    echo_ms: float = _key("echo.time_ms", 330.0, 10, 1300, "time between echoes")
    echo_feedback: float = _key("echo.feedback", 0.3, 0, 0.9, "how much of an echo comes again")


_FIELDS: Final = {f.metadata["where"]: f for f in dataclasses.fields(Patch) if "where" in f.metadata}
_SECTIONS: Final = {key.split(".")[0] for key in _FIELDS if "." in key}
_TEXTS: Final = ("title", "says")
_ONLY_PARTIALS: Final = tuple(
    f"tone.{key}" for key in ("partials", "dark_db", "bright_db", "vowel", "ring_ms", "ring_fall")
)


def patch_files(*folders: Path | None) -> dict[str, Path]:
    """Return the known patches' files by name; an earlier folder's stand before a later one's and the shipped."""
    found = {path.stem: path for path in sorted(SHIPPED.glob("*.toml"))}
    for folder in reversed(folders):
        if folder is not None and folder.is_dir():
            found |= {path.stem: path for path in sorted(folder.glob("*.toml"))}
    return found


def folder_with(name: str, folders: tuple[Path, ...]) -> Path:
    """Return the first of the user's ``folders`` that holds the patch ``name``; the first of all for a shipped one.

    Raises PatchError, which names the known ones of all folders, when there is no such patch.
    """
    files = patch_files(*folders)
    if name not in files:
        raise PatchError(_unknown(name, files))
    return files[name].parent if files[name].parent in folders else folders[0]


def patch_named(name: str, folder: Path | None = None) -> Patch:
    """Read the patch ``name``.

    Raises
    ------
    PatchError
        No such patch (names the known ones), or a file with an unknown key or a value out of range.
    """
    files = patch_files(folder)
    if name not in files:
        raise PatchError(_unknown(name, files))
    return read_patch(files[name])


def read_patch(path: Path) -> Patch:
    """Read one patch file. Raises PatchError, which names file, line, key, what was found and what is allowed."""
    text = _text_of(path)
    pairs = _flat(path, text, _table_of(path, text))
    if not pairs:
        raise PatchError(f"{path} is empty; write what makes the sound into it: {_EXAMPLE}")
    values: dict[str, Any] = {"name": path.stem}
    for key, value in pairs:
        place = f"{path}:{_line_of(text, key)}: {key}"
        if key in _TEXTS:
            values[key] = _checked_text(place, value)
        elif key in _FIELDS:
            values[_FIELDS[key].name] = _checked(place, _FIELDS[key], value)
        else:
            raise PatchError(
                f"{place} is not known{_hint(key, (*_TEXTS, *_FIELDS))}; allowed are title, says, {', '.join(_FIELDS)}"
            )
    patch = Patch(**{"title": path.stem, "says": "", **values})
    for key, _ in pairs:
        wanted = ("saw", "square") if key.startswith("filter.") else ("partials",)
        if patch.wave not in wanted and (key.startswith("filter.") or key in _ONLY_PARTIALS):
            raise PatchError(
                f"{path}:{_line_of(text, key)}: {key} does nothing where tone.wave is {patch.wave!r}; "
                f"remove it, or make the wave {' or '.join(wanted)}"
            )
    return patch


def _unknown(name: str, files: Iterable[str]) -> str:
    guess = difflib.get_close_matches(name, files, 1)
    hint = f"; did you mean {guess[0]}?" if guess else ""
    return f"no patch is called {name!r}; there are: {', '.join(sorted(files))}{hint}"


def _text_of(path: Path) -> str:
    """The file's text. What is no plain file is not waited for, and what is far too long not read."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            plain = stat.S_ISREG(os.fstat(handle).st_mode)
            content = os.read(handle, MOST_BYTES + 1) if plain else b""
        finally:
            os.close(handle)
    except (OSError, ValueError) as error:  # ValueError: a name with a zero in it
        reason = error.strerror if isinstance(error, OSError) else error
        raise PatchError(f"{path} cannot be read ({reason}); make it readable or remove it") from error
    if not plain:
        raise PatchError(f"{path} is no plain file; a patch is a TOML file: {_EXAMPLE}")
    if len(content) > MOST_BYTES:
        raise PatchError(f"{path} is longer than {MOST_BYTES} bytes, so it is no patch; {_EXAMPLE}")
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise PatchError(f"{path}:{line}: this is no UTF-8 text ({error.reason}); save the file as UTF-8") from error


def _table_of(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise PatchError(f"{path} is no TOML of a patch: brackets within brackets without end; {_EXAMPLE}") from error
    except ValueError as error:  # TOMLDecodeError, and numbers that Python will not read
        found = re.fullmatch(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", str(error), re.DOTALL)
        line = (found[2] or text.count("\n") + 1) if found else 1
        says = found[1] if found else str(error)
        twice = " (is it written twice?)" if says.startswith(("Cannot overwrite", "Cannot declare")) else ""
        raise PatchError(f"{path}:{line}: this is no TOML: {says}{twice}; {_EXAMPLE}") from error


def _flat(path: Path, text: str, table: dict[str, Any]) -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = []
    for key, value in table.items():
        place = f"{path}:{_line_of(text, key)}: "
        if isinstance(value, dict) and key in _SECTIONS:
            pairs += [(f"{key}.{inner}", found) for inner, found in value.items()]
        elif isinstance(value, dict):
            sections = ", ".join(sorted(_SECTIONS))
            raise PatchError(f"{place}section [{key}] is not known{_hint(key, _SECTIONS)}; allowed are {sections}")
        elif key in _SECTIONS:
            raise PatchError(
                f"{place}{key} is {_shown(value)}, but it is a section; write [{key}] and its keys below it"
            )
        else:
            pairs.append((key, value))
    return pairs


def _checked_text(place: str, value: Any) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT or not value.isprintable():
        raise PatchError(
            f"{place} is {_shown(value)}; a text of one line, at most {_LONGEST_TEXT} characters, is needed"
        )
    return value


def _checked(place: str, target: "dataclasses.Field[Any]", value: Any) -> Any:
    says = target.metadata["says"]
    if choices := target.metadata.get("choices"):
        if value not in choices:
            raise PatchError(f"{place} is {_shown(value)}; allowed is {', '.join(choices)} ({says})")
        return value
    least, most = target.metadata["least"], target.metadata["most"]

    def number(found: Any) -> float:
        if isinstance(found, bool) or not isinstance(found, int | float) or not least <= found <= most:
            raise PatchError(f"{place} is {_shown(found)}; allowed is {least:g} to {most:g} ({says})")
        return float(found)

    if target.name == "unison" and number(value) != int(value):
        raise PatchError(f"{place} is {_shown(value)}; a whole number from {least:g} to {most:g} is needed")
    if target.name != "partials":
        return number(value)
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_PARTIALS:
        raise PatchError(f"{place} is {_shown(value)}; a list of 1 to {MOST_PARTIALS} numbers from 0 to 1 is needed")
    partials = tuple(number(found) for found in value)
    if not max(partials) >= 0.01:
        raise PatchError(f"{place} has no partial above 0.01, so nothing would sound; make one 0.01 to 1")
    return partials


def _hint(key: str, known: Iterable[str]) -> str:
    """Return what was probably meant: the same key of another section, or one that is spelled nearly so."""
    bare = key.rpartition(".")[2]
    names = {one.rpartition(".")[2]: one for one in known}
    nearest = [bare] if bare in names else difflib.get_close_matches(bare, names, 1, 0.7)
    return f"; did you mean {names[nearest[0]]}?" if nearest else ""


def _shown(value: Any) -> str:
    """Return a value as one can read it in an error."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a number of more digits than Python will write
        return "a value without end"
    return text if len(text) <= 60 else f"{text[:57]}…"


def _line_of(text: str, key: str) -> int:
    """Return the line of ``key`` (``section.key``, or a bare key or section); 1 where it is written oddly."""
    section, _, bare = key.rpartition(".")
    inside, near = "", 1
    begins = r"""\s*["']?{}["']?\s*""".format
    plain, dotted = begins(re.escape(bare)), begins(re.escape(section)) + r"\." + begins(re.escape(bare))
    for number, line in enumerate(text.split("\n"), 1):
        if header := re.match(r"\s*\[+\s*([^\]]*?)\s*\]", line):
            inside = header[1].strip("\"'")
            if key in (inside, inside.split(".")[0]):
                return number
        elif re.match(rf"{plain if inside == section else dotted}[.=]", line):
            return number
        elif not inside and section and re.match(rf"{begins(re.escape(section))}=", line):
            near = number  # an inline table
    return near
