"""One typed, validated configuration, put together from shipped defaults, files, the environment and flags.

Order, each over the one before: the defaults below, ``/etc/hand-dance/config.toml``, ``hand-dance.toml`` on the
boot partition, ``HAND_DANCE_<SECTION>_<KEY>``, flags. A value that is refused names file, line, key, what was
found and what is allowed. Secrets never stand here: a setting names the file that holds one.
"""

import dataclasses
import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from firmware_py.errors import ConfigError

SYSTEM_FILE: Final = Path("/etc/hand-dance/config.toml")
BOOT_FILES: Final = (Path("/boot/firmware/hand-dance.toml"), Path("/boot/hand-dance.toml"))
SPOKEN: Final = ("off", "en", "de", "es", "fr")
LANGUAGES: Final = ("en", "es", "de", "fr")
SCALES: Final = ("song", "chromatic", "major", "minor", "pentatonic", "blues")


def setting(
    default: Any,
    says: str,
    *,
    least: float | None = None,
    most: float | None = None,
    choices: tuple[str, ...] | None = None,
) -> Any:
    """Declare one setting: its default, what it does, and the values allowed."""
    return field(default=default, metadata={"says": says, "least": least, "most": most, "choices": choices})


@dataclass(frozen=True)
class PathSettings:
    """Where things are kept."""

    state: str = setting("", "folder of sessions, outbox, models and cache; empty: the user's data folder")
    keep_days: float = setting(
        30.0, "recordings leave the box so many days after their letter did; 0: they stay", least=0, most=3650
    )


@dataclass(frozen=True)
class CameraSettings:
    """Where frames come from."""

    source: str = setting("auto", "auto, ghost, picamera2, v4l2, v4l2:NAME, a clip or a folder of pictures")
    rate_hz: float = setting(60.0, "frames a second asked for", least=5, most=240)
    width: int = setting(320, "pixels across that the hand is measured on", least=160, most=1280)
    mains: str = setting("50", "hertz of the mains, whose lamps are not to flicker", choices=("50", "60", "off"))
    codes: str = setting("on", "look for QR codes held up to the camera while nobody plays", choices=("on", "off"))


@dataclass(frozen=True)
class SoundSettings:
    """What sounds and where."""

    audio: str = setting("auto", "auto, alsa, alsa:DEVICE, paced (real time, no device) or offline (fast)")
    devices: str = setting("", "ALSA devices that auto tries before the default one, in order, blanks between")
    patch: str = setting("air", "the instrument's sound")
    rate_hz: int = setting(48_000, "sampling rate", least=22_050, most=96_000)
    period_frames: int = setting(128, "frames of one ALSA period", least=16, most=4096)
    periods: int = setting(3, "periods in the ALSA buffer", least=2, most=16)
    delay_ms: float = setting(
        0.0, "a hand sounds this long after the camera saw it; 0: as measured before the song", least=0, most=500
    )
    instrument_db: float = setting(0.0, "level of the instrument", least=-90, most=6)
    backing: str = setting(
        "auto", "what plays a song's parts; auto: FluidSynth where it is", choices=("auto", "own", "fluidsynth")
    )
    soundfont: str = setting("", "SoundFont file for FluidSynth; empty: the best in the usual places")
    backing_db: float = setting(0.0, "level of the backing song, -90 is off", least=-90, most=6)
    metronome: str = setting("count-in", "clicks before the song, or through it too", choices=("count-in", "on"))
    metronome_db: float = setting(-6.0, "level of the count-in and metronome clicks, -90 is off", least=-90, most=6)
    guide: str = setting("off", "the song's melody, played along", choices=("off", "soft", "on"))
    master_db: float = setting(0.0, "level of everything", least=-90, most=6)
    microphone: str = setting(
        "auto", "recorded beside the sound, into mic.wav: auto (if there is one), alsa:DEVICE or off"
    )
    mic_db: float = setting(-90.0, "level of the microphone in what is heard, -90 is off", least=-90, most=6)
    midi_out: str = setting("", "MIDI port that the hand plays too, virtual for one of our own; empty: none")
    midi_mpe: str = setting("off", "MIDI with a bend range of 48 semitones (MPE)", choices=("off", "on"))
    osc_out: str = setting("", "HOST:PORT that the hand is told to as OSC; empty: nowhere")
    chimes_db: float = setting(-14.0, "level of the chimes between sessions, -90 is off", least=-90, most=0)
    spoken: str = setting("off", "language of the words beside the chimes, by espeak-ng", choices=SPOKEN)


