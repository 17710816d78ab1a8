"""Which files of a session go into a letter, under which names, and how the sound is made to fit.

Not here: the words about it (``wording``) and the letter around it (``letter``).
"""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import soundfile

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.post.mastering import master

LARGEST_RAW_BYTES: Final = 14_000_000
"""All attachments together, before encoding: Outlook.com takes 20 MB and Gmail 25 MB after it."""

BLOCK_FRAMES: Final = 16_384
"""Frames per write: libsndfile's encoders overrun the stack on one long write."""

_WAV_HEADER_BYTES: Final = 44


@dataclass(frozen=True)
class Attachment:
    """One attached file: its name in the letter, MIME type, place on disk, and size in bytes when it was chosen."""

    name: str
    mime: str
    path: Path
    size: int


@dataclass(frozen=True)
class Chosen:
    """What a letter carries.

    sound says how the sound goes: ``whole``, ``mono``, ``flac``, ``flac-mono``, ``too-large`` or ``missing``.
    missing names the other files (wav, pdf, mid, musicxml) that are not there.
    """

    attachments: tuple[Attachment, ...]
    sound: str
    missing: tuple[str, ...]


_DERIVED: Final = (
    (SessionFolder.SCORE, "pdf", "application/pdf"),
    (SessionFolder.MIDI, "mid", "audio/midi"),
    (SessionFolder.MUSICXML, "musicxml", "application/vnd.recordare.musicxml+xml"),
)


def choose(folder: SessionFolder, stem: str, workspace: Path, limit_bytes: int = LARGEST_RAW_BYTES) -> Chosen:
    """Choose the attachments of a session's letter.

    Score, MIDI and MusicXML always go. The sound goes at the letter's loudness (``mastering``): as it is where it fits
    beside them, else as mono 16 bit WAV, else as FLAC, else as mono FLAC, else not at all. The whole WAV as it was
    played stays on the box in every case.

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
    """
    derived, missing = [], []
    for name, ending, mime in _DERIVED:
        path = folder.file(name)
        if path.is_file() and path.stat().st_size:
            derived.append(Attachment(f"{stem}.{ending}", mime, path, path.stat().st_size))
        else:
            missing.append(ending)
    room = limit_bytes - sum(a.size for a in derived)
    sound, way = _sound(folder.file(SessionFolder.SOUND), stem, workspace, room)
    if sound is None and way == "missing":
        missing.insert(0, "wav")
    return Chosen((*((sound,) if sound else ()), *derived), way, tuple(missing))


def stem_of(song: str, started: datetime | None) -> str:
    """Return a file name that sorts by day and survives every mail program: ``2026-11-21_ode-to-joy``."""
    slug = re.sub(r"[^a-z0-9]+", "-", song.lower()).strip("-")[:60].rstrip("-") or "session"
    return f"{started:%Y-%m-%d}_{slug}" if started else slug


def _sound(wav: Path, stem: str, workspace: Path, room: int) -> tuple[Attachment | None, str]:
    if not wav.is_file() or wav.stat().st_size <= _WAV_HEADER_BYTES:
        return None, "missing"
    wav = master(wav, workspace / "mastered.wav") or wav
    size = wav.stat().st_size
    if size <= room:
        return Attachment(f"{stem}.wav", "audio/wav", wav, size), "whole"
    try:
        info = soundfile.info(str(wav))
        if info.frames * 2 + _WAV_HEADER_BYTES <= room:
            made = _made(wav, workspace / "mono.wav", room, mono=True)
            if made:
                return Attachment(f"{stem}.wav", "audio/wav", made, made.stat().st_size), "mono"
        for way, mono in (("flac", False), ("flac-mono", True)):
            made = _made(wav, workspace / f"{way}.flac", room, mono=mono)
            if made:
                return Attachment(f"{stem}.flac", "audio/flac", made, made.stat().st_size), way
    except soundfile.SoundFileError:
        # A WAV that cannot be read cannot be made smaller; it stays on the box for a person to look at.
        return None, "too-large"
    return None, "too-large"


def _made(wav: Path, target: Path, room: int, *, mono: bool) -> Path | None:
    """Write a smaller copy of the sound, whole or not at all; None where it does not fit."""
    if target.is_file():
        return target if target.stat().st_size <= room else None
    kind = "FLAC" if target.suffix == ".flac" else "WAV"
    part = target.with_name(f"{target.name}.part")
    try:
        with soundfile.SoundFile(str(wav)) as source:
            wide = kind == "FLAC" and not mono and source.subtype in ("PCM_24", "PCM_32", "FLOAT", "DOUBLE")
            channels = 1 if mono else source.channels
            with soundfile.SoundFile(
                str(part), "w", source.samplerate, channels, "PCM_24" if wide else "PCM_16", format=kind
            ) as made:
                for block in source.blocks(BLOCK_FRAMES, dtype="float64", always_2d=True):
                    made.write(block.mean(axis=1) if mono else block)
                    if part.stat().st_size > room:
                        return None
        if part.stat().st_size > room:
            return None
        part.replace(target)
        return target
    finally:
        part.unlink(missing_ok=True)
