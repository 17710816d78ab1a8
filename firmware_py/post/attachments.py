"""Which files of a session go into a letter, under which names, and how the sound is made to fit.

Not here: the words about it (``wording``) and the letter around it (``letter``).
"""

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import soundfile

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.post.mastering import master

LARGEST_RAW_BYTES: Final = 14_000_000
"""All attachments together, before encoding: Outlook.com takes 20 MB and Gmail 25 MB after it."""

BLOCK_FRAMES: Final = 16_384
"""Frames per write: libsndfile's encoders overrun the stack on one long write."""

_WAV_HEADER_BYTES: Final = 44
_SPELT: Final = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "þ": "th", "ð": "d"})


@dataclass(frozen=True)
class Attachment:
    """One attached file: its name in the letter, MIME type, place on disk, and size in bytes when it was chosen.

    name is plain ASCII; wide_name the same with the title's own letters, empty where that is no other.
    """

    name: str
    mime: str
    path: Path
    size: int
    wide_name: str = ""


@dataclass(frozen=True)
class Chosen:
    """What a letter carries.

    sound says how the sound goes: ``whole``, ``mono``, ``flac``, ``flac-mono``, ``mp3``, ``opus``, ``too-large`` or
    ``missing``. missing names the other files (wav, pdf, mid, musicxml) that are not there. whole_bytes is the size
    that the WAV would have had, limit_bytes that of all files that a letter takes.
    """

    attachments: tuple[Attachment, ...]
    sound: str
    missing: tuple[str, ...]
    whole_bytes: int = 0
    limit_bytes: int = LARGEST_RAW_BYTES


_DERIVED: Final = (
    (SessionFolder.SCORE, "pdf", "application/pdf"),
    (SessionFolder.MIDI, "mid", "audio/midi"),
    (SessionFolder.MUSICXML, "musicxml", "application/vnd.recordare.musicxml+xml"),
)


def choose(
    folder: SessionFolder, stem: str, workspace: Path, limit_bytes: int = LARGEST_RAW_BYTES, *, title: str = ""
) -> Chosen:
    """Choose the attachments of a session's letter.

    Score, MIDI and MusicXML always go. The sound goes at the letter's loudness (``mastering``): as it is where it fits
    beside them, else as mono 16 bit WAV, else as FLAC, else as mono FLAC, else as MP3, which every telephone
    plays, else as Opus, which lasts longest, else not at all. The whole WAV as it was played stays on the box in every
    case.

    Parameters
    ----------
    folder
        The session.
    stem
        File name without its ending, for all of them.
    workspace
        Folder for made files; they are made once and found again at the next try.
    limit_bytes
        Largest sum of the files, before encoding.
    title
        Title of the song; where it is written in other letters than ASCII, the files have a second name with them.
    """
    derived, missing = [], []
    for name, ending, mime in _DERIVED:
        path = folder.file(name)
        if path.is_file() and path.stat().st_size:
            derived.append(Attachment(f"{stem}.{ending}", mime, path, path.stat().st_size))
        else:
            missing.append(ending)
    room = limit_bytes - sum(a.size for a in derived)
    sound, way, whole_bytes = _sound(folder.file(SessionFolder.SOUND), stem, workspace, room)
    if sound is None and way == "missing":
        missing.insert(0, "wav")
    attachments = (*((sound,) if sound else ()), *derived)
    wide = _wide_stem(stem, title)
    if wide:
        attachments = tuple(replace(a, wide_name=wide + a.name.removeprefix(stem)) for a in attachments)
    return Chosen(attachments, way, tuple(missing), whole_bytes, limit_bytes)


def stem_of(song: str, started: datetime | None) -> str:
    """Return a file name that sorts by day and survives every mail program: ``2026-11-21_ode-to-joy``."""
    plain = unicodedata.normalize("NFKD", song.lower().translate(_SPELT)).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].rstrip("-") or "session"
    return f"{started:%Y-%m-%d}_{slug}" if started else slug


