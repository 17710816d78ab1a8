"""A song's melody as a sheet of its own, for MusicXML that other programs open and that our importer reads back.

Not here: a session's sheet, with what was played beneath (``report``).
"""

from firmware_py.music.song import Song
from firmware_py.report.notation import Metre
from firmware_py.report.sheet import MELODY, Sheet, Staff


def song_sheet(song: Song) -> Sheet:
    """Return the sheet of a song with a melody."""
    return Sheet(
        title=song.title,
        composer=song.composer,
        player="",
        date="",
        key=song.parsed_key,
        metre=Metre(song.beats_per_bar, song.beat_unit),
        tempo_bpm=song.tempo_bpm,
        bars=song.bars,
        staves=(Staff(MELODY, "m", song.melody),),
        pickup=song.pickup,
        metres=song.metres,
    )
