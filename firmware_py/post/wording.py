"""The words of a letter: subject, sentences about the session and about what is attached, in its player's language.

Everything that a player reads in plain text is said here, through the catalogues of ``languages``. Not here: the HTML
around the words (``dress``), what is attached (``attachments``), the advice, which the report has in this language.
"""

from firmware_py.languages.words import Words
from firmware_py.post.attachments import Attachment, Chosen
from firmware_py.post.summary import Summary


def subject(words: Words, summary: Summary) -> str:
    """One line: the song and the marks."""
    if summary.marks is None:
        return words.say("{title}: your recording", title=title(words, summary))
    return words.say("{title}: {marks} of 100", title=title(words, summary), marks=marks(summary))


def title(words: Words, summary: Summary) -> str:
    """What was played: the song's own title, or that there was none."""
    return summary.title or words.say("Free play")


def greeting(words: Words, summary: Summary) -> str:
    """The first line."""
    return words.say("Hello {player},", player=summary.player) if summary.player else words.say("Hello,")


def marks(summary: Summary) -> str:
    """The marks as a person says them: a whole number."""
    return f"{summary.marks:.0f}" if summary.marks is not None else ""


def of_hundred(words: Words) -> str:
    """What stands behind the marks."""
    return words.say("of 100")


def played(words: Words, summary: Summary) -> str:
    """One sentence: what was played, when and for how long."""
    if not summary.title:
        return _played_freely(words, summary)
    name = title(words, summary)
    date = words.date(summary.started) if summary.started else ""
    if summary.seconds < 1:
        if date:
            return words.say("You played {title} on {date}.", title=name, date=date)
        return words.say("You played {title}.", title=name)
    long = duration(words, summary.seconds)
    if date:
        return words.say("You played {title} on {date} for {duration}.", title=name, date=date, duration=long)
    return words.say("You played {title} for {duration}.", title=name, duration=long)


def _played_freely(words: Words, summary: Summary) -> str:
    date = words.date(summary.started) if summary.started else ""
    if summary.seconds < 1:
        return words.say("You played freely on {date}.", date=date) if date else words.say("You played freely.")
    long = duration(words, summary.seconds)
    if date:
        return words.say("You played freely on {date} for {duration}.", date=date, duration=long)
    return words.say("You played freely for {duration}.", duration=long)


def outcome(words: Words, summary: Summary) -> str:
    """One sentence: marks and notes."""
    if summary.marks is None:
        if summary.notes:
            return words.count(
                "There are no marks for this session, only your recording with {n} note.",
                "There are no marks for this session, only your recording with {n} notes.",
                summary.notes,
            )
        if summary.notes == 0:
            return words.say("No note was heard this time.")
        return words.say("There are no marks for this session, only your recording.")
    if summary.notes:
        return words.count(
            "You reached {marks} of 100 marks with {n} note.",
            "You reached {marks} of 100 marks with {n} notes.",
            summary.notes,
            marks=marks(summary),
        )
    if summary.notes == 0:
        return words.say("No note was heard: {marks} of 100.", marks=marks(summary))
    return words.say("You reached {marks} of 100 marks.", marks=marks(summary))


def mishaps(words: Words, summary: Summary, chosen: Chosen) -> list[str]:
    """Sentences about whatever is not as it should be; empty for most sessions."""
    said = []
    if chosen.sound not in ("whole", "missing"):
        large, most = size(words, chosen.whole_bytes), size(words, chosen.limit_bytes)
        said.append(
            words.say("The recording has {size} as WAV, and a letter takes {limit}.", size=large, limit=most)
            + " "
            + _instead(words, chosen.sound)
        )
    if chosen.missing:
        names = words.listed([_missing(words, ending) for ending in chosen.missing])
        said.append(
            words.say(
                "Not attached, because it could not be made: {files}. What was recorded is kept on the box.",
                files=names,
            )
        )
    if summary.gaps:
        said.append(
            words.count(
                "The instrument had to start again {n} time while you played, so a moment is missing.",
                "The instrument had to start again {n} times while you played, so some moments are missing.",
                summary.gaps,
            )
        )
    return said


