"""report.schema.json: what report.json may hold, as a JSON Schema, made from the records themselves.

``python -m firmware_py.report.schema`` writes it anew; a test holds the shipped file to the records. A field may be
added within a version, so a reader should pass over what it does not know; a field that goes or changes its meaning
raises the version.
"""

import json
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final, get_args, get_origin, get_type_hints

from firmware_py.report.contents import SCHEMA, Report

FILE: Final = Path(__file__).with_name("report.schema.json")
_PLAIN: Final = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}
_RULES: Final[dict[str, dict[str, Any]]] = {
    "Report.started_utc": {"description": "when the session began, ISO 8601"},
    "Report.seconds": {"minimum": 0, "description": "length of the session"},
    "Report.tempo_bpm": {"exclusiveMinimum": 0, "description": "quarter notes a minute, as played"},
    "Report.song": {"description": "the song that was followed; null in free play"},
    "Report.marks": {"description": "what the playing was worth; null where it was not marked"},
    "Report.notes": {"description": "the notes played, in order"},
    "Report.wanted": {"description": "the notes of the song, in order, and what became of each"},
    "Report.extra": {"description": "indices into notes of those that the song did not want"},
    "Report.second": {"description": "notes of the second hand, a voice of its own"},
    "Report.evaluation": {"description": "the figures of music information retrieval; null without marks"},
    "Report.earlier": {"description": "the player's earlier marks for this song, oldest first"},
    "Report.repetitions": {"description": "each time of a practised passage, in order; empty where none was"},
    "Report.files": {"description": "the files beside this one: what for → file name"},
    "Report.end": {"description": "why the session ended; empty while it runs"},
    "Report.schema": {"const": SCHEMA, "description": "version of this format"},
    "SongLine.beats_per_bar": {"minimum": 1},
    "SongLine.beat_unit": {"enum": [1, 2, 4, 8, 16, 32]},
    "SongLine.start_s": {"description": "bar 1, in seconds from the first frame of sound.wav"},
    "PlayedNote.onset_s": {"description": "seconds from the first frame of sound.wav"},
    "PlayedNote.duration_s": {"minimum": 0},
    "PlayedNote.pitch": {"description": "MIDI number with its fraction"},
    "PlayedNote.cents": {"minimum": -50, "maximum": 50, "description": "off the nearest note"},
    "PlayedNote.loudness": {"minimum": 0, "maximum": 1},
    "PlayedNote.vibrato_hz": {"exclusiveMinimum": 0, "description": "swings a second; null without a vibrato"},
    "PlayedNote.vibrato_cents": {"exclusiveMinimum": 0, "description": "how far it swings to each side"},
    "WantedNote.onset_s": {"description": "seconds from the first frame of sound.wav"},
    "WantedNote.pitch": {"description": "MIDI number"},
    "WantedNote.verdict": {"enum": ["right", "sharp", "flat", "early", "late", "missed"]},
    "WantedNote.cents": {"description": "sharp above 0; null where nothing was played for it"},
    "WantedNote.late_ms": {"description": "late above 0, the box's own delay taken off"},
    "WantedNote.played": {"minimum": 0, "description": "index into notes of the one that answered it"},
    "BarLine.marks": {"minimum": 0, "maximum": 100, "description": "null for a bar that asks for nothing"},
    "BarLine.late_ms": {"description": "median of its notes behind the beat"},
    "BarLine.tempo_ratio": {"exclusiveMinimum": 0, "description": "the player's tempo over the song's"},
    "BarLine.of_song": {"description": "its number in the song, of which a passage may have been practised"},
    "RepetitionLine.tempo_bpm": {"exclusiveMinimum": 0, "description": "quarter notes a minute that it began with"},
    "RepetitionLine.marks": {"minimum": 0, "maximum": 100, "description": "null for one without a note"},
    "EarlierLine.marks": {"minimum": 0, "maximum": 100},
    "MarksLine.total": {"minimum": 0, "maximum": 100},
    "MarksLine.points": {"minimum": 0, "maximum": 10_000},
    "MarksLine.tempo_ratio": {"exclusiveMinimum": 0, "description": "the player's tempo over the song's"},
}


def schema() -> dict[str, Any]:
    """Return the schema of report.json (JSON Schema 2020-12)."""
    definitions: dict[str, Any] = {}
    top = _record(Report, definitions)
    top["properties"] = {
        "title": {"type": "string", "description": "the song's title, or Free play"},
        **top["properties"],
    }
    top["required"].insert(0, "title")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Hand Dance report, version {SCHEMA}",
        **top,
        "$defs": dict(sorted(definitions.items())),
    }


def as_bytes() -> bytes:
    """Return the schema as it is shipped."""
    return json.dumps(schema(), indent=1, ensure_ascii=False).encode() + b"\n"


def _record(kind: type, definitions: dict[str, Any]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {
        "type": "object",
        "properties": {
            f.name: _of(hints[f.name], definitions) | _RULES.get(f"{kind.__name__}.{f.name}", {}) for f in fields(kind)
        },
        "required": [f.name for f in fields(kind) if f.default is MISSING or f.name == "schema"],
    }


def _of(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a type that a report may be made of."""
    if hint in _PLAIN:
        return {"type": _PLAIN[hint]}
    if is_dataclass(hint) and isinstance(hint, type):
        if hint.__name__ not in definitions:
            definitions[hint.__name__] = {}
            definitions[hint.__name__] = _record(hint, definitions)
        return {"$ref": f"#/$defs/{hint.__name__}"}
    origin, inside = get_origin(hint), get_args(hint)
    if origin is UnionType:
        choices = [_of(one, definitions) for one in inside]
        if all(set(choice) == {"type"} for choice in choices):
            return {"type": [choice["type"] for choice in choices]}
        return {"anyOf": choices}
    if origin is tuple and len(inside) == 2 and inside[1] is Ellipsis:
        return {"type": "array", "items": _of(inside[0], definitions)}
    if origin is tuple:
        return {"type": "array", "prefixItems": [_of(one, definitions) for one in inside], "items": False}
    if origin is dict:
        return {"type": "object", "additionalProperties": _of(inside[1], definitions)}
    raise TypeError(f"report.json cannot hold a {hint}; plain values, records, tuples and dictionaries are known")


if __name__ == "__main__":
    FILE.write_bytes(as_bytes())
