"""Synthesis for Python: the engine and the pitch curve, both over the headers of ``ext/include``.

Thin on purpose: it checks what it is given, holds the memory, and leaves the sound to the headers. It knows nothing of
devices, files or patches' names (that is ``firmware_py/sound``). Types: ``firmware_py/_synth.pyi``.
"""

from libc.math cimport NAN, isfinite
from libc.stdint cimport int64_t
from libc.string cimport memset

from hand_control_c cimport *

from firmware_py.errors import UsageError


cdef double allowed(object owner, str name, double least, double most) except? -1:
    """The field ``name`` of ``owner`` as a number from least to most; UsageError otherwise."""
    cdef double found = getattr(owner, name)
    if not isfinite(found) or found < least or found > most:
        raise UsageError(f"{name} is {found:g}; allowed is {least:g} to {most:g}")
    return found


cdef class PitchMap:
    """A ``firmware_py.music.mapping.Mapping``, checked and in the form the compiled code reads.

    Raises
    ------
    UsageError
        A value that no pitch can be made of; names the field and what is allowed.
    """

    cdef hd_pitch_map map

    def __cinit__(self, mapping):
        cdef double far = allowed(mapping, "area_far", 1e-6, 1.0)
        cdef double near = allowed(mapping, "area_near", 1e-6, 1.0)
        cdef double low = allowed(mapping, "low", 0.0, 127.0)
        cdef double high = allowed(mapping, "high", 0.0, 127.0)
        cdef int scale = mapping.scale
        if near <= far:
            raise UsageError(f"area_near is {near:g}; it must be above area_far, which is {far:g}")
        if high < low:
            raise UsageError(f"high is {high:g}; it must not be below low, which is {low:g}")
        if not 0 < scale <= 0xFFF:
            raise UsageError(f"scale is {scale:#x}; allowed is 0x1 to 0xfff, one bit for each of the twelve pitch classes")
        self.map = hd_pitch_map_of(
            far, near, low, high, scale,
            allowed(mapping, "quantise", 0.0, 1.0),
            allowed(mapping, "hysteresis_cents", 0.0, 45.0),
            allowed(mapping, "glide_s", 0.0, 10.0),
            allowed(mapping, "a4_hz", 220.0, 880.0),
            allowed(mapping, "height_to_loudness", 0.0, 1.0),
        )


def control_curve(
    const unsigned char[::1] samples,
    PitchMap pitch_map not None,
    float[:, ::1] out,
    *,
    int64_t t0_ns,
    int64_t delay_ns,
    double curve_rate_hz,
    int rate_hz,
):
    """Run the hand samples through the instrument's own control path and keep what it asked for.

    Parameters
    ----------
    samples
        Records of HAND_SAMPLE as bytes, in the order they were pushed; a cut last record is left out.
    pitch_map
        How areas become pitches.
    out
        float32, shape (n, 3), written: pitch as sounded, pitch of the hand before pull and glide (both MIDI note
        numbers, NaN in silence), loudness 0…1. Row i is the instant i / curve_rate_hz after t0.
    t0_ns, delay_ns
        CLOCK_MONOTONIC of the first frame, and D: a sample sounds at t_capture + D.
    curve_rate_hz
        Rows a second, > 0.
    rate_hz
        Sampling rate of the sound: its control grid is used, so that the values are those that sounded.

    Returns
    -------
    int
        Number of samples refused.
    """
    cdef hd_hand_control control
    cdef int tick = hd_tick_frames(rate_hz)
    cdef int64_t boundary = 0, wanted
    cdef Py_ssize_t i
    if not curve_rate_hz > 0 or rate_hz <= 0 or out.shape[1] != 3:
        raise UsageError(f"a curve of {curve_rate_hz:g} Hz for sound of {rate_hz} Hz: both must be above 0, with 3 columns")
    with nogil:
        hd_hands_init(&control, &pitch_map.map, <double>tick / rate_hz)
        if samples.shape[0] >= <Py_ssize_t>sizeof(hd_hand_sample):
            control.samples = <const hd_hand_sample *>&samples[0]
            control.count = samples.shape[0] // sizeof(hd_hand_sample)
        hd_hands_at(&control, t0_ns - delay_ns)
        for i in range(out.shape[0]):
            wanted = <int64_t>(i * rate_hz / curve_rate_hz / tick + 0.5)
            while boundary < wanted:
                boundary += 1
                hd_hands_at(&control, t0_ns + hd_ns_of_frame(boundary * tick, rate_hz) - delay_ns)
            out[i, 0] = control.hands[0].pitch if control.hands[0].present else NAN
            out[i, 1] = control.hands[0].hand_pitch if control.hands[0].present else NAN
            out[i, 2] = control.hands[0].loudness if control.hands[0].present else 0.0
    return control.bad_samples
