"""One session as decided before anything starts: every name and file in it was checked."""

import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np

from firmware_py import __version__
from firmware_py.archive.calibration import DeviceDelay, device_delay
from firmware_py.archive.players import Player, Players
from firmware_py.archive.session_folder import SessionRecord
from firmware_py.config import SYSTEM_FILE, Config, PlaySettings
from firmware_py.errors import MailRefusedError, UsageError
from firmware_py.music.reach import ReachStage
from firmware_py.music.song import Song
from firmware_py.post.address import checked
from firmware_py.session.saying import say
from firmware_py.session.song_plan import FREE_TEMPO_BPM, backing_of, is_realtime, plan_song
from firmware_py.sight.cameras import check_source, is_scripted
from firmware_py.sight.ghost.part import GhostPart, Hold
from firmware_py.sight.plan import SightPlan
from firmware_py.sound.arrival import PLANNED_S
from firmware_py.sound.microphone import OFF, MicrophonePlan, check_microphone
from firmware_py.sound.output import check_audio
from firmware_py.sound.patches import folder_with, patch_named
from firmware_py.sound.plan import SoundPlan

FREE_GHOST_S: Final = 20.0  # a ghost without a song plays so long


@dataclass(frozen=True)
class SessionPlan:
    """What will be played.

    song: at the tempo and pitch it is played at, None for free play. record: session.json as far as it is known.
    realtime: the clock on the wall paces it, not the data. scripted: the camera has a last frame, and the session
    ends with it. song_end_s, seconds: the ends that are known, from the first frame of sound.wav; seconds is 0 for
    none. calibrated: what is kept of a sound device's delay. reach_stage: in which the player's reach is found; None:
    it is not. measures_delay: D is measured before the song; tells_delay: the sound process is told D at all (as fast
    as it goes, it plays by its plan's). state: the state folder. microphone: None where none is wanted, and where there
    is no real time to hear in.
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
    reach_stage: ReachStage | None = None
    measures_delay: bool = False
    tells_delay: bool = False
    state: Path = Path()
    microphone: MicrophonePlan | None = None


def plan_session(config: Config, lanes: str) -> SessionPlan:
    """Check everything that was asked for and decide the rest.

    Raises UsageError, SongError, PatchError, CameraError or AudioDeviceError with what is known instead.
    """
    play, sound = config.play, config.sound
    player = _player(config)
    planned = plan_song(config, player, say)
    song, stage, song_start_s = planned.song, planned.reach_stage, planned.song_start_s
    patches = folder_with(sound.patch, (config.state / "patches", SYSTEM_FILE.with_name("patches")))
    patch_named(sound.patch, patches)
    check_source(config.camera.source)
    check_audio(sound.audio)
    address = _address(play.address)
    hears = check_microphone(sound.microphone) != OFF and sound.audio != "offline"
    realtime = is_realtime(config)
    delay_s = sound.delay_ms / 1000 or PLANNED_S
    tells_delay = realtime and sound.audio != "offline"
    backing = backing_of(planned, config, say)
    ghost = GhostPart(
        melody=song.melody_at(song_start_s) if song else (),
        mapping=planned.mapping,
        delay_s=delay_s,
        seconds=play.seconds or (planned.song_end_s if song else song_start_s + FREE_GHOST_S),
        holds=(Hold(0.0, stage.far_until_s, 0.0), Hold(stage.far_until_s, stage.near_until_s, 1.0)) if stage else (),
    )
    return SessionPlan(
        song=song,
        record=SessionRecord(
            started_utc=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            song=_remembered(play.song),
            patch=sound.patch,
            player=player.name or play.player,
            address=address,
            language=player.language or play.language,
            camera=config.camera.source,
            audio=sound.audio,
            mapping=planned.mapping,
            t0_ns=0,
            rate_hz=sound.rate_hz,
            song_start_s=song_start_s,
            delay_s=delay_s,
            delay_how="set" if sound.delay_ms else "assumed",
            reach_how=_reach_how(play, player),
            tempo_bpm=song.tempo_bpm if song else FREE_TEMPO_BPM,
            transpose=play.transpose if song else 0,
            passage=planned.practised,
            span=planned.span,
            voices=play.players,
            marked=play.marks == "on",
            versions={"hand-dance": __version__, "python": sys.version.split()[0], "numpy": np.__version__},
        ),
        sight=SightPlan(
            lanes=lanes,
            camera=config.camera,
            state=str(config.state),
            realtime=realtime,
            synchronous=not realtime,
            hands=play.players,
            counted_in_s=song_start_s,
            prefer=_playing_hand(play, player),
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
            mapping=planned.mapping,
            patch=sound.patch,
            patch_folder=str(patches),
            voices=play.players,
            backing=backing,
            parent_pid=os.getpid(),
            devices=tuple(sound.devices.split()),
        ),
        realtime=realtime,
        scripted=is_scripted(config.camera.source),
        song_end_s=planned.song_end_s,
        seconds=play.seconds,
        calibrated=device_delay(config.state),
        reach_stage=stage,
        measures_delay=tells_delay and not sound.delay_ms,
        tells_delay=tells_delay,
        state=config.state,
        microphone=MicrophonePlan(lanes, sound.microphone, sound.rate_hz, parent_pid=os.getpid()) if hears else None,
    )


def _player(config: Config) -> Player:
    """Return what is known of who plays; what is wrong with the list of players is said."""
    players = Players(config.state)
    player = players.named(config.play.player)
    if players.note:
        say(players.note)
    return player


def _address(given: str) -> str:
    """Return the address that was given for this session, empty for none. Raises UsageError for one that is none."""
    try:
        return checked(given) if given else ""
    except MailRefusedError as error:
        raise UsageError(f"play.address: {error}") from error


def _reach_how(play: PlaySettings, player: Player) -> str:
    if play.area_far and play.area_near:
        return "set"
    return "kept of the player" if player.reach else "assumed"


def _playing_hand(play: PlaySettings, player: Player) -> str:
    """Return left or right where one hand plays and it is known which; else empty."""
    if play.players != 1:
        return ""
    return player.hand if play.hand == "any" else play.hand


def _remembered(song: str) -> str:
    """Return a song's name, or the whole path of its file, which is found again from anywhere."""
    return str(Path(song).absolute()) if "/" in song or song.endswith(".toml") else song
