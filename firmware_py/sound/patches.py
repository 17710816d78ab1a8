"""Patches: instrument sounds described by data. Reads the shipped ones and those in a folder of the user's.

A patch file is TOML; what a key means and what it may be stands at the fields of ``Patch``. Not here: how a patch
sounds (``ext/include/voices.h``).
"""

import dataclasses
import difflib
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from firmware_py.errors import PatchError

SHIPPED: Final = Path(__file__).with_name("patches")
MOST_PARTIALS: Final = 32


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


def patch_files(folder: Path | None = None) -> dict[str, Path]:
    """Return the known patches' files by name; those in ``folder`` stand before shipped ones of the same name."""
    found = {path.stem: path for path in sorted(SHIPPED.glob("*.toml"))}
    if folder is not None and folder.is_dir():
        found |= {path.stem: path for path in sorted(folder.glob("*.toml"))}
    return found


def folder_with(name: str, folders: tuple[Path, ...]) -> Path:
    """Return the first of the user's ``folders`` that holds the patch ``name``; the first of all when none does."""
    return next((folder for folder in folders if (folder / f"{name}.toml").is_file()), folders[0])


def patch_named(name: str, folder: Path | None = None) -> Patch:
    """Read the patch ``name``.

    Raises
    ------
    PatchError
        No such patch (names the known ones), or a file with an unknown key or a value out of range.
    """
    files = patch_files(folder)
    if name not in files:
        known = ", ".join(sorted(files))
        guess = difflib.get_close_matches(name, files, 1)
        hint = f"; did you mean {guess[0]}?" if guess else ""
        raise PatchError(f"no patch is called {name!r}; there are: {known}{hint}")
    return read_patch(files[name])


def read_patch(path: Path) -> Patch:
    """Read one patch file. Raises PatchError, which names file, line, key, what was found and what is allowed."""
    try:
        text = path.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except OSError as error:
        raise PatchError(f"{path} cannot be read ({error.strerror}); make it readable or remove it") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PatchError(f"{path} is no TOML: {error}; see {SHIPPED / 'air.toml'} for one that is") from error
    values: dict[str, Any] = {"name": path.stem}
    for key, value in _flat(path, text, table):
        place = f"{path}:{_line_of(text, key)}: {key}"
        if key in ("title", "says"):
            if not isinstance(value, str):
                raise PatchError(f"{place} is {value!r}; a text is needed")
            values[key] = value
        elif key in _FIELDS:
            values[_FIELDS[key].name] = _checked(place, _FIELDS[key], value)
        else:
            raise PatchError(f"{place} is not known; allowed are title, says, {', '.join(_FIELDS)}")
    return Patch(**{"title": path.stem, "says": "", **values})


def _flat(path: Path, text: str, table: dict[str, Any]) -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = []
    for key, value in table.items():
        if isinstance(value, dict) and key in _SECTIONS:
            pairs += [(f"{key}.{inner}", found) for inner, found in value.items()]
        elif isinstance(value, dict):
            sections = ", ".join(sorted(_SECTIONS))
            raise PatchError(f"{path}:{_line_of(text, key)}: section [{key}] is not known; allowed are {sections}")
        else:
            pairs.append((key, value))
    return pairs


def _checked(place: str, target: "dataclasses.Field[Any]", value: Any) -> Any:
    if choices := target.metadata.get("choices"):
        if value not in choices:
            raise PatchError(f"{place} is {value!r}; allowed is {', '.join(choices)} ({target.metadata['says']})")
        return value
    least, most = target.metadata["least"], target.metadata["most"]

    def number(found: Any) -> float:
        if isinstance(found, bool) or not isinstance(found, int | float) or not least <= found <= most:
            raise PatchError(f"{place} is {found!r}; allowed is {least:g} to {most:g} ({target.metadata['says']})")
        return float(found)

    if target.name == "unison" and number(value) != int(value):
        raise PatchError(f"{place} is {value!r}; a whole number from {least:g} to {most:g} is needed")
    if target.name != "partials":
        return number(value)
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_PARTIALS:
        raise PatchError(f"{place} is {value!r}; a list of 1 to {MOST_PARTIALS} numbers from 0 to 1 is needed")
    partials = tuple(number(found) for found in value)
    if not any(partials):
        raise PatchError(f"{place} has no partial above 0, so nothing would sound; make at least one 0.01 to 1")
    return partials


def _line_of(text: str, key: str) -> int:
    """Return the line of ``key`` (``section.key``, or a bare key or section); 1 where it is written oddly."""
    section, _, bare = key.rpartition(".")
    inside = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[+\s*([^\]]*?)\s*\]", line):
            inside = header[1]
            if key in (inside, inside.split(".")[0]):
                return number
        elif re.match(rf"""\s*["']?{re.escape(bare)}["']?\s*[.=]""", line) and inside == section:
            return number
    return 1
