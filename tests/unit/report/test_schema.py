import json

import jsonschema
import pytest

from firmware_py.archive.session_folder import Gap, SessionFolder
from firmware_py.music.note import Note
from firmware_py.report import schema
from firmware_py.report.report import make_report


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    shipped = json.loads(schema.FILE.read_bytes())
    jsonschema.Draft202012Validator.check_schema(shipped)
    return jsonschema.Draft202012Validator(shipped)


def test_the_shipped_schema_is_that_of_the_records():
    assert schema.FILE.read_bytes() == schema.as_bytes(), "python -m firmware_py.report.schema writes it anew"


def test_every_rule_of_the_schema_is_of_a_field_that_there_is():
    told = schema.schema()
    records = {"Report": told, **told["$defs"]}
    for name in schema._RULES:
        record, _, field = name.partition(".")
        assert field in records[record]["properties"], name


@pytest.mark.parametrize(
    ("song", "notes", "more"),
    [
        ("ode-to-joy", None, {}),
        ("ode-to-joy", [], {}),
        ("twinkle", [Note(1.0, 1.0, 61.4)], {"gaps": (Gap("sight", 1.0, 2.0, "killed"),), "counters": {"frames": 3}}),
        ("free", [Note(0.0, 1.0, 60.0)], {}),
        ("free", [], {"seconds": 0.0}),
    ],
)
def test_every_report_is_of_the_shipped_schema(session_of, validator, song, notes, more):
    folder = session_of(song, notes, **more)
    make_report(folder)
    validator.validate(json.loads(folder.file(SessionFolder.REPORT).read_bytes()))


@pytest.mark.parametrize(
    "change", [{"schema": 99}, {"notes": None}, {"marks": {"total": 101}}, {"seconds": "long"}, {"extra": [1.5]}]
)
def test_what_is_no_report_is_refused_by_the_schema(session_of, validator, change):
    folder = session_of("twinkle", [])
    make_report(folder)
    told = json.loads(folder.file(SessionFolder.REPORT).read_bytes())
    validator.validate(told)
    assert not validator.is_valid(told | change)


def test_a_type_that_json_cannot_hold_is_refused():
    with pytest.raises(TypeError, match="cannot hold"):
        schema._of(set, {})
