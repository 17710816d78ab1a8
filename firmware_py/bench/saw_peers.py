"""Other programs that make saws: the same 16 pitches at 48 kHz in blocks of 64, and one saw to be looked at.

Each says what it takes and lets its saw be heard: one that folds back does an easier task. Programs that run on their
own are timed by the difference between a long and a short piece, so that their start does not count; it varies by more
than a few seconds of sound cost, so the long one is long. Not here: our own (``synth``), the alias (``spectrum``).
"""

import importlib
import importlib.util
import os
import resource
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from firmware_py.bench.spectrum import FRAMES, RATE_HZ, SAW_HZ

BLOCK: Final = 64
VOICES: Final = 16
PITCHES_HZ: Final = tuple(
    110.0 * 2.0 ** (2.5 * n / 12) for n in range(VOICES)
)  # A2 to above A5, all over an instrument
GAIN: Final = 0.05
SHORT_S, LONG_S = 2, 122
_SOUND_FONTS: Final = ("/usr/share/sounds/sf2/TimGM6mb.sf2", "/usr/share/sounds/sf2/default-GM.sf2")

Sound = NDArray[np.floating[Any]]


class SawPeer(Protocol):
    """One way of making saws elsewhere."""

    name: str
    python: bool  # a library of Python, not a program of its own
    note: str  # what it makes its saws of

    def absent(self) -> str:
        """Return how to get it where it is not here, else nothing."""
        ...

    def cpu_ms_per_s(self) -> float:
        """Return the processor time for the 16 pitches, ms per second of sound."""
        ...

    def saw(self) -> Sound | None:
        """Return FRAMES frames of one saw of SAW_HZ; None where it has none to be looked at."""
        ...


