"""``hand-dance bench synth``: CPU per second of sound for 16 band-limited saws, and how clean a saw is, beside peers.

Every program makes the same 16 pitches at 48 kHz in blocks of 64, offline, in the same run. Not here: delay to the ear.
"""

import importlib
import os
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from firmware_py._tones import SawBank
from firmware_py.errors import BenchError

RATE_HZ: Final = 48_000
BLOCK: Final = 64
VOICES: Final = 16
PITCHES_HZ: Final = tuple(
    110.0 * 2.0 ** (2.5 * n / 12) for n in range(VOICES)
)  # A2 to above A5, all over an instrument
DEFAULT_SECONDS: Final = 10.0
_ALIAS_HZ: Final = 4003.7  # 4 kHz divides the rate: its aliases would hide behind its harmonics


@dataclass(frozen=True)
class SynthFigures:
    """What the benchmark found. CPU in ms per second of sound, alias against the fundamental in dB below 15 kHz."""

    cpu_ms_per_s: float
    alias_db: float
    times_cheaper_python: float  # than the best Python peer whose saw is band-limited
    times_cheaper_naive: float | None  # than signalflow, whose saw is not: it folds back at -19 dB, an easier task
    times_cheaper_csound: float | None
    peers: dict[str, float]
    absent: dict[str, str]  # peers that are not here, and how to get them

    def as_json(self) -> dict[str, Any]:
        """Plain data for ``json.dumps``."""
        return asdict(self)


def measure(seconds: float = DEFAULT_SECONDS) -> SynthFigures:
    """Measure for about so many seconds of CPU in all, the peers in turn with our own."""
    peers: dict[str, Callable[[], float]] = {"numpy": _numpy}
    absent: dict[str, str] = {}
    if shutil.which("csound"):
        peers["csound"] = _csound
    else:
        absent["csound"] = "apt install csound"
    os.environ["PYO_GUI_WX"] = "0"  # pyo greets on standard output without it
    for name, play in (("pyo", _pyo), ("signalflow", _signalflow)):
        try:
            importlib.import_module(name)
        except ImportError:
            absent[name] = f"pip install {name}"
        else:
            peers[name] = play
    absent["fluidsynth"] = "it plays sampled sounds: it has no saw of its own to compare"
    own: list[float] = []
    found: dict[str, list[float]] = {name: [] for name in peers}
    end = time.monotonic() + seconds
    while time.monotonic() < end or len(own) < 3:
        own.append(_own())
        for name, play in peers.items():
            found[name].append(play())
    best = {name: round(statistics.median(times), 4) for name, times in found.items()}
    cost = statistics.median(own)
    python = [best[name] for name in best if name not in ("csound", "signalflow")]
    return SynthFigures(
        cpu_ms_per_s=round(cost, 4),
        alias_db=round(alias_db(_ALIAS_HZ), 1),
        times_cheaper_python=round(min(python) / cost, 2),
        times_cheaper_naive=round(best["signalflow"] / cost, 2) if "signalflow" in best else None,
        times_cheaper_csound=round(best["csound"] / cost, 2) if "csound" in best else None,
        peers=best,
        absent=absent,
    )


def alias_db(hz: float) -> float:
    """Loudest component from 20 Hz to 15 kHz of a saw that is none of its harmonics, against its fundamental."""
    size = 1 << 16
    sound = np.zeros(size + 1000, np.float32)
    SawBank([hz], gain=0.5).render(sound)
    spectrum = np.abs(np.fft.rfft(sound[1000:].astype(np.float64) * np.kaiser(size, 20)))
    at_hz = np.fft.rfftfreq(size, 1 / RATE_HZ)
    none = (np.abs(at_hz - np.rint(at_hz / hz) * hz) > 12) & (at_hz > 20) & (at_hz < 15_000)
    return float(20 * np.log10(spectrum[none].max() / spectrum.max()))


def _own() -> float:
    bank, sound = SawBank(PITCHES_HZ), np.zeros(RATE_HZ, np.float32)
    begin = time.process_time()
    bank.render(sound, BLOCK)
    return (time.process_time() - begin) * 1e3


def _numpy() -> float:
    """Plain numpy: the two-point polynomial correction at each jump, all voices and frames of a block at once."""
    step = np.array(PITCHES_HZ)[:, None] / RATE_HZ
    phase, count, sound = np.zeros((VOICES, 1)), np.arange(1, BLOCK + 1), np.zeros(RATE_HZ, np.float32)
    begin = time.process_time()
    for first in range(0, RATE_HZ, BLOCK):
        x: NDArray[np.float64] = (phase + step * count) % 1.0
        after, before = np.minimum(x / step, 1.0), np.minimum((1.0 - x) / step, 1.0)
        saw = 2.0 * x - 1.0 + np.square(1.0 - after) - np.square(1.0 - before)
        sound[first : first + BLOCK] = 0.05 * saw.sum(axis=0)
        phase = x[:, -1:]
    return (time.process_time() - begin) * 1e3


def _csound() -> float:
    """Csound's band-limited vco2, its start taken off by the difference between a long and a short piece."""
    short, long = 1, 21
    with tempfile.TemporaryDirectory(prefix="hand-dance-bench-") as folder:
        spent = [_csound_cpu_s(Path(folder) / "saws.csd", seconds) for seconds in (short, long)]
    return max(spent[1] - spent[0], 0.0) * 1e3 / (long - short)


def _csound_cpu_s(path: Path, seconds: int) -> float:
    notes = "\n".join(f"i 1 0 {seconds} {hz}" for hz in PITCHES_HZ)
    path.write_text(
        f"<CsoundSynthesizer>\n<CsInstruments>\nsr={RATE_HZ}\nksmps={BLOCK}\nnchnls=1\n0dbfs=1\n"
        f"instr 1\na1 vco2 0.05, p4\nout a1\nendin\n</CsInstruments>\n"
        f"<CsScore>\n{notes}\n</CsScore>\n</CsoundSynthesizer>\n",
        encoding="utf-8",
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(["csound", "-n", "-d", "-m0", path], check=True, capture_output=True, timeout=60)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _pyo() -> float:
    pyo = importlib.import_module("pyo")
    server = pyo.Server(sr=RATE_HZ, nchnls=1, buffersize=BLOCK, audio="manual", duplex=0).boot()
    server.start()
    saws = pyo.Blit(freq=list(PITCHES_HZ), harms=40, mul=0.05).out()
    begin = time.process_time()
    for _ in range(RATE_HZ // BLOCK):
        server.process()
    took = (time.process_time() - begin) * 1e3
    del saws
    server.stop()
    server.shutdown()
    return took


def _signalflow() -> float:
    flow = importlib.import_module("signalflow")
    graph = flow.AudioGraph(output_device=flow.AudioOut_Dummy(1, BLOCK), start=False)
    graph.sample_rate = RATE_HZ
    saws = flow.Sum([flow.SawOscillator(hz) * 0.05 for hz in PITCHES_HZ])
    buffer = flow.Buffer(1, RATE_HZ)
    graph.play(saws)
    begin = time.process_time()
    graph.render_to_buffer(buffer)
    took = (time.process_time() - begin) * 1e3
    heard = float(np.abs(buffer.data).max())
    graph.destroy()
    if heard < 0.01:
        raise BenchError("signalflow rendered silence, so its time says nothing; update or remove it")
    return took
