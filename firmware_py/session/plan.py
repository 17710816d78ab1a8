"""One session as decided before anything starts: every name and file in it was checked."""

import math
import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np

from firmware_py import __version__
from firmware_py.archive.calibration import DeviceDelay, device_delay
from firmware_py.archive.session_folder import SessionRecord
from firmware_py.config import SYSTEM_FILE, Config
from firmware_py.music.song import Song
from firmware_py.music.songs_library import FREE_PLAY, as_played, load_song, mapping_for
from firmware_py.sight.cameras import check_source, is_scripted
from firmware_py.sight.ghost.part import GhostPart
from firmware_py.sight.plan import SightPlan
from firmware_py.sound.backing import backing_file
from firmware_py.sound.microphone import OFF, MicrophonePlan, check_microphone
from firmware_py.sound.output import check_audio
from firmware_py.sound.patches import folder_with, patch_named
from firmware_py.sound.plan import SoundPlan

TAIL_S: Final = 1.5  # for the last note to ring
FREE_TEMPO_BPM: Final = 100.0
FREE_GHOST_S: Final = 20.0  # a ghost without a song plays so long


@dataclass(frozen=True)
class SessionPlan:
    """What will be played.

    song: at the tempo and pitch it is played at, None for free play. record: session.json as far as it is known.
    realtime: the clock on the wall paces it, not the data. scripted: the camera has a last frame, and the session
    ends with it. song_end_s, seconds: the ends that are known, from the first frame of sound.wav; seconds is 0 for
    none. calibrated: what is kept of a sound device's delay. microphone: None where none is wanted, and
    where there is no real time to hear in.
    """

    song: Song | None
    record: SessionRecord
    sight: SightPlan
    sound: SoundPlan
    realtime: bool
    scripted: bool
    song_end_s: float
    seconds: float
    calibrated: DeviceDelay | None = None
    microphone: MicrophonePlan | None = None


def plan_session(config: Config, lanes: str) -> SessionPlan:
    """Check everything that was asked for and decide the rest.

    Raises UsageError, SongError, PatchError, CameraError or AudioDeviceError with what is known instead.
    """
    play, sound = config.play, config.sound
    song = None
    if play.song != FREE_PLAY:
        song = as_played(load_song(play.song), tempo_percent=play.tempo_percent, transpose=play.transpose)
    patches = folder_with(sound.patch, (config.state / "patches", SYSTEM_FILE.with_name("patches")))
    patch_named(sound.patch, patches)
    check_source(config.camera.source)
    check_audio(sound.audio)
    hears = check_microphone(sound.microphone) != OFF and sound.audio != "offline"
    mapping = mapping_for(song, play)
    scripted = is_scripted(config.camera.source)
    realtime = sound.audio != "offline" or not scripted
    song_start_s = song.seconds(play.count_in_bars * song.bar_beats) if song else 0.0
    song_end_s = song_start_s + song.seconds(song.end) + TAIL_S if song else math.inf
    delay_s = sound.delay_ms / 1000
    backing = ""
    if song:
        cache = config.state / "cache"
        backing = str(
            backing_file(
                song,
                cache,
                song_start_s=song_start_s,
                rate_hz=sound.rate_hz,
                count_in_bars=play.count_in_bars,
                click_through=sound.metronome == "on",
            )
        )
    ghost = GhostPart(
        melody=song.melody_at(song_start_s) if song else (),
        mapping=mapping,
        delay_s=delay_s,
        seconds=play.seconds or (song_end_s if song else FREE_GHOST_S),
    )
    return SessionPlan(
        song=song,
        record=SessionRecord(
            started_utc=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            song=_remembered(play.song),
            patch=sound.patch,
            player=play.player,
            camera=config.camera.source,
            audio=sound.audio,
            mapping=mapping,
            t0_ns=0,
            rate_hz=sound.rate_hz,
            song_start_s=song_start_s,
            delay_s=delay_s,
            tempo_bpm=song.tempo_bpm if song else FREE_TEMPO_BPM,
            transpose=play.transpose if song else 0,
            versions={"hand-dance": __version__, "python": sys.version.split()[0], "numpy": np.__version__},
        ),
        sight=SightPlan(
            lanes=lanes,
            camera=config.camera,
            state=str(config.state),
            realtime=realtime,
            synchronous=not realtime,
            hands=play.players,
            ghost=ghost,
            parent_pid=os.getpid(),
        ),
        sound=SoundPlan(
            lanes=lanes,
            audio=sound.audio,
            rate_hz=sound.rate_hz,
            period_frames=sound.period_frames,
            periods=sound.periods,
            delay_ns=round(delay_s * 1e9),
            mapping=mapping,
            patch=sound.patch,
            patch_folder=str(patches),
            voices=play.players,
            backing=backing,
            parent_pid=os.getpid(),
            devices=tuple(sound.devices.split()),
        ),
        realtime=realtime,
        scripted=scripted,
        song_end_s=song_end_s,
        seconds=play.seconds,
        calibrated=device_delay(config.state),
        microphone=MicrophonePlan(lanes, sound.microphone, sound.rate_hz, parent_pid=os.getpid()) if hears else None,
    )


def _remembered(song: str) -> str:
    """Return a song's name, or the whole path of its file, which is found again from anywhere."""
    return str(Path(song).absolute()) if "/" in song or song.endswith(".toml") else song