def copied(words: Words, copy_to: str) -> str:
    """One sentence for the player: who else has this letter."""
    return words.say("A copy of this letter goes to {address}.", address=copy_to)


def _instead(words: Words, sound: str) -> str:
    match sound:
        case "mono":
            return words.say("So it comes as mono with 16 bits; the whole WAV stays on the box.")
        case "flac":
            return words.say("So it comes as FLAC, the same sound in a smaller file; the WAV stays on the box.")
        case "flac-mono":
            return words.say("So it comes as mono FLAC; the whole WAV stays on the box.")
        case "mp3":
            return words.say("So it comes as MP3; the whole WAV stays on the box.")
        case "opus":
            return words.say("So it comes as Opus; the whole WAV stays on the box.")
        case _:
            return words.say("It is too long for any form that a letter could carry; it stays on the box.")


def _missing(words: Words, ending: str) -> str:
    match ending:
        case "wav":
            return words.say("the recording")
        case "pdf":
            return words.say("the score")
        case "mid":
            return words.say("the MIDI file")
        case _:
            return words.say("the MusicXML file")


def kind(words: Words, summary: Summary, attachment: Attachment) -> str:
    """What an attached file is, in a few words."""
    match attachment.mime:
        case "audio/wav" | "audio/mpeg" | "audio/ogg":
            return words.say("the recording")
        case "audio/flac":
            return words.say("the recording (FLAC, the same sound in a smaller file)")
        case "application/pdf" if not summary.title:
            return words.say("the score of what you played")
        case "application/pdf":
            return words.say("the score, with what you played against the melody")
        case "audio/midi":
            return words.say("your notes for a sequencer or keyboard")
        case _:
            return words.say("your notes for a notation program")


def bars(words: Words) -> str:
    """The heading of the marks of each bar."""
    return words.say("How each bar went, of 100")


def attached(words: Words) -> str:
    """The heading of the list of files."""
    return words.say("Attached")


def picture(words: Words) -> str:
    """What the picture shows, for who cannot see it."""
    return words.say("The first page of your score")


def signature(words: Words) -> str:
    """The last line."""
    return words.say("Hand Dance, the instrument that you play in the air")


def size(words: Words, size_bytes: int) -> str:
    """A file size as mail programs show it: kB and MB of 1000 and 1 000 000 bytes."""
    if size_bytes >= 999_500:
        return words.say("{number} MB", number=words.number(size_bytes / 1e6, 1))
    return words.say("{number} kB", number=words.number(max(size_bytes / 1000, 1)))


def duration(words: Words, seconds: float) -> str:
    """Seconds as a person says them: ``48 s``, ``3 min 20 s``."""
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return words.say("{seconds} s", seconds=rest)
    if not rest:
        return words.say("{minutes} min", minutes=minutes)
    return words.say("{minutes} min {seconds} s", minutes=minutes, seconds=rest)


def text(words: Words, summary: Summary, chosen: Chosen, copy_to: str) -> str:
    """The whole letter in plain text."""
    lines = [greeting(words, summary), "", played(words, summary), outcome(words, summary), ""]
    for sentence in summary.advice:
        lines += [f"* {sentence}"]
    if summary.advice:
        lines.append("")
    if chosen.attachments:
        lines.append(words.say("Attached:"))
        lines += [f"  {a.name}  {kind(words, summary, a)}, {size(words, a.size)}" for a in chosen.attachments]
        lines.append("")
    for sentence in mishaps(words, summary, chosen):
        lines += [sentence, ""]
    if copy_to:
        lines += [copied(words, copy_to), ""]
    lines += ["-- ", signature(words), ""]
    return "\n".join(lines)
