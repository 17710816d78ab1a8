"""What the page says besides figures and advice, in its player's language: titles, facts, notes under the pictures.

Not here: advice (``music.advice``), figures (``figures``), names of notes (``note_names``), the letter (``post``).
"""

from datetime import datetime
from typing import Final

from firmware_py.languages.words import Words
from firmware_py.music.passage import Passage
from firmware_py.report.contents import Report
from firmware_py.report.notation import Metre
from firmware_py.report.note_names import printed_key
from firmware_py.report.sheet import MELODY, SECOND

NAME: Final = "Hand Dance"
OF_HUNDRED: Final = "/ 100"

_LEAST_DELAY_MS: Final = 5
_MOST_POINTS: Final = 10_000
_THIN_SPACE: Final = "\u2009"


def title(words: Words, report: Report) -> str:
    """The song's title, or what to call a session without one."""
    return report.song.title if report.song else words.say("Free play")


def passage_title(words: Words, title: str, practised: Passage) -> str:
    """The title of some bars of a song, played once or several times."""
    first, last, times = practised.from_bar, practised.to_bar, practised.times
    if times == 1 and first == last:
        return words.say("{title} (bar {first})", title=title, first=first)
    if times == 1:
        return words.say("{title} (bars {first}–{last})", title=title, first=first, last=last)
    if first == last:
        return words.say("{title} (bar {first}, {times} times)", title=title, first=first, times=times)
    return words.say("{title} (bars {first}–{last}, {times} times)", title=title, first=first, last=last, times=times)


def facts(words: Words, report: Report, started: datetime) -> list[str]:
    """Who played what when, how long, in which key, how fast and with which sound."""
    said = [words.say("Played by {player}", player=report.player)] if report.player else []
    said.append(words.date(started.date()))
    said.append(minutes(words, report.seconds))
    if report.song is not None:
        said.append(words.say("Key: {key}", key=printed_key(words, report.song.key)))
        pulse = Metre(report.song.beats_per_bar, report.song.beat_unit).pulse
        said.append(words.say("{tempo} beats a minute", tempo=f"{report.tempo_bpm / float(pulse):.0f}"))
    if report.patch:
        said.append(words.say("Sound: {patch}", patch=report.patch))
    return said


def minutes(words: Words, seconds: float) -> str:
    """A length of time, to the nearest second as in the letter: ``53:35 minutes``."""
    whole, rest = divmod(round(seconds), 60)
    return words.say("{minutes}:{seconds} minutes", minutes=whole, seconds=f"{rest:02d}")


def points(words: Words, report: Report) -> str:
    """The singing game's points, or that there was nothing to give any for."""
    if report.marks is None or not report.notes:
        return words.say("no notes yet")
    reached, most = (f"{n:,}".replace(",", _THIN_SPACE) for n in (report.marks.points, _MOST_POINTS))
    return words.say("{points} of {most} points", points=reached, most=most)


def rank(words: Words, english: str) -> str:
    """The singing game's rank; nothing for those that are no way to speak to a child."""
    match english:
        case "Ultrastar":
            return words.say("Ultrastar")
        case "Superstar":
            return words.say("Superstar")
        case "Lead Singer":
            return words.say("Lead Singer")
        case "Rising Star":
            return words.say("Rising Star")
        case "Hopeful":
            return words.say("Hopeful")
        case _:
            return ""


def verdict(words: Words, name: str) -> str:
    """A verdict in the legend. name: as in report.json."""
    match name:
        case "right":
            return words.say("right")
        case "sharp":
            return words.say("too high")
        case "flat":
            return words.say("too low")
        case "early":
            return words.say("too early")
        case "late":
            return words.say("too late")
        case "missed":
            return words.say("missed")
        case _:
            return words.say("extra")


def staff(words: Words, name: str) -> tuple[str, str]:
    """A staff's name and what stands for it from the second line on. name: as in MusicXML."""
    if name == MELODY:
        return words.say("Melody"), words.say("Mel.")
    if name == SECOND:
        return words.say("Second hand"), words.say("2nd h.")
    return words.say("Played"), words.say("Pl.")


def roll_title(words: Words, report: Report) -> str:
    """The heading of the pitch curve."""
    if report.song is None:
        return words.say("Your pitch")
    if report.marks is None:
        return words.say("Your pitch over the melody")
    return words.say("Your pitch over the melody, and the marks and tempo of each bar")


def roll_note(words: Words, report: Report) -> str:
    """What stands under the pitch curve: how to read it."""
    said = [_roll_line(words, report)]
    if report.song is not None and report.notes and report.marks is not None and report.marks.octaves:
        octaves = abs(report.marks.octaves)
        said.append(
            words.count(
                "It stands {n} octave lower than you played: octaves cost nothing.",
                "It stands {n} octaves lower than you played: octaves cost nothing.",
                octaves,
            )
            if report.marks.octaves > 0
            else words.count(
                "It stands {n} octave higher than you played: octaves cost nothing.",
                "It stands {n} octaves higher than you played: octaves cost nothing.",
                octaves,
            )
        )
    if any(bar.tempo_ratio is not None for bar in report.bars):
        said.append(
            words.say("Below it, your tempo: up is faster than the song, down is slower, at the edge by a tenth.")
        )
    if report.second:
        said.append(words.say("The blue line is the second hand."))
    return " ".join(sentence for sentence in said if sentence)


def _roll_line(words: Words, report: Report) -> str:
    if report.song is None:
        return words.say("The line is your hand, the blocks are the notes heard in it.")
    if not report.notes:
        return ""
    plain = words.say("The line is your hand, the blocks are the melody.")
    delay_ms = round(report.marks.forgiven_ms) if report.marks else 0
    if delay_ms < _LEAST_DELAY_MS:
        return plain
    return f"{plain} " + words.say(
        "The line stands {ms} ms earlier than it sounded: that delay is the box's own and a hand's, and costs nothing.",
        ms=delay_ms,
    )


def marks_label(words: Words) -> str:
    """What stands before the marks of each bar."""
    return words.say("marks")


def tempo_label(words: Words) -> str:
    """What stands before the tempo curve."""
    return words.say("tempo")


def times_label(words: Words) -> str:
    """What stands before the marks of each time that a passage was played."""
    return words.say("each time")


def progress_title(words: Words, *, best: bool) -> str:
    """What stands before the picture of the player's marks over time."""
    return words.say("Your marks for this song, now the best") if best else words.say("Your marks for this song")


def score_title(words: Words, report: Report) -> str:
    """The heading of the engraved score."""
    if report.song is None:
        return words.say("What you played")
    return words.say("The melody, and what you played") if report.notes else words.say("The melody, to practise with")


def footer(words: Words, started: datetime) -> str:
    """What stands at the foot of every sheet."""
    return words.say(
        "{name} · session of {date}, {time} UTC",
        name=NAME,
        date=words.date(started.date()),
        time=f"{started:%H:%M}",
    )


def one_line(words: Words, report: Report, title: str) -> str:
    """The session in one sentence. title: as much of it as a subject has room for."""
    if not report.notes:
        return words.say("{title}: no notes this time", title=title)
    if report.marks is None:
        notes = words.count("{n} note", "{n} notes", len(report.notes))
        return words.say("{title}: {notes}", title=title, notes=notes)
    return words.say("{title}: {marks} of 100", title=title, marks=f"{report.marks.total:.0f}")
