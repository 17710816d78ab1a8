"""Every sentence of the page and the letter that is not a figure, in one place, so that it can be translated.

Not here: advice (``music.advice``), which follows from the figures.
"""

import re
from typing import Final

_NOTE: Final = re.compile(r"\b([A-G])(##|bb|#|b)(?=-?\d|\b)")
_SIGNS: Final = {"#": "♯", "b": "♭", "##": "♯♯", "bb": "♭♭"}

LANGUAGE: Final = "en"
NAME: Final = "Hand Dance"
FREE_PLAY: Final = "Free play"
OF_HUNDRED: Final = "/ 100"
POINTS: Final = "{points} of 10 000 points"
PLAYER: Final = "Played by {player}"
PATCH: Final = "Sound: {patch}"
TEMPO: Final = "{tempo} beats a minute"
KEY: Final = "Key: {key}"
LENGTH: Final = "{minutes}:{seconds:02d} minutes"
ROLL_SONG: Final = "Your pitch over the melody, and the marks and tempo of each bar"
ROLL_UNMARKED: Final = "Your pitch over the melody"
ROLL_FREE: Final = "Your pitch"
ROLL_LAG: Final = (
    "The line is your hand, the blocks are the melody. The line stands {ms} ms earlier than it sounded: "
    "that delay is the box's own and a hand's, and costs nothing."
)
ROLL_PLAIN: Final = "The line is your hand, the blocks are the melody."
ROLL_OCTAVE: Final = " It stands {octaves} octave(s) {way} than you played: octaves cost nothing."
ROLL_TEMPO: Final = " Below it, your tempo: up is faster than the song, down is slower."
ROLL_SECOND: Final = " The blue line is the second hand."
PROGRESS: Final = "Your marks for this song"
PROGRESS_BEST: Final = "Your marks for this song, now the best"
ROLL_FREE_NOTE: Final = "The line is your hand, the blocks are the notes heard in it."
SCORE_SONG: Final = "The melody, and what you played"
SCORE_ONLY: Final = "The melody, to practise with"
SCORE_FREE: Final = "What you played"
ROLL_MARKS_LABEL: Final = "marks"
ROLL_TEMPO_LABEL: Final = "tempo"
HIGHER: Final = "higher"
LOWER: Final = "lower"
FIGURES: Final = {
    "right": "Notes right",
    "bias": "Pitch, on average",
    "spread": "Pitch, spread",
    "timing": "Timing, on average",
    "steady": "From note to note",
    "tempo": "Tempo",
    "best": "Best bars",
    "practise": "Bars to practise",
    "notes": "Notes",
    "range": "Range",
    "longest": "Longest note",
    "sounding": "Sounding",
}
MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
FOOTER: Final = "Hand Dance · session of {started} UTC"
OF: Final = "{part} of {whole}"
IN_TUNE: Final = "in tune"
SHARP: Final = "{cents} cents sharp"
FLAT: Final = "{cents} cents flat"
PLUS_MINUS_CENTS: Final = "± {cents} cents"
PLUS_MINUS_MS: Final = "± {ms} ms"
ON_TIME: Final = "on the beat"
EARLY: Final = "{ms} ms early"
LATE: Final = "{ms} ms late"
TOO_FAST: Final = "{percent} % too fast"
TOO_SLOW: Final = "{percent} % too slow"
SECONDS: Final = "{seconds} s"
FORMULA: Final = (
    "How the marks are made. The performance is laid on the song at the one delay and the one octave at which they "
    "agree best; {early} ms early to {late} ms late costs nothing, each further 10 ms {late_cost} per cent. A note "
    "is worth as much as it is long: all of that while it is played within {full} cents (hundredths of a semitone), "
    "nothing from {none} cents on, evenly less between. Free are its first {glide} ms, for the hand to arrive (at "
    "most half of it), up to {breath} ms of silence at its end, for the hand to leave (a half), and its last "
    "{lead} ms, for a next note that comes a trifle early (a quarter). What the best single held note would have "
    "agreed, or lucky guesses among the song’s notes, is taken off: earned = (agreement − held) / (1 − held). Silence "
    "earns nothing, wrong notes lose, and sounding on through long rests costs up to {rest}. What is left, times a "
    "hundred, is the mark. A note is right within {right} cents and {on_time} ms; a bar’s marks are the share of "
    "its time that agreed. The 10 000 points are UltraStar’s: 9 000 for sixteenths won, in any octave, 1 000 for "
    "lines."
)
ONE_NOTE: Final = "1 note"
MANY_NOTES: Final = "{notes} notes"
LINE_MARKS: Final = "{title}: {marks} of 100"
LINE_FREE: Final = "{title}: {notes}"
LINE_NO_NOTES: Final = "{title}: no notes this time"
NO_MARKS_YET: Final = "no notes yet"


def with_signs(words: str) -> str:
    """Return our own words with the names of notes and keys as print writes them: B♭4, F♯ minor."""
    return _NOTE.sub(lambda found: found[1] + _SIGNS[found[2]], words)
