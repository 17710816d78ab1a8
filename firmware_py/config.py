"""One typed, validated configuration, put together from shipped defaults, files, the environment and flags.

Order, each over the one before: the defaults below, ``/etc/hand-dance/config.toml``, ``hand-dance.toml`` on the
boot partition, ``HAND_DANCE_<SECTION>_<KEY>``, flags. A value that is refused names file, line, key, what was
found and what is allowed. Secrets never stand here: a setting names the file that holds one.
"""

import dataclasses
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from firmware_py.errors import ConfigError

SYSTEM_FILE: Final = Path("/etc/hand-dance/config.toml")
BOOT_FILES: Final = (Path("/boot/firmware/hand-dance.toml"), Path("/boot/hand-dance.toml"))
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


@dataclass(frozen=True)
class CameraSettings:
    """Where frames come from."""

    source: str = setting("auto", "auto, ghost, picamera2, v4l2, v4l2:/dev/videoN, a clip or a folder of pictures")
    rate_hz: float = setting(60.0, "frames a second asked for", least=5, most=240)
    width: int = setting(320, "pixels across that the hand is measured on", least=160, most=1280)


@dataclass(frozen=True)
class SoundSettings:
    """What sounds and where."""

    audio: str = setting("auto", "auto, alsa, alsa:DEVICE, paced (real time, no device) or offline (as fast as it goes)")
    patch: str = setting("air", "the instrument's sound")
    rate_hz: int = setting(48_000, "sampling rate", least=22_050, most=96_000)
    period_frames: int = setting(128, "frames of one ALSA period", least=16, most=4096)
    periods: int = setting(3, "periods in the ALSA buffer", least=2, most=16)
    delay_ms: float = setting(60.0, "a hand sounds this long after the camera saw it", least=1, most=500)
    instrument_db: float = setting(0.0, "level of the instrument", least=-90, most=6)
    backing_db: float = setting(0.0, "level of the backing song, -90 is off", least=-90, most=6)
    metronome_db: float = setting(-6.0, "level of the count-in and metronome clicks, -90 is off", least=-90, most=6)
    master_db: float = setting(0.0, "level of everything", least=-90, most=6)


@dataclass(frozen=True)
class PlaySettings:
    """How a hand plays."""

    song: str = setting("ode-to-joy", "the song to follow")
    player: str = setting("", "who plays")
    scale: str = setting("chromatic", "the scale that pitches are pulled to", choices=SCALES)
    quantise: float = setting(85.0, "how strongly pitches are pulled to the scale, per cent", least=0, most=100)
    glide_ms: float = setting(25.0, "time constant of the glide between pitches", least=1, most=2000)
    margin_semitones: int = setting(3, "range beyond the song's lowest and highest note", least=0, most=24)
    area_far: float = setting(0.02, "hand area, as a share of the frame, of the lowest pitch", least=0.001, most=0.5)
    area_near: float = setting(0.20, "hand area, as a share of the frame, of the highest pitch", least=0.002, most=1)
    height_to_loudness: float = setting(50.0, "how much the hand's height sets the loudness, per cent", least=0, most=100)
    a4_hz: float = setting(440.0, "tuning", least=390, most=470)
    tempo_percent: float = setting(100.0, "tempo, in per cent of the song's own", least=25, most=200)
    count_in_bars: int = setting(1, "bars counted before the song", least=0, most=4)
    seconds: float = setting(0.0, "end the session after so long; 0: at the end of the song", least=0, most=86_400)


@dataclass(frozen=True)
class MailSettings:
    """Where letters go."""

    transport: str = setting("maildir", "how letters leave", choices=("maildir", "smtp", "off"))
    maildir: str = setting("", "folder of delivered letters; empty: mail in the state folder")
    host: str = setting("", "mail server")
    port: int = setting(587, "port of the mail server", least=1, most=65_535)
    security: str = setting("starttls", "encryption", choices=("starttls", "tls", "none"))
    user: str = setting("", "login name; empty: no login")
    password_file: str = setting("", "file, mode 0600, that holds the password; systemd credential hand-dance.mail-password otherwise")
    ca_file: str = setting("", "certificates to trust beside the system's, PEM")
    sender: str = setting("hand-dance@localhost", "From address")
    recipient: str = setting("player@localhost", "To address when no player names one")


@dataclass(frozen=True)
class PanelSettings:
    """Buttons and lights, BCM pin numbers; -1 is not there."""

    start_pin: int = setting(17, "start button", least=-1, most=27)
    stop_pin: int = setting(27, "stop button", least=-1, most=27)
    status_pin: int = setting(22, "status light", least=-1, most=27)
    recording_pin: int = setting(23, "recording light", least=-1, most=27)
    debounce_ms: float = setting(30.0, "a button counts as pressed after so long", least=0, most=1000)


@dataclass(frozen=True)
class Config:
    """Everything that can be set."""

    paths: PathSettings = field(default_factory=PathSettings)
    camera: CameraSettings = field(default_factory=CameraSettings)
    sound: SoundSettings = field(default_factory=SoundSettings)
    play: PlaySettings = field(default_factory=PlaySettings)
    mail: MailSettings = field(default_factory=MailSettings)
    panel: PanelSettings = field(default_factory=PanelSettings)

    @property
    def state(self) -> Path:
        """The folder that sessions, outbox, models and cache live in."""
        if self.paths.state:
            return Path(self.paths.state).expanduser().absolute()
        data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
        return Path(data).expanduser() / "hand-dance"