def _wide_stem(stem: str, title: str) -> str:
    """Return the stem with the title in its own letters; empty where ASCII says as much.

    Only letters and digits: what another system takes for a path, or turns a name around, is none.
    """
    composed = unicodedata.normalize("NFC", title).lower()
    if composed.isascii():
        return ""
    slug = "".join(
        c if unicodedata.category(c)[0] in "LN" or unicodedata.category(c) == "Mn" else "-" for c in composed
    )
    slug = re.sub("-+", "-", slug).strip("-")[:40].rstrip("-")
    day = re.match(r"\d{4}-\d\d-\d\d_", stem)
    return f"{day.group() if day else ''}{slug}" if slug and not slug.isascii() else ""


@dataclass(frozen=True)
class _Form:
    """A smaller form of the sound. level: libsndfile's compression, 0 the best sound, 1 the smallest file."""

    way: str
    ending: str
    mime: str
    kind: str
    subtype: str = "PCM_16"
    mono: bool = False
    level: float | None = None


_FORMS: Final = (
    _Form("mono", "wav", "audio/wav", "WAV", mono=True),
    _Form("flac", "flac", "audio/flac", "FLAC"),
    _Form("flac-mono", "flac", "audio/flac", "FLAC", mono=True),
    _Form("mp3", "mp3", "audio/mpeg", "MP3", "MPEG_LAYER_III", level=0.3),
    _Form("mp3", "mp3", "audio/mpeg", "MP3", "MPEG_LAYER_III", level=0.9),
    _Form("opus", "opus", "audio/ogg", "OGG", "OPUS", level=0.9),
    _Form("opus", "opus", "audio/ogg", "OGG", "OPUS", mono=True, level=0.95),
)
"""From the best to the smallest: an hour still fits as Opus."""


def _sound(wav: Path, stem: str, workspace: Path, room: int) -> tuple[Attachment | None, str, int]:
    """Return the sound to attach, the way it goes, and the size of its WAV."""
    if not wav.is_file() or wav.stat().st_size <= _WAV_HEADER_BYTES:
        return None, "missing", 0
    wav = master(wav, workspace / "mastered.wav") or wav
    size = wav.stat().st_size
    if size <= room:
        return Attachment(f"{stem}.wav", "audio/wav", wav, size), "whole", size
    for number, form in enumerate(_FORMS):
        made = _made(wav, workspace / f"{number}-{form.way}.{form.ending}", room, form)
        if made:
            return Attachment(f"{stem}.{form.ending}", form.mime, made, made.stat().st_size), form.way, size
    return None, "too-large", size


def _made(wav: Path, target: Path, room: int, form: _Form) -> Path | None:
    """Write a smaller copy of the sound, whole or not at all; None where it does not fit or cannot be made.

    What cannot be made: a form that this libsndfile does not write, or not at this rate; a WAV that cannot be read,
    which stays on the box for a person to look at.
    """
    if target.is_file():
        return target if target.stat().st_size <= room else None
    part = target.with_name(f"{target.name}.part")
    try:
        with soundfile.SoundFile(str(wav)) as source:
            if form.kind == "WAV" and source.frames * 2 + _WAV_HEADER_BYTES > room:
                return None
            wide = form.way == "flac" and source.subtype in ("PCM_24", "PCM_32", "FLOAT", "DOUBLE")
            channels = 1 if form.mono else source.channels
            how: dict[str, Any] = {} if form.level is None else {"compression_level": form.level}
            if form.kind == "MP3":
                how["bitrate_mode"] = "VARIABLE"
            with soundfile.SoundFile(
                str(part),
                "w",
                source.samplerate,
                channels,
                "PCM_24" if wide else form.subtype,
                format=form.kind,
                **how,
            ) as made:
                for block in source.blocks(BLOCK_FRAMES, dtype="float64", always_2d=True):
                    made.write(block.mean(axis=1) if form.mono else block)
                    if part.stat().st_size > room:
                        return None
        if part.stat().st_size > room:
            return None
        part.replace(target)
        return target
    except soundfile.SoundFileError:
        return None
    finally:
        part.unlink(missing_ok=True)
