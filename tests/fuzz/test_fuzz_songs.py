"""Whatever bytes a file has, an importer reads a song or refuses it in one sentence, in bounded time and memory.

In the test run Hypothesis makes a few hundred cases, always the same; ``HAND_DANCE_FUZZ_SECONDS`` gives each importer
so many seconds of the processor besides, with seeds that are printed, so that a case that fails can be made again.
"""

import io
import os
import random
import re
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from firmware_py.errors import SongError
from firmware_py.music.importing.reading import read_foreign
from firmware_py.music.song_file import format_song, parse_song
from firmware_py.music.song_midi import song_midi
from firmware_py.music.songs_library import load_song
from firmware_py.report.musicxml import musicxml_of
from firmware_py.report.song_sheet import song_sheet

SECONDS = float(os.environ.get("HAND_DANCE_FUZZ_SECONDS", "0"))
CASES = 80  # of each importer where no time is given
LONGEST_S = 20.0  # of the processor, for one file of a few kilobytes
MOST_BYTES = 200_000_000
SONGS = [load_song(name) for name in ("minuet-in-g", "greensleeves", "twinkle")]
XML_WORDS = (
    b'<repeat direction="backward" times="9"/>',
    b'<barline><repeat direction="forward"/></barline>',
    b'<barline><ending number="1" type="start"/></barline>',
    b'<barline><ending number="1" type="stop"/><repeat direction="backward"/></barline>',
    b'<sound dacapo="yes"/>',
    b'<sound dalsegno="1" tempo="-1"/>',
    b'<sound tempo="1e99"/>',
    b"<backup><duration>99999</duration></backup>",
    b"<forward><duration>7</duration></forward>",
    b"<time><beats>5+3</beats><beat-type>16</beat-type></time>",
    b"<note><grace/><pitch><step>C</step><octave>4</octave></pitch></note>",
    b"<note><chord/><pitch><step>B</step><alter>-2</alter><octave>9</octave></pitch><duration>3</duration></note>",
    b"<attributes><divisions>0</divisions></attributes>",
    b"<attributes><transpose><chromatic>-99</chromatic></transpose></attributes>",
    b"<harmony><root><root-step>C</root-step></root><kind>minor</kind></harmony>",
    b"<unpitched/>",
    b"<tie type='start'/>",
)
TEXT_WORDS = (
    "B 16 200",
    "P1",
    "P2",
    "P3",
    "- 8",
    "- 8 12",
    "E",
    "F 3 2 1 x",
    "* 1 1 99 x",
    "#RELATIVE:YES",
    ": -1 1 0",
    "#BPM:0,0",
)


def _midi(rng: random.Random) -> bytes:
    return song_midi(rng.choice(SONGS))


def _musicxml(rng: random.Random) -> bytes:
    document = musicxml_of(song_sheet(rng.choice(SONGS)))
    for _ in range(rng.randrange(4)):
        places = [m.end() for m in re.finditer(rb"</note>|<measure[^>]*>|</attributes>", document)]
        at = rng.choice(places)
        document = document[:at] + rng.choice(XML_WORDS) + document[at:]
    for _ in range(rng.randrange(4)):
        numbers = list(re.finditer(rb">\d+<", document))
        found = rng.choice(numbers)
        value = rng.choice((b"0", b"-1", b"3", b"127", b"999999999", b"", b"1.5", b"x"))
        document = document[: found.start() + 1] + value + document[found.end() - 1 :]
    return document


def _mxl(rng: random.Random) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
        path = rng.choice(("score.xml", "score.xml", "a/b.musicxml", "../score.xml", "/etc/passwd"))
        archive.writestr("META-INF/container.xml", f'<container><rootfile full-path="{path}"/></container>')
        archive.writestr(rng.choice((path, path, path, "score.xml")), _musicxml(rng))
    return out.getvalue()


