"""The words of a letter: subject, sentences about the session and about what is attached.

Everything that a player reads in plain text comes from here, so that other languages have one place to go. Not
here: the HTML around the words (``dress``) or what is attached (``attachments``).
"""

from firmware_py.post.attachments import Attachment, Chosen
from firmware_py.post.summary import Summary

_KINDS = {
    "audio/wav": "the recording",
    "audio/flac": "the recording (FLAC, the same sound in a smaller file)",
    "application/pdf": "the score, with what you played against the melody",
    "audio/midi": "your notes for a sequencer or keyboard",
    "application/vnd.recordare.musicxml+xml": "your notes for a notation program",
}
_MISSING = {"wav": "the recording", "pdf": "the score", "mid": "the MIDI file", "musicxml": "the MusicXML file"}
BARS = "How each bar went, of 100"
_SOUND = {
    "mono": "The recording is too large for e-mail, so it comes as mono with 16 bits; the original stays on the box.",
    "flac": "The recording is too large for e-mail as WAV, so it comes as FLAC, same sound; the WAV stays on the box.",
    "flac-mono": "The recording is too large for e-mail, so it comes as mono FLAC; the stereo WAV stays on the box.",
    "too-large": "The recording is too large for e-mail in any form that keeps its sound; it stays on the box.",
}


def subject(summary: Summary) -> str:
    """One line: the song and the marks."""
    if summary.marks is None:
        return f"{summary.title}: your recording"
    return f"{summary.title}: {marks(summary)} of 100"


def greeting(summary: Summary) -> str:
    """The first line."""
    return f"Hello {summary.player}," if summary.player else "Hello,"


def marks(summary: Summary) -> str:
    """The marks as a person says them: a whole number."""
    return f"{summary.marks:.0f}" if summary.marks is not None else ""


def played(summary: Summary) -> str:
    """One sentence: what was played, when and for how long."""
    when = f" on {summary.started.day} {summary.started:%B %Y}" if summary.started else ""
    long = f" for {duration(summary.seconds)}" if summary.seconds >= 1 else ""
    return f"you played {summary.title}{when}{long}."


def outcome(summary: Summary) -> str:
    """One sentence: marks and notes."""
    if summary.notes == 0:
        return (
            "No note was heard this time." if summary.marks is None else f"No note was heard: {marks(summary)} of 100."
        )
    notes = f" with {summary.notes} {'note' if summary.notes == 1 else 'notes'}" if summary.notes else ""
    if summary.marks is None:
        return f"There are no marks for this session{notes or ', only your recording'}."
    return f"You reached {marks(summary)} of 100 marks{notes}."


def mishaps(summary: Summary, chosen: Chosen) -> list[str]:
    """Sentences about whatever is not as it should be; empty for most sessions."""
    said = []
    if chosen.sound in _SOUND:
        said.append(_SOUND[chosen.sound])
    if chosen.missing:
        names = [_MISSING[ending] for ending in chosen.missing]
        listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
        said.append(f"Not attached, because it could not be made: {listed}. What was recorded is kept on the box.")
    if summary.gaps:
        said.append(
            "The instrument had to start again "
            + ("once" if summary.gaps == 1 else f"{summary.gaps} times")
            + " while you played, so a moment is missing."
        )
    return said


def kind(attachment: Attachment) -> str:
    """What an attached file is, in a few words."""
    return _KINDS[attachment.mime]


def size(size_bytes: int) -> str:
    """A file size as mail programs show it: kB and MB of 1000 and 1 000 000 bytes."""
    if size_bytes >= 999_500:
        return f"{size_bytes / 1e6:.1f} MB"
    return f"{max(size_bytes / 1000, 1):.0f} kB"


def duration(seconds: float) -> str:
    """Seconds as a person says them: ``48 s``, ``3 min 20 s``."""
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def text(summary: Summary, chosen: Chosen) -> str:
    """The whole letter in plain text."""
    lines = [greeting(summary), "", played(summary), outcome(summary), ""]
    for sentence in summary.advice:
        lines += [f"* {sentence}"]
    if summary.advice:
        lines.append("")
    if chosen.attachments:
        lines.append("Attached:")
        lines += [f"  {a.name}  {kind(a)}, {size(a.size)}" for a in chosen.attachments]
        lines.append("")
    for sentence in mishaps(summary, chosen):
        lines += [sentence, ""]
    lines += ["-- ", "Hand Dance, the instrument that you play in the air", ""]
    return "\n".join(lines)
