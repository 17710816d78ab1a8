"""Single tones for Python, without an engine: the notes and drum strokes of a backing part, and saws to be measured.

Thin on purpose: it checks what it is given and leaves the sound to the headers of ``ext/include``. Not here: the instrument
and the mix (``_synth``). Types: ``firmware_py/_tones.pyi``.
"""

from libc.stdint cimport int64_t
from libc.string cimport memset

from tones_c cimport *

from firmware_py.errors import UsageError


def add_note(
    float[:, ::1] mix not None, int64_t first_frame, *, int kind, double midi, double seconds, float gain, float pan, int rate_hz
):
    """Add one note of a backing part to a mix; what lies outside the mix is left out.

    Parameters
    ----------
    mix
        float32, shape (n, 2), added to: left, right.
    first_frame
        Where the note begins.
    kind
        0 struck, 1 plucked, 2 held, 3 bass.
    midi, seconds, gain, pan
        MIDI note number, length before the release, amplitude, -1 left … 1 right.
    """
    if mix.shape[1] != 2 or not 0 <= kind < HD_NOTE_TONES or not 0 <= midi <= 127 or not -1 <= pan <= 1:
        raise UsageError(f"a note of kind {kind}, number {midi:g}, pan {pan:g} for a mix of {mix.shape[1]} columns")
    if mix.shape[0] == 0 or not seconds > 0:
        return
    with nogil:
        hd_note_add(&mix[0, 0], mix.shape[0], first_frame, kind, midi, seconds, gain, pan, rate_hz)


def add_drum(float[:, ::1] mix not None, int64_t first_frame, *, int key, float gain, int rate_hz):
    """Add one drum stroke by its General MIDI key (0…127) to a mix: float32, shape (n, 2)."""
    if mix.shape[1] != 2 or not 0 <= key <= 127:
        raise UsageError(f"a drum of key {key} for a mix of {mix.shape[1]} columns")
    if mix.shape[0] > 0:
        with nogil:
            hd_drum_add(&mix[0, 0], mix.shape[0], first_frame, key, gain, rate_hz)


cdef class SawBank:
    """Up to 16 band-limited saws summed, as the voices use them: to be measured. Pitches in Hz; gains are amplitudes."""

    cdef hd_blep blep
    cdef hd_saws saws
    cdef double step_to[16]
    cdef float gain_to[16]
    cdef int lanes

    def __cinit__(self, hz, *, double gain=0.05, int rate_hz=48_000):
        cdef int lane
        self.lanes = len(hz)
        if not 1 <= self.lanes <= HD_LANES or not all(0 < one < 0.45 * rate_hz for one in hz):
            raise UsageError(f"{self.lanes} saws; allowed are 1 to {HD_LANES}, each above 0 and below 0.45 of the rate")
        memset(&self.saws, 0, sizeof(self.saws))
        hd_blep_init(&self.blep)
        for lane in range(self.lanes):
            self.step_to[lane] = self.saws.step[lane] = hz[lane] / rate_hz
            self.gain_to[lane] = self.saws.gain[lane] = gain
            self.saws.phase[lane] = 0.618034 * lane % 1.0

    def render(self, float[::1] out not None, int block=64):
        """Fill ``out``, block by block of at most 64 frames."""
        cdef Py_ssize_t done = 0, frames = out.shape[0]
        if not 1 <= block <= HD_SAW_FRAMES:
            raise UsageError(f"blocks of {block} frames; allowed is 1 to {HD_SAW_FRAMES}")
        with nogil:
            while done < frames:
                hd_saws_run(
                    &self.saws, &self.blep, self.lanes, self.step_to, self.gain_to, &out[done],
                    <int>min(<Py_ssize_t>block, frames - done),
                )
                done += block
