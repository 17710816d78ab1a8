"""Every sentence of the page and the letter that is not a figure, in one place, so that it can be translated.

Not here: advice (``music.advice``), which follows from the figures.
"""

from typing import Final

LANGUAGE: Final = "en"
NAME: Final = "Hand Dance"
FREE_PLAY: Final = "Free play"
NO_NOTES: Final = (
    "No notes this time: the camera did not see a hand that it could follow.",
    "Hold an open hand in front of the camera, about an arm's length away, with a light on it rather than behind it.",
    "The recording and the song's melody are here all the same. Come back whenever you like.",
)
NO_NOTES_FREE: Final = NO_NOTES[:2] + ("The recording is here all the same. Come back whenever you like.",)
OF_HUNDRED: Final = "/ 100"
POINTS: Final = "{points} of 10 000 points"
PLAYER: Final = "Played by {player}"
PATCH: Final = "Sound: {patch}"
TEMPO: Final = "{tempo} beats a minute"
KEY: Final = "Key: {key}"
LENGTH: Final = "{minutes}:{seconds:02d} minutes"
ROLL_SONG: Final = "Your pitch over the melody, and the marks of each bar"
ROLL_FREE: Final = "Your pitch"
ROLL_LAG: Final = "The line is your hand, the blocks are the melody. The line is drawn {ms} ms earlier than it sounded: so much is the box's own delay and your reaction, and it costs no marks."
ROLL_PLAIN: Final = "The line is your hand, the blocks are the melody."
ROLL_OCTAVE: Final = " It is drawn {octaves} octave(s) {way} than you played: octaves cost no marks."
ROLL_FREE_NOTE: Final = "The line is your hand, the blocks are the notes heard in it."
SCORE_SONG: Final = "The melody, and what you played"
SCORE_ONLY: Final = "The melody, to practise with"
SCORE_FREE: Final = "What you played"
HIGHER: Final = "higher"
LOWER: Final = "lower"
FIGURES: Final = {
    "right": "Notes right",
    "bias": "Pitch, on average",
    "spread": "Pitch, spread",
    "timing": "Timing, on average",
    "best": "Best bars",
    "practise": "Bars to practise",
    "notes": "Notes",
    "range": "Range",
    "longest": "Longest note",
    "length": "Length",
}
MONTHS: Final = tuple("January February March April May June July August September October November December".split())
FOOTER: Final = "Hand Dance · session of {started} UTC"
