"""The configuration: every source over the one before, every refusal with place, finding and remedy."""

from pathlib import Path

import pytest

from firmware_py.config import Config, load_config
from firmware_py.errors import ConfigError


def _file(folder: Path, text: str, name: str = "config.toml") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def test_without_any_source_the_defaults_stand() -> None:
    assert load_config(environ={}, files=()) == Config()


def test_a_later_file_the_environment_and_a_flag_each_override_what_came_before(tmp_path: Path) -> None:
    first = _file(tmp_path, '[sound]\npatch = "a"\nperiods = 2\nrate_hz = 44100\ndelay_ms = 40\n')
    second = _file(tmp_path, '[sound]\npatch = "b"\nperiods = 4\nrate_hz = 32000\n', "boot.toml")
    sound = load_config(
        {("sound", "patch"): "d", ("sound", "audio"): None},
        {"HAND_DANCE_SOUND_PATCH": "c", "HAND_DANCE_SOUND_PERIODS": "5"},
        (first, second),
    ).sound
    assert (sound.patch, sound.periods, sound.rate_hz, sound.delay_ms, sound.audio) == ("d", 5, 32_000, 40.0, "auto")


def test_a_file_with_byte_order_mark_and_windows_line_ends_is_read(tmp_path: Path) -> None:
    path = tmp_path / "hand-dance.toml"
    path.write_bytes(b'\xef\xbb\xbf[play]\r\nplayer = "Ana"\r\n')
    assert load_config(environ={}, files=(path,)).play.player == "Ana"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[sound]\n\npach = 1\n", ["line 3", "'pach'", "did you mean patch?"]),
        ("[sond]\npatch = 1\n", ["line 1", "[sond]", "did you mean sound?"]),
        ('[sound]\nperiods = "three"\n', ["line 2", "sound.periods", "'three'", "a whole number from 2 to 16"]),
        ("[sound]\npatch = 3\n", ["line 2", "sound.patch", "3", "text in quotes"]),
        ("[sound]\nperiods = true\n", ["sound.periods", "True"]),
        ("[sound]\nperiods = 99\n", ["99", "from 2 to 16"]),
        ("[sound]\nmaster_db = nan\n", ["nan", "from -90 to 6"]),
        ('[play]\nscale = "dorian"\n', ["'dorian'", "one of song, chromatic"]),
        ("[sound\n", ["not valid TOML", "line 1"]),
        ("sound = 3\n", ["line 1", "is a section"]),
        ("\n[play]\na = 1\n[sound]\na = 1\n", ["line 3", "unknown key 'a' in play"]),
    ],
)
def test_a_wrong_line_names_file_line_key_finding_and_what_is_allowed(
    tmp_path: Path, text: str, says: list[str]
) -> None:
    path = _file(tmp_path, text)
    with pytest.raises(ConfigError) as refused:
        load_config(environ={}, files=(path,))
    assert [part for part in [str(path), *says] if part not in str(refused.value)] == []


def test_a_file_that_is_no_text_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"config\.toml cannot be read"):
        load_config(environ={}, files=(path,))


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("HAND_DANCE_SOUND_PERIODS", "many", "sound.periods is 'many'"),
        ("HAND_DANCE_SOUND_PERIODS", "1", "from 2 to 16"),
        ("HAND_DANCE_SOUND_PERIOD", "1", "did you mean periods?"),
    ],
)
def test_a_wrong_variable_is_named(variable: str, value: str, says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load_config(environ={variable: value}, files=())
    assert variable in str(refused.value)
    assert says in str(refused.value)


def test_variables_of_other_programs_and_of_other_purposes_are_left_alone() -> None:
    assert load_config(environ={"HAND_DANCE_DATA": "/data", "PATH": "/bin"}, files=()) == Config()


def test_a_flag_out_of_range_is_named_as_the_flag() -> None:
    with pytest.raises(ConfigError, match=r"--delay-ms: sound\.delay_ms is 900\.0"):
        load_config({("sound", "delay_ms"): 900.0}, {}, ())


def test_the_state_folder_follows_the_users_data_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert Config().state == tmp_path / "hand-dance"
    assert load_config({("paths", "state"): "/srv/box"}, {}, ()).state == Path("/srv/box")