def _ultrastar(rng: random.Random) -> bytes:
    lines = [
        "#TITLE:Tune",
        f"#BPM:{rng.choice(('240', '240,5', '1e3', '3999', '0.01'))}",
        f"#GAP:{rng.randrange(-9999, 9999)}",
    ]
    at = 0
    for _ in range(rng.randrange(30)):
        length = rng.randrange(1, 9)
        lines.append(f"{rng.choice(':*:FR')} {at} {length} {rng.randrange(-12, 13)} la")
        at += length + rng.randrange(4)
        if rng.random() < 0.2:
            lines.append(rng.choice(TEXT_WORDS))
    text = rng.choice(("\n", "\r\n", "\r")).join([*lines, "E", ""])
    return rng.choice((b"", b"\xef\xbb\xbf")) + text.encode(rng.choice(("utf-8", "cp1252", "utf-16")))


MAKERS: dict[str, Callable[[random.Random], bytes]] = {
    "song.mid": _midi,
    "song.musicxml": _musicxml,
    "song.mxl": _mxl,
    "song.txt": _ultrastar,
}
STRUCTURED = ("song.musicxml", "song.mxl")


def _damaged(raw: bytes, rng: random.Random) -> bytes:
    """A few of the things that happen to files: bytes changed, taken out, put in, doubled, cut off."""
    data = bytearray(raw)
    for _ in range(rng.choice((0, 1, 1, 2, 5, 30))):
        if not data:
            break
        at = rng.randrange(len(data))
        match rng.randrange(5):
            case 0:
                data[at] = rng.choice((0, 0x7F, 0x80, 0xFF, rng.randrange(256)))
            case 1:
                del data[at : at + rng.randrange(1, 9)]
            case 2:
                data[at:at] = rng.randbytes(rng.randrange(1, 9))
            case 3:
                data[at:at] = data[at : at + rng.randrange(1, 200)]
            case 4 if rng.random() < 0.2:
                del data[at:]
    return bytes(data)


def _read_or_refused(name: str, rng: random.Random, folder: Path) -> bool:
    """Read one case; return whether it is a song. One that is must be the same when it is written and read again."""
    path = folder / name
    raw = MAKERS[name](rng)
    whole = name in STRUCTURED and rng.random() < 0.7  # bytes that are changed make most XML no XML
    path.write_bytes(raw if whole else _damaged(raw, rng))
    began = time.process_time()
    try:
        song = read_foreign(path).song
    except SongError as refused:
        song, says = None, str(refused)
    assert time.process_time() - began < LONGEST_S
    if song is None:
        assert "\n" not in says
        assert len(says) < 3000
        return False
    assert parse_song(format_song(song), song.name) == song
    return True


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


@pytest.mark.parametrize("name", MAKERS)
def test_any_bytes_are_a_song_or_a_sentence(name: str, folder: Path) -> None:
    read: list[bool] = []

    @seed(1)
    @settings(max_examples=CASES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, 1 << 48))
    def tried(number: int) -> None:
        read.append(_read_or_refused(name, random.Random(number), folder))

    tried()
    print(f"{name}: {len(read)} cases, {sum(read)} of them read as songs")
    assert sum(read) > len(read) // 20  # or nothing but the first check is tried


if SECONDS:

    @pytest.mark.timeout(SECONDS * 20 + 120)
    @pytest.mark.parametrize("name", MAKERS)
    def test_any_bytes_are_a_song_or_a_sentence_for_as_long_as_was_asked(name: str, folder: Path) -> None:
        number = first = random.SystemRandom().randrange(1 << 48)
        read = 0
        limit = time.process_time() + SECONDS
        while time.process_time() < limit:
            try:
                read += _read_or_refused(name, random.Random(number), folder)
            except BaseException:
                print(f"{name}: seed {number}")
                raise
            number += 1
        print(f"{name}: {number - first} cases from seed {first} on, {read} of them read as songs")


@pytest.mark.parametrize("name", MAKERS)
def test_reading_takes_little_memory(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(MAKERS[name](random.Random(1)))
    tracemalloc.start()
    try:
        read_foreign(path)
    except SongError:
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < MOST_BYTES
