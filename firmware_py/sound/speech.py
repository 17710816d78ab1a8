"""What the box says in words, by espeak-ng where it is installed: spoken once into the cache, played from there.

A person who sees no light hears the state. Without espeak-ng the chimes alone tell it. Not here: when what is said
(``session.appliance``), playing it (``chimes``).
"""

import logging
import os
import shutil
import subprocess
import threading
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

log: Final = logging.getLogger(__name__)
COMMAND: Final = "espeak-ng"
SPEAK_S: Final = 20.0  # in which the slowest box has spoken a sentence
WORDS_PER_MINUTE: Final = 150
OFF: Final = "off"

WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "ready": "Ready.",
        "start": "Counting in. Recording.",
        "stop": "Finishing.",
        "taken": "Taken.",
        "fault": "Something is wrong.",
        "mail-sent": "Your letter is sent.",
        "mail-waiting": "Your letter waits.",
        "no-network": "No network. Your letter waits.",
        "card-nearly-full": "The card is nearly full.",
    },
    "de": {
        "ready": "Bereit.",
        "start": "Ich zähle ein und nehme auf.",
        "stop": "Ich werde fertig.",
        "taken": "Verstanden.",
        "fault": "Etwas stimmt nicht.",
        "mail-sent": "Dein Brief ist abgeschickt.",
        "mail-waiting": "Dein Brief wartet.",
        "no-network": "Kein Netz. Dein Brief wartet.",
        "card-nearly-full": "Die Karte ist fast voll.",
    },
    "es": {
        "ready": "Listo.",
        "start": "Cuento los compases y grabo.",
        "stop": "Terminando.",
        "taken": "Entendido.",
        "fault": "Algo va mal.",
        "mail-sent": "Tu carta se ha enviado.",
        "mail-waiting": "Tu carta espera.",
        "no-network": "Sin red. Tu carta espera.",
        "card-nearly-full": "La tarjeta está casi llena.",
    },
    "fr": {
        "ready": "Prêt.",
        "start": "Je compte, puis j'enregistre.",
        "stop": "Je termine.",
        "taken": "C'est noté.",
        "fault": "Quelque chose ne va pas.",
        "mail-sent": "Ta lettre est partie.",
        "mail-waiting": "Ta lettre attend.",
        "no-network": "Pas de réseau. Ta lettre attend.",
        "card-nearly-full": "La carte est presque pleine.",
    },
}


class Speech:
    """The sentences of one language.

    Parameters
    ----------
    language
        One of WORDS, or ``off``.
    cache
        Folder that spoken sentences are kept in, made when the first is spoken.
    """

    def __init__(self, language: str, cache: Path) -> None:
        self._sentences = WORDS.get(language, {})
        self._language = language
        self._folder = cache / "spoken"
        self._thread: threading.Thread | None = None

    def prepare(self) -> None:
        """Begin to speak what is not in the cache yet, in a thread; returns at once."""
        if not self._sentences:
            return
        if shutil.which(COMMAND) is None:
            log.info("no words are spoken: %s is not installed; the chimes tell the same", COMMAND)
            return
        self._thread = threading.Thread(target=self._prepare, name="speech", daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Return when all is in the cache, or could not be spoken."""
        if self._thread is not None:
            self._thread.join()

    def said(self, what: str, *, rate_hz: int, level_db: float) -> NDArray[np.int16] | None:
        """Return a sentence that is in the cache: int16, shape (n, 2), its peak at ``level_db`` against full scale.

        None where there is none yet, or none at all.
        """
        if what not in self._sentences:
            return None
        import soundfile

        try:
            sound, found_hz = soundfile.read(self._file(what), dtype="float32", always_2d=True)
        except (OSError, soundfile.LibsndfileError):
            return None
        voice = at_rate(sound.mean(axis=1), found_hz, rate_hz)
        peak = np.abs(voice).max(initial=0.0)
        if not peak:
            return None
        voice *= 10 ** (level_db / 20) / peak
        return np.repeat(np.rint(voice * 32767).astype(np.int16)[:, None], 2, axis=1)

    def _prepare(self) -> None:
        for what in self._sentences:
            if not self._file(what).exists() and not self._speak(what):
                return

    def _speak(self, what: str) -> bool:
        """Speak one sentence into the cache, whole or not at all."""
        target = self._file(what)
        part = target.with_name(f".{target.name}.{os.getpid()}.part")
        command = [COMMAND, "-v", self._language, "-s", str(WORDS_PER_MINUTE), "-w", str(part), self._sentences[what]]
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=SPEAK_S, check=True)
            os.replace(part, target)
        except (OSError, subprocess.SubprocessError) as error:
            log.warning("%s does not speak (%s); the chimes tell the same", COMMAND, error)
            return False
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
        return True

    def _file(self, what: str) -> Path:
        """Return where a sentence lies; another wording is another file."""
        return self._folder / f"{self._language}-{what}-{zlib.crc32(self._sentences[what].encode()):08x}.wav"


def at_rate(sound: NDArray[np.float32], found_hz: int, rate_hz: int) -> NDArray[np.float64]:
    """Return one channel at another sampling rate, by its spectrum: nothing is folded, and a sentence is short."""
    if not len(sound):
        return np.zeros(0)
    count = round(len(sound) * rate_hz / found_hz)
    spectrum = np.fft.rfft(sound)
    return np.asarray(np.fft.irfft(spectrum, count) * (count / len(sound)))