@dataclass(frozen=True)
class PlaySettings:
    """How a hand plays."""

    song: str = setting("ode-to-joy", "the song to follow, or free for none")
    player: str = setting("", "who plays")
    address: str = setting("", "where the letter goes; empty: to the player's own address, or mail.recipient")
    language: str = setting("en", "language of the letter, where the player has none", choices=LANGUAGES)
    scale: str = setting("chromatic", "the scale that pitches are pulled to", choices=SCALES)
    quantise: float = setting(85.0, "how strongly pitches are pulled to the scale, per cent", least=0, most=100)
    glide_ms: float = setting(25.0, "time constant of the glide between pitches", least=1, most=2000)
    margin_semitones: int = setting(3, "range beyond the song's lowest and highest note", least=0, most=24)
    fold: str = setting(
        "on", "a song wider than the reach tells apart is played within it, by octaves", choices=("on", "off")
    )
    hand: str = setting("any", "the hand that plays, where one does", choices=("any", "left", "right"))
    fit_reach: str = setting(
        "once", "the reach is found before the song: never, once a player, always", choices=("off", "once", "count-in")
    )
    articulation: str = setting(
        "hand",
        "what ends a note and strikes it again: the hand leaving the picture, or closing to a fist too",
        choices=("hand", "openness"),
    )
    area_far: float = setting(
        0.0, "share of the frame of a far hand, the lowest pitch; 0: the player's own, or 0.02", least=0, most=0.5
    )
    area_near: float = setting(
        0.0, "share of the frame of a near hand, the highest pitch; 0: the player's own, or 0.2", least=0, most=1
    )
    height_to_loudness: float = setting(50.0, "how much the height sets the loudness, per cent", least=0, most=100)
    a4_hz: float = setting(440.0, "tuning", least=390, most=470)
    tempo_percent: float = setting(100.0, "tempo, in per cent of the song's own", least=25, most=200)
    from_bar: int = setting(0, "first bar of a passage to practise; 0: from the beginning", least=0, most=9999)
    to_bar: int = setting(0, "last bar of a passage to practise; 0: to the end", least=0, most=9999)
    loop: int = setting(1, "how often the song or passage is played, on end", least=1, most=50)
    tempo_step: float = setting(
        0.0, "each time of a loop is so much faster, in per cent of the song's own tempo", least=0, most=50
    )
    transpose: int = setting(0, "semitones that the song is moved up", least=-24, most=24)
    count_in_bars: int = setting(1, "bars counted before the song", least=0, most=4)
    players: int = setting(1, "hands that play, each a voice of its own", least=1, most=2)
    marks: str = setting("on", "whether a performance of a song is marked", choices=("on", "off"))
    seconds: float = setting(0.0, "end the session after so long; 0: at the end of the song", least=0, most=86_400)


@dataclass(frozen=True)
class MailSettings:
    """Where letters go."""

    transport: str = setting("maildir", "how letters leave", choices=("maildir", "smtp", "lmtp", "sendmail", "off"))
    preset: str = setting(
        "none", "a provider whose server and limits are known", choices=("none", "gmail", "outlook", "gmx", "lan")
    )
    maildir: str = setting("", "folder of delivered letters; empty: mail in the state folder")
    command: str = setting("/usr/sbin/sendmail -i", "for sendmail: the program that takes letters, with its flags")
    host: str = setting("", "mail server; for lmtp also the path of a socket")
    port: int = setting(587, "port of the mail server", least=1, most=65_535)
    security: str = setting("starttls", "encryption", choices=("starttls", "tls", "none"))
    user: str = setting("", "login name; empty: no login")
    login: str = setting("auto", "how the login is made", choices=("auto", "plain", "login", "xoauth2"))
    password_file: str = setting("", "file, mode 0600, with the password; empty: systemd credential")
    ca_file: str = setting("", "certificates to trust beside the system's, PEM")
    sender: str = setting("hand-dance@localhost", "From address")
    recipient: str = setting("player@localhost", "To address when no player names one")
    recipients_per_hour: int = setting(30, "more people than so many wait for the next hour", least=1, most=10_000)
    bounces: str = setting(
        "", "where bounces come back: imaps://HOST/FOLDER with mail.user's login, or a maildir; empty: not read"
    )
    copy_to: str = setting("", "a copy of every letter goes here too, and the letter says so; empty: none")
    code_seconds: float = setting(
        60.0, "a letter waits so long for an address held up to the camera; 0: not at all", least=0, most=600
    )


