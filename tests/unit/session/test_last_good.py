"""A box whose settings are wrong starts on those it had before, and says what is wrong."""

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.config import (
    Config,
    MailSettings,
    PanelSettings,
    PathSettings,
    PlaySettings,
    SoundSettings,
    load_config,
)
from firmware_py.errors import ConfigError
from firmware_py.session.last_good import FILE, keep_as_last_good, settings_or_last_good

GOOD = '[play]\nsong = "twinkle"\n[sound]\nperiods = 4\n'
WRONG = {
    "an unknown key": '[play]\nsogn = "twinkle"\n',
    "an unknown section": '[pay]\nsong = "twinkle"\n',
    "a wrong type": "[play]\nsong = 3\n",
    "out of range": "[sound]\nperiods = 99\n",
    "cut in half": '[play]\nsong = "twin',
    "no text": "\x00\x01",
    "a pin used twice": "[panel]\nstatus_pin = 17\n",
}


@pytest.fixture
def place(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """A settings file that was good, kept as such, and the environment of the box."""
    file = tmp_path / "hand-dance.toml"
    file.write_text(GOOD)
    environ = {"HAND_DANCE_PATHS_STATE": str(tmp_path / "state")}
    config, complaint = settings_or_last_good({}, environ, (file,))
    assert complaint == ""
    assert keep_as_last_good(config)
    return file, environ


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_file_leaves_the_last_good_settings_and_names_itself(place, kind: str) -> None:
    file, environ = place
    file.write_text(WRONG[kind])
    config, complaint = settings_or_last_good({}, environ, (file,))
    assert (config.play.song, config.sound.periods) == ("twinkle", 4)
    assert complaint.startswith("panel.status_pin is pin 17" if kind == "a pin used twice" else str(file))
    assert "the last good settings count" in complaint
    if kind != "a pin used twice":  # whoever has no pins may have them wrong
        with pytest.raises(ConfigError):
            load_config({}, environ, (file,))


def test_a_file_with_windows_line_ends_and_a_byte_order_mark_is_right(place) -> None:
    file, environ = place
    file.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert settings_or_last_good({}, environ, (file,))[1] == ""


def test_pins_that_are_right_in_each_file_and_wrong_together_are_those_of_a_plain_box(tmp_path: Path) -> None:
    one, other = tmp_path / "config.toml", tmp_path / "boot.toml"
    one.write_text("[panel]\nstatus_pin = 5\n")
    other.write_text("[panel]\nrecording_pin = 5\n")
    config, complaint = settings_or_last_good({}, {"HAND_DANCE_PATHS_STATE": str(tmp_path)}, (one, other))
    assert config.panel == PanelSettings()
    assert "which panel." in complaint


def test_before_there_was_a_good_start_the_files_that_are_right_count(tmp_path: Path) -> None:
    right, wrong = tmp_path / "config.toml", tmp_path / "boot.toml"
    right.write_text(f'[paths]\nstate = "{tmp_path / "state"}"\n{GOOD}')
    wrong.write_text(WRONG["cut in half"])
    config, complaint = settings_or_last_good({}, {}, (right, wrong))
    assert (config.play.song, config.state) == ("twinkle", tmp_path / "state")
    assert "the other settings count" in complaint


def test_a_wrong_variable_is_left_out_and_a_right_one_still_counts(place) -> None:
    file, environ = place
    config, complaint = settings_or_last_good({}, {**environ, "HAND_DANCE_PLAY_SONG": "free"}, (file,))
    assert (config.play.song, complaint) == ("free", "")
    file.write_text(WRONG["cut in half"])
    assert settings_or_last_good({}, {**environ, "HAND_DANCE_PLAY_SONG": "free"}, (file,))[0].play.song == "free"
    file.write_text(GOOD)
    config, complaint = settings_or_last_good({}, {**environ, "HAND_DANCE_SOUND_PERIODS": "many"}, (file,))
    assert "HAND_DANCE_SOUND_PERIODS" in complaint
    assert (str(config.state), config.sound.periods) == (environ["HAND_DANCE_PATHS_STATE"], 4)


def test_a_wrong_flag_is_refused_as_ever(place) -> None:
    file, environ = place
    with pytest.raises(ConfigError, match="--song"):
        settings_or_last_good({("play", "song"): 3}, environ, (file,))


def test_a_last_good_file_that_was_broken_meanwhile_is_passed_over(place) -> None:
    file, environ = place
    (Path(environ["HAND_DANCE_PATHS_STATE"]) / FILE).write_text("[play]\nfrom_another_version = 1\n")
    file.write_text(WRONG["an unknown key"])
    config, complaint = settings_or_last_good({}, environ, (file,))
    assert config.play.song == PlaySettings().song
    assert complaint


@given(song=st.text(max_size=20), level=st.floats(-90, 0), port=st.integers(1, 65_535), recipient=st.text(max_size=20))
def test_whatever_was_set_is_kept_word_for_word(tmp_path_factory, song, level, port, recipient) -> None:
    state = tmp_path_factory.mktemp("state")
    config = Config(
        paths=PathSettings(state=str(state)),
        play=PlaySettings(song=song),
        sound=SoundSettings(chimes_db=level),
        mail=MailSettings(port=port, recipient=recipient),
    )
    assert keep_as_last_good(config)
    kept = load_config({}, {}, (state / FILE,))
    assert dataclasses.replace(kept, paths=config.paths) == config


def test_defaults_are_not_kept_so_that_those_of_a_later_version_count(tmp_path: Path) -> None:
    keep_as_last_good(Config(paths=PathSettings(state=str(tmp_path)), play=PlaySettings(song="free")))
    lines = [line for line in (tmp_path / FILE).read_text().splitlines() if line and not line.startswith("#")]
    assert lines == ["[play]", 'song = "free"']
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_what_looks_like_a_secret_is_not_kept(tmp_path: Path) -> None:
    @dataclasses.dataclass(frozen=True)
    class Wifi:
        password: str = ""
        psk: str = ""
        password_file: str = ""
        name: str = ""

    @dataclasses.dataclass(frozen=True)
    class WithWifi(Config):
        wifi: Wifi = dataclasses.field(default_factory=Wifi)

    keep_as_last_good(WithWifi(PathSettings(str(tmp_path)), wifi=Wifi("swordfish", "swordfish", "/a", "home")))
    text = (tmp_path / FILE).read_text()
    assert "swordfish" not in text
    assert 'name = "home"' in text
    assert 'password_file = "/a"' in text


def test_a_state_folder_that_cannot_be_written_keeps_nothing_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert not keep_as_last_good(Config(paths=PathSettings(state=str(tmp_path / "file" / "state"))))


def test_the_card_is_not_written_for_settings_that_stayed_the_same(tmp_path: Path) -> None:
    config = Config(paths=PathSettings(state=str(tmp_path)))
    keep_as_last_good(config)
    before = (tmp_path / FILE).stat().st_ino
    keep_as_last_good(config)
    assert (tmp_path / FILE).stat().st_ino == before
