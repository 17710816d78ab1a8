"""How clean a saw is: its loudest alias against its fundamental, and a drawing of its spectrum.

Not here: who makes the saw (``saw_peers``, ``synth``).
"""

from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from firmware_py.errors import BenchError

RATE_HZ: Final = 48_000
SAW_HZ: Final = 4003.7  # 4 kHz divides the rate: its aliases would hide behind its harmonics
SIZE: Final = 1 << 16  # frames looked at
SKIPPED: Final = 4000  # before them: filters and fades have settled
FRAMES: Final = SIZE + SKIPPED
LOWEST_HZ, HIGHEST_HZ = 20.0, 15_000.0  # where an alias counts
WIDTH_HZ: Final = 12.0  # either side of a harmonic belongs to it: the window's main lobe
TARGET_DB: Final = -60.0


def spectrum_db(sound: NDArray[np.floating[Any]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return frequencies, Hz, and levels against the loudest, dB, of FRAMES frames of sound.

    Raises BenchError where there is only silence, or less.
    """
    window = np.kaiser(SIZE, 20.0)
    if len(sound) < FRAMES:
        raise BenchError(f"{len(sound)} frames where a saw was asked for, {FRAMES} are needed: update that program")
    size: NDArray[np.float64] = np.abs(np.fft.rfft(np.asarray(sound, np.float64)[SKIPPED:FRAMES] * window))
    if size.max() < 1e-6:
        raise BenchError("silence was rendered where a saw was asked for; update or remove that program")
    level_db: NDArray[np.float64] = 20 * np.log10(np.maximum(size / size.max(), 1e-12))
    return np.arange(len(level_db), dtype=np.float64) * (RATE_HZ / SIZE), level_db


def alias_db(sound: NDArray[np.floating[Any]], hz: float = SAW_HZ) -> float:
    """Return the loudest component from 20 Hz to 15 kHz that is no harmonic of ``hz``, against the fundamental, dB."""
    at_hz, level_db = spectrum_db(sound)
    return float(level_db[_aliases(at_hz, hz)].max() - level_db[np.abs(at_hz - hz) < WIDTH_HZ].max())


def _aliases(at_hz: NDArray[np.float64], hz: float) -> NDArray[np.bool_]:
    """Where in the spectrum nothing belongs, as far as it can be heard."""
    away = np.abs(at_hz - np.rint(at_hz / hz) * hz) > WIDTH_HZ
    return away & (at_hz > LOWEST_HZ) & (at_hz < HIGHEST_HZ)


WIDE, HIGH = 1500, 640  # the drawing
LEFT, RIGHT, TOP, BOTTOM = 90, 30, 96, 64
FLOOR_DB: Final = -140.0
INK, GRID, GREY, BLUE, RED, GREEN = (
    (40, 40, 40),
    (225, 225, 225),
    (150, 150, 150),
    (160, 90, 30),
    (40, 40, 200),
    (60, 130, 40),
)


def draw(path: Path, sounds: dict[str, NDArray[np.floating[Any]]], hz: float = SAW_HZ) -> None:
    """Draw the spectra beneath each other into a PNG, each with its harmonics, its loudest alias and the target marked.

    Raises BenchError where the file cannot be written.
    """
    import cv2

    picture = np.vstack([_panel(name, sound, hz) for name, sound in sounds.items()])
    done, content = cv2.imencode(".png", picture)
    try:
        if not done:
            raise OSError("it cannot be made a PNG")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.tobytes())
    except OSError as error:
        raise BenchError(f"the drawing cannot be written to {path} ({error}); name another file with --plot") from error


def _panel(name: str, sound: NDArray[np.floating[Any]], hz: float) -> NDArray[np.uint8]:
    import cv2

    picture = np.full((HIGH, WIDE, 3), 255, np.uint8)
    at_hz, level_db = spectrum_db(sound)

    def x_of(frequency_hz: float) -> int:
        return round(LEFT + frequency_hz / (RATE_HZ / 2) * (WIDE - LEFT - RIGHT))

    def y_of(db: float) -> int:
        return round(TOP + max(FLOOR_DB, db) / FLOOR_DB * (HIGH - TOP - BOTTOM))

    def write(text: str, x: int, y: int, colour: tuple[int, int, int], scale: float = 0.55) -> None:
        cv2.putText(picture, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, scale, colour, 1, cv2.LINE_AA)

    for db in range(0, round(FLOOR_DB) - 1, -20):
        cv2.line(picture, (LEFT, y_of(db)), (WIDE - RIGHT, y_of(db)), GRID, 1)
        write(f"{db} dB", 14, y_of(db) + 6, INK)
    for khz in range(0, 25, 4):
        cv2.line(picture, (x_of(khz * 1000), y_of(0)), (x_of(khz * 1000), y_of(FLOOR_DB)), GRID, 1)
        write(f"{khz} kHz", x_of(khz * 1000) - 22, HIGH - BOTTOM + 26, INK)
    cv2.line(picture, (x_of(0), y_of(TARGET_DB)), (x_of(HIGHEST_HZ), y_of(TARGET_DB)), GREEN, 2, cv2.LINE_AA)
    write("target", x_of(0) + 8, y_of(TARGET_DB) - 8, GREEN)

    columns = LEFT + at_hz / (RATE_HZ / 2) * (WIDE - LEFT - RIGHT)
    edges = np.searchsorted(columns, np.arange(LEFT, WIDE - RIGHT + 1))
    tops = [level_db[a : max(b, a + 1)].max() for a, b in pairwise(edges)]
    line = np.array([(LEFT + n, y_of(float(top))) for n, top in enumerate(tops)], np.int32)
    cv2.polylines(picture, [line], False, BLUE, 1, cv2.LINE_AA)
    for number in range(1, int(RATE_HZ / 2 / hz) + 1):
        peak = float(level_db[np.abs(at_hz - number * hz) < WIDTH_HZ].max())
        cv2.circle(picture, (x_of(number * hz), y_of(peak)), 6, INK, 2, cv2.LINE_AA)
        write(f"{number}", x_of(number * hz) + 10, y_of(peak) + 5, INK)
    worst = np.flatnonzero(_aliases(at_hz, hz))
    worst_at = int(worst[np.argmax(level_db[worst])])
    spot = (x_of(float(at_hz[worst_at])), y_of(float(level_db[worst_at])))
    cv2.drawMarker(picture, spot, RED, cv2.MARKER_TRIANGLE_DOWN, 16, 2, cv2.LINE_AA)
    alias = f"alias {level_db[worst_at]:.1f} dB at {at_hz[worst_at] / 1000:.2f} kHz"
    write(alias, min(spot[0] + 14, WIDE - 330), spot[1] - 12, RED)
    write(f"{name}: a saw of {hz:.1f} Hz", LEFT, 40, INK, 0.9)
    write("rings: its harmonics; triangle: the loudest below 15 kHz that is none of them", LEFT, 70, GREY)
    return picture
