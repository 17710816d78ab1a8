"""What is played in a session and when: its song at its tempo and pitch, its bars, its counting in, its backing.

Not here: who plays it by what camera and sound device (``plan``).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from firmware_py.archive.players import Player
from firmware_py.config import Config, PlaySettings
from firmware_py.errors import UsageError
from firmware_py.music.bars import bar_ranges
from firmware_py.music.folding import folded
from firmware_py.music.imported_songs import imported_folder
from firmware_py.music.mapping import Mapping
from firmware_py.music.passage import WHOLE, Passage, with_bars
from firmware_py.music.reach import ReachStage, reach_stage
from firmware_py.music.song import Song
from firmware_py.music.songs_library import FREE_PLAY, as_played, load_song, mapping_for, span_for
from firmware_py.sight.cameras import is_scripted
from firmware_py.sound.backing import backing_file

TAIL_S: Final = 1.5  # for the last note to ring
FREE_TEMPO_BPM: Final = 100.0
FREE_BEATS: Final = 4
FREE_BAR_S: Final = FREE_BEATS * 60.0 / FREE_TEMPO_BPM


@dataclass(frozen=True)
class SongPlan:
    """What is played and when.

    song: at the tempo and pitch it is played at, None for free play. practised: the bars that are played. span: the
    semitones that the reach tells apart, where the song is folded into them; else 0. mapping: from area to pitch.
    reach_stage: in which the player's reach is found; None: it is not. count_in_bars: of the song. song_start_s,
    song_end_s: from the first frame of sound.wav; the end is infinite in free play.
    """

    song: Song | None
    practised: Passage
    span: int
    mapping: Mapping
    reach_stage: ReachStage | None
    count_in_bars: int
    song_start_s: float
    song_end_s: float


def plan_song(config: Config, player: Player, say: Callable[[str], None] = lambda _: None) -> SongPlan:
    """Decide what this player plays; say is told what is played otherwise than written or asked for.

    Raises SongError for a song that cannot be read, UsageError for bars or a reach that cannot be.
    """
    play = config.play
    song, whole, span = None, None, 0
    practised = _practised(play)
    if play.song != FREE_PLAY:
        known = load_song(play.song, (imported_folder(config.state),))
        if span := span_for(known, play, player.reach):
            say(_folding(known, span))
        whole = as_played(known, tempo_percent=play.tempo_percent, transpose=play.transpose, span=span)
        practised = with_bars(known, practised)
        song = as_played(
            known, tempo_percent=play.tempo_percent, transpose=play.transpose, practised=practised, span=span
        )
    mapping = mapping_for(whole, play, player.reach)
    counted = song if song and song.melody else None  # a recording alone has no beat that anybody knows
    bar_s, beats = (
        (-counted.seconds(-counted.bar_beats), counted.beats_per_bar) if counted else (FREE_BAR_S, FREE_BEATS)
    )
    stage = reach_stage(bar_s, beats) if _fits_reach(config, player, say) else None
    count_in_bars = play.count_in_bars if counted else 0
    if stage:  # a bar at least, to find one's place with the new reach
        count_in_bars = max(1, count_in_bars)
    song_start_s = count_in_bars * bar_s + (stage.near_until_s if stage else 0.0)
    return SongPlan(
        song=song,
        practised=practised,
        span=span,
        mapping=mapping,
        reach_stage=stage,
        count_in_bars=count_in_bars,
        song_start_s=song_start_s,
        song_end_s=song_start_s + song.seconds(song.end) + TAIL_S if song else math.inf,
    )


def backing_of(planned: SongPlan, config: Config, say: Callable[[str], None] = lambda _: None) -> str:
    """Return the path of the file with its backing, rendered where it is not in the cache; empty where it has none.

    Raises what ``backing_file`` raises.
    """
    stage, sound = planned.reach_stage, config.sound
    if not (planned.song or stage):
        return ""
    path = backing_file(
        planned.song,
        config.state / "cache",
        song_start_s=planned.song_start_s,
        rate_hz=sound.rate_hz,
        count_in_bars=planned.count_in_bars,
        click_through=sound.metronome == "on",
        played_by=sound.backing,
        soundfont=sound.soundfont,
        say=say,
        tones=stage.tones() if stage else (),
    )
    return str(path)


def is_realtime(config: Config) -> bool:
    """Whether the clock on the wall paces a session, and not its data."""
    return config.sound.audio != "offline" or not is_scripted(config.camera.source)


def _folding(song: Song, span: int) -> str:
    """Return what is said of a song that is wider than the player's reach."""
    bars = bar_ranges(folded(song, span).bars)
    return (
        f"{song.title} spans {song.high - song.low} semitones, and this reach tells {span} apart: the notes outside, "
        f"in {'bar' if bars.isdecimal() else 'bars'} {bars}, are played in a nearer octave; "
        'play.fold = "off" leaves them as written'
    )


def _practised(play: PlaySettings) -> Passage:
    """Return the passage asked for. Raises UsageError for one of free play, which has no bars."""
    asked = Passage(play.from_bar, play.to_bar, play.loop, play.tempo_step / play.tempo_percent)
    if play.song == FREE_PLAY and not asked.is_whole:
        raise UsageError("free play has no bars to practise; name a song, or leave out --from, --to and --loop")
    return WHOLE if asked.is_whole else asked


def _fits_reach(config: Config, player: Player, say: Callable[[str], None]) -> bool:
    """Whether this session begins with finding the reach.

    "once": a player with a name who is not known yet, before a live camera. Who gives no name is not kept, and would be
    asked each time; a clip or a ghost cannot do as it is asked.
    """
    play = config.play
    if play.fit_reach == "off" or (play.area_far and play.area_near):
        return False
    if play.fit_reach == "once":
        return bool(player.name) and player.reach is None and not is_scripted(config.camera.source)
    realtime = is_realtime(config)
    if not realtime:
        say("the reach is not fitted: that takes a session in real time (--audio auto, alsa or paced)")
    return realtime