@dataclass(frozen=True)
class PanelSettings:
    """Buttons and lights, BCM pin numbers; -1 is not there."""

    start_pin: int = setting(17, "start button", least=-1, most=27)
    stop_pin: int = setting(27, "stop button", least=-1, most=27)
    status_pin: int = setting(22, "status light", least=-1, most=27)
    recording_pin: int = setting(23, "recording light", least=-1, most=27)
    debounce_ms: float = setting(30.0, "a button counts as pressed after so long", least=0, most=1000)
    red_pin: int = setting(-1, "red of a light of three colours that shows the status", least=-1, most=27)
    green_pin: int = setting(-1, "its green", least=-1, most=27)
    blue_pin: int = setting(-1, "its blue", least=-1, most=27)
    song_pin: int = setting(-1, "button of the next song", least=-1, most=27)
    patch_pin: int = setting(-1, "button of the next patch", least=-1, most=27)
    song_a_pin: int = setting(-1, "rotary encoder that selects the song", least=-1, most=27)
    song_b_pin: int = setting(-1, "its other contact", least=-1, most=27)
    louder_pin: int = setting(-1, "button of more volume", least=-1, most=27)
    softer_pin: int = setting(-1, "button of less volume", least=-1, most=27)
    volume_a_pin: int = setting(-1, "rotary encoder of the volume", least=-1, most=27)
    volume_b_pin: int = setting(-1, "its other contact", least=-1, most=27)
    guard_ms: float = setting(
        500.0, "one button for start and stop is not heard so soon after it did either", least=0, most=5000
    )
    stop_hold_ms: float = setting(0.0, "stop ends a song only when it is held so long", least=0, most=2500)
    shutdown_s: float = setting(
        3.0, "stop, held so long and let go while nobody plays, turns the box off; 0: never", least=0, most=30
    )
    network_reset_s: float = setting(
        10.0, "stop, held so long and let go, forgets the wireless network; 0: never", least=0, most=60
    )


@dataclass(frozen=True)
class BoxSettings:
    """The machine around the instrument."""

    access_point: str = setting(
        "on", "a wireless network of the box's own while there is no other", choices=("on", "off")
    )


@dataclass(frozen=True)
class Config:
    """Everything that can be set."""

    paths: PathSettings = field(default_factory=PathSettings)
    camera: CameraSettings = field(default_factory=CameraSettings)
    sound: SoundSettings = field(default_factory=SoundSettings)
    play: PlaySettings = field(default_factory=PlaySettings)
    mail: MailSettings = field(default_factory=MailSettings)
    panel: PanelSettings = field(default_factory=PanelSettings)
    box: BoxSettings = field(default_factory=BoxSettings)

    @property
    def state(self) -> Path:
        """The folder that sessions, outbox, models and cache live in. Raises ConfigError for a home that is not."""
        place = self.paths.state or f"{os.environ.get('XDG_DATA_HOME') or '~/.local/share'}/hand-dance"
        try:
            return Path(place).expanduser().absolute()
        except RuntimeError as error:
            raise ConfigError(f"{place}: there is no such home folder here; name a folder with --state") from error


def load_config(
    flags: Mapping[tuple[str, str], Any] | None = None,
    environ: Mapping[str, str] | None = None,
    files: tuple[Path, ...] = (SYSTEM_FILE, *BOOT_FILES),
) -> Config:
    """Put the configuration together.

    flags: values given on the command line by (section, key); None values are left out. environ: the environment,
    os.environ when None. files: TOML files, weakest first; one that is not there is passed over.
    Raises ConfigError for an unknown key, a wrong type or a value out of range.
    """
    values: dict[tuple[str, str], Any] = {}
    for path in files:
        for section, key, found, line in _settings_in(path):
            values[section, key] = _checked(section, key, found, f"{path}, line {line}")
    for name, text in sorted((os.environ if environ is None else environ).items()):
        if (place := _named_by(name)) is not None:
            values[place] = _checked(*place, _parsed(*place, text, name), name)
    for (section, key), found in (flags or {}).items():
        if found is not None:
            values[section, key] = _checked(section, key, found, f"--{key.replace('_', '-')}")
    return Config(
        **{
            name: kind(**{key: value for (section, key), value in values.items() if section == name})
            for name, kind in SECTIONS.items()
        }
    )