class Numpy:
    """Plain numpy: the two-point polynomial correction at each jump, all voices and frames of a block at once."""

    name, python, note = "numpy", True, "polyBLEP of two points, written for this"

    def absent(self) -> str:
        """Never."""
        return ""

    def cpu_ms_per_s(self) -> float:
        """See SawPeer."""
        begin = time.process_time()
        self._render(PITCHES_HZ, RATE_HZ)
        return (time.process_time() - begin) * 1e3

    def saw(self) -> Sound:
        """See SawPeer."""
        return self._render((SAW_HZ,), FRAMES)

    @staticmethod
    def _render(pitches_hz: tuple[float, ...], frames: int) -> Sound:
        step = np.array(pitches_hz)[:, None] / RATE_HZ
        phase, count = np.zeros((len(pitches_hz), 1)), np.arange(1, BLOCK + 1)
        sound = np.zeros(-(-frames // BLOCK) * BLOCK, np.float32)
        for first in range(0, frames, BLOCK):
            x: NDArray[np.float64] = (phase + step * count) % 1.0
            after, before = np.minimum(x / step, 1.0), np.minimum((1.0 - x) / step, 1.0)
            saw = 2.0 * x - 1.0 + np.square(1.0 - after) - np.square(1.0 - before)
            sound[first : first + BLOCK] = GAIN * saw.sum(axis=0)
            phase = x[:, -1:]
        return sound


class _Library:
    """A library of Python that may be missing."""

    name: str
    python = True

    @property
    def module(self) -> str:
        return self.name.partition(" ")[0]

    def absent(self) -> str:
        """See SawPeer."""
        return "" if importlib.util.find_spec(self.module) else f"pip install {self.module}"


class Pyo(_Library):
    """pyo's oscillator with a parameter for its sharpness: a saw that may glide."""

    name, note = "pyo", "LFO(type=0, sharp=1), its band-limited saw; dark at 4 kHz"

    def cpu_ms_per_s(self) -> float:
        """See SawPeer."""
        return self._run(PITCHES_HZ, 2 * RATE_HZ)[0] / 2

    def saw(self) -> Sound:
        """See SawPeer."""
        return self._run((SAW_HZ,), FRAMES)[1]

    def _made(self, pyo: Any, pitches_hz: tuple[float, ...]) -> Any:
        return pyo.LFO(freq=list(pitches_hz), type=0, sharp=1, mul=GAIN)

    def _run(self, pitches_hz: tuple[float, ...], frames: int) -> tuple[float, Sound]:
        """Return the processor time, ms, and what sounded."""
        os.environ["PYO_GUI_WX"] = "0"  # it greets on standard output without it
        pyo = importlib.import_module("pyo")
        server = pyo.Server(sr=RATE_HZ, nchnls=1, buffersize=BLOCK, audio="manual", duplex=0).boot()
        server.start()
        saws = self._made(pyo, pitches_hz)
        table = pyo.NewTable((FRAMES + BLOCK) / RATE_HZ)
        to = pyo.TableRec(saws, table).play() if len(pitches_hz) == 1 else saws.out()
        begin = time.process_time()
        for _ in range(-(-frames // BLOCK)):
            server.process()
        took_ms = (time.process_time() - begin) * 1e3
        sound = np.array(table.getTable(), np.float32)
        del to, saws
        server.stop()
        server.shutdown()
        return took_ms, sound


class PyoTables(Pyo):
    """pyo's oscillator over a table for each pitch, with as many partials as fit: clean as long as no pitch moves."""

    name, note = "pyo (tables)", "Osc over a SawTable of its own for each pitch: for pitches that stand still"

    def _made(self, pyo: Any, pitches_hz: tuple[float, ...]) -> Any:
        tables = [pyo.SawTable(order=int(RATE_HZ / 2 / hz), size=8192) for hz in pitches_hz]
        return pyo.Osc(table=tables, freq=list(pitches_hz), mul=GAIN)


class Signalflow(_Library):
    """signalflow's saw, a bare ramp."""

    name, note = "signalflow", "SawOscillator, a bare ramp: not band-limited"

    def cpu_ms_per_s(self) -> float:
        """See SawPeer."""
        return self._run(PITCHES_HZ, 4 * RATE_HZ)[0] / 4

    def saw(self) -> Sound:
        """See SawPeer."""
        return self._run((SAW_HZ,), FRAMES)[1]

    @staticmethod
    def _run(pitches_hz: tuple[float, ...], frames: int) -> tuple[float, Sound]:
        flow = importlib.import_module("signalflow")
        graph = flow.AudioGraph(output_device=flow.AudioOut_Dummy(1, BLOCK), start=False)
        graph.sample_rate = RATE_HZ
        buffer = flow.Buffer(1, frames)
        graph.play(flow.Sum([flow.SawOscillator(hz) * GAIN for hz in pitches_hz]))
        begin = time.process_time()
        graph.render_to_buffer(buffer)
        took_ms = (time.process_time() - begin) * 1e3
        sound = np.array(buffer.data[0])
        graph.destroy()
        return took_ms, sound


class _Program:
    """A program of its own, timed by two lengths."""

    name: str
    python = False

    def _command(self, folder: Path, pitches_hz: tuple[float, ...], seconds: float, to: Path | None) -> list[str]:
        raise NotImplementedError

    def cpu_ms_per_s(self) -> float:
        """See SawPeer."""
        with tempfile.TemporaryDirectory(prefix="hand-dance-bench-") as folder:
            short, long = (self._cpu_s(Path(folder), PITCHES_HZ, seconds) for seconds in (SHORT_S, LONG_S))
        return max(long - short, 0.0) * 1e3 / (LONG_S - SHORT_S)

    def saw(self) -> Sound | None:
        """See SawPeer."""
        import soundfile

        with tempfile.TemporaryDirectory(prefix="hand-dance-bench-") as folder:
            path = Path(folder) / "saw.wav"
            self._cpu_s(Path(folder), (SAW_HZ,), 2.0, path)
            sound: Sound = soundfile.read(path, always_2d=True)[0][:, 0]
            return sound

    def _cpu_s(self, folder: Path, pitches_hz: tuple[float, ...], seconds: float, to: Path | None = None) -> float:
        command = self._command(folder, pitches_hz, seconds, to)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


class Csound(_Program):
    """Csound's vco2, which chooses among band-limited tables."""

    name, note = "csound", "vco2, band-limited tables"

    def absent(self) -> str:
        """See SawPeer."""
        return "" if shutil.which("csound") else "apt install csound"

    def _command(self, folder: Path, pitches_hz: tuple[float, ...], seconds: float, to: Path | None) -> list[str]:
        notes = "\n".join(f"i 1 0 {seconds} {hz}" for hz in pitches_hz)
        path = folder / "saws.csd"
        path.write_text(
            f"<CsoundSynthesizer>\n<CsInstruments>\nsr={RATE_HZ}\nksmps={BLOCK}\nnchnls=1\n0dbfs=1\n"
            f"instr 1\na1 vco2 {GAIN}, p4\nout a1\nendin\n</CsInstruments>\n"
            f"<CsScore>\n{notes}\n</CsScore>\n</CsoundSynthesizer>\n",
            encoding="utf-8",
        )
        out = ["-W", "-f", "-o", str(to)] if to else ["-n"]
        return ["csound", *out, "-d", "-m0", str(path)]


class FluidSynth(_Program):
    """FluidSynth: sampled sounds, here a lead of saws, each with a filter, an envelope and a vibrato of its own."""

    name, note = "fluidsynth", "a sampled lead (General MIDI 82); it has no saw of its own"

    def absent(self) -> str:
        """See SawPeer."""
        here = shutil.which("fluidsynth") and any(Path(path).exists() for path in _SOUND_FONTS)
        return "" if here else "apt install fluidsynth timgm6mb-soundfont"

    def saw(self) -> Sound | None:
        """See SawPeer."""
        return None

    def _command(self, folder: Path, pitches_hz: tuple[float, ...], seconds: float, _to: Path | None) -> list[str]:
        import mido

        track = mido.MidiTrack([mido.Message("program_change", program=81)])
        for hz in pitches_hz:
            track.append(mido.Message("note_on", note=round(69 + 12 * np.log2(hz / 440)), velocity=100))
        for number, hz in enumerate(pitches_hz):
            note = round(69 + 12 * np.log2(hz / 440))
            ticks = round(mido.second2tick(seconds, 480, 500_000)) if number == 0 else 0
            track.append(mido.Message("note_off", note=note, time=ticks))
        mido.MidiFile(ticks_per_beat=480, tracks=[track]).save(folder / "notes.mid")
        font = next(path for path in _SOUND_FONTS if Path(path).exists())
        off = [f"-osynth.{effect}.active=0" for effect in ("reverb", "chorus")]
        return [
            *("fluidsynth", "-ni", *off, f"-oaudio.period-size={BLOCK}", "-r", str(RATE_HZ), "-O", "float"),
            *("-F", "/dev/null", "-T", "raw", font, str(folder / "notes.mid")),
        ]


ALL: Final[tuple[SawPeer, ...]] = (Numpy(), Pyo(), PyoTables(), Signalflow(), Csound(), FluidSynth())
