import re
import tomllib
from dataclasses import fields
from itertools import pairwise

from firmware_py.config import SECTIONS, Config, load_config
from firmware_py.config_example import example


def test_as_it_stands_it_changes_nothing(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(example())
    assert load_config({}, {}, (path,)) == Config()


def test_every_setting_is_there_and_uncommented_is_its_default(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(re.sub(r"^# (?=\w+ = )", "", example(), flags=re.MULTILINE))
    found = tomllib.loads(path.read_text())
    assert {name: set(table) for name, table in found.items()} == {
        name: {declared.name for declared in fields(kind)} for name, kind in SECTIONS.items()
    }
    assert load_config({}, {}, (path,)) == Config()


def test_every_setting_is_explained_with_what_is_allowed():
    lines = example().splitlines()
    explained = [above for above, line in pairwise(lines) if re.match(r"# \w+ = ", line)]
    assert len(explained) == sum(len(fields(kind)) for kind in SECTIONS.values())
    assert all(re.match(r"## .+; (one of|text in quotes|a whole number|a number)", line) for line in explained)