def _settings_in(path: Path) -> Iterator[tuple[str, str, Any, int]]:
    """Yield (section, key, value, line) of a TOML file."""
    try:
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
        document = tomllib.loads(text)
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read ({error}); write it as UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}; correct that line") from error
    if path.name == BOOT_FILES[0].name:
        # Of the machine, not of the program: the set-up at boot (firmware_py.box) follows and erases these.
        document.pop("wifi", None)
        if isinstance(mail := document.get("mail"), dict):
            mail.pop("password", None)
    for section, table in document.items():
        line = _line_of(text, section, None)
        if section not in SECTIONS:
            raise ConfigError(f"{path}, line {line}: unknown section [{section}]; {_instead(section, SECTIONS)}")
        if not isinstance(table, dict):
            raise ConfigError(f"{path}, line {line}: {section} is a section; write [{section}] and its keys below it")
        for key, value in table.items():
            yield section, key, value, _line_of(text, section, key)


def _line_of(text: str, section: str, key: str | None) -> int:
    """Return the line that a section's heading, or one of its keys, stands in; 1 when it cannot be told."""
    heading, inside = 1, False
    wanted = re.compile(rf"\s*\"?{re.escape(key or section)}\"?\s*[=.]")
    for number, line in enumerate(text.split("\n"), 1):
        if match := re.match(r"\s*\[\s*\"?([^\]\"]+?)\"?\s*\]", line):
            inside = match.group(1) == section
            heading = number if inside else heading
        elif (inside or key is None) and wanted.match(line):
            return number
    return heading


def _named_by(variable: str) -> tuple[str, str] | None:
    """Return the (section, key) that an environment variable sets, None when it names none."""
    for section, kind in SECTIONS.items():
        prefix = f"HAND_DANCE_{section.upper()}_"
        if variable.startswith(prefix):
            key = variable.removeprefix(prefix).lower()
            if key not in {f.name for f in dataclasses.fields(kind)}:
                raise ConfigError(f"{variable}: unknown key {key!r} in {section}; {_instead(key, _keys(kind))}")
            return section, key
    return None


def _parsed(section: str, key: str, text: str, where: str) -> Any:
    """Turn an environment variable's text into the type of its setting."""
    kind: type[Any] = type(_field(section, key, where).default)
    try:
        return kind(text)
    except ValueError:
        raise ConfigError(f"{where}: {section}.{key} is {text!r}; allowed is {allowed_values(section, key)}") from None


def _checked(section: str, key: str, found: Any, where: str) -> Any:
    """Return the value in its setting's type, or raise ConfigError."""
    declared = _field(section, key, where)
    kind = type(declared.default)
    if kind is float and isinstance(found, int) and not isinstance(found, bool):
        found = float(found)
    rules = declared.metadata
    fits = (
        type(found) is kind
        and (rules["least"] is None or found >= rules["least"])
        and (rules["most"] is None or found <= rules["most"])
        and (rules["choices"] is None or found in rules["choices"])
    )
    if not fits:
        raise ConfigError(f"{where}: {section}.{key} is {found!r}; allowed is {allowed_values(section, key)}")
    return found


def _field(section: str, key: str, where: str) -> dataclasses.Field[Any]:
    kind = SECTIONS[section]
    for declared in dataclasses.fields(kind):
        if declared.name == key:
            return declared
    raise ConfigError(f"{where}: unknown key {key!r} in {section}; {_instead(key, _keys(kind))}")


def _keys(kind: type[Any]) -> list[str]:
    return [declared.name for declared in dataclasses.fields(kind)]


def allowed_values(section: str, key: str) -> str:
    """Say in words what a setting may be."""
    declared = _field(section, key, "")
    rules = declared.metadata
    if rules["choices"]:
        return "one of " + ", ".join(rules["choices"])
    noun = {int: "a whole number", float: "a number", str: "text in quotes"}[type(declared.default)]
    return noun if rules["least"] is None else f"{noun} from {rules['least']:g} to {rules['most']:g}"


def _instead(found: str, known: Any) -> str:
    """Say what was probably meant, and everything that is known."""
    near = difflib.get_close_matches(found, list(known), 1)
    return (f"did you mean {near[0]}? " if near else "") + "known are " + ", ".join(known)


SECTIONS: Final[dict[str, type[Any]]] = {
    "paths": PathSettings,
    "camera": CameraSettings,
    "sound": SoundSettings,
    "play": PlaySettings,
    "mail": MailSettings,
    "panel": PanelSettings,
}
