"""What ``ext/include/backing_note.h`` and ``saws.h`` declare: the meaning and the invariants stand there."""

from libc.stdint cimport int64_t


cdef extern from "backing_note.h" nogil:
    enum:
        HD_NOTE_TONES

    void hd_note_add(
        float *mix, int64_t frames, int64_t first, int kind, double midi, double seconds, float gain, float pan, int rate_hz
    ) noexcept
    void hd_drum_add(float *mix, int64_t frames, int64_t first, int key, float gain, int rate_hz) noexcept


cdef extern from "saws.h" nogil:
    enum:
        HD_LANES
        HD_SAW_FRAMES

    ctypedef struct hd_blep:
        pass

    ctypedef struct hd_saws:
        double phase[16]
        double step[16]
        float gain[16]

    void hd_blep_init(hd_blep *blep) noexcept
    void hd_saws_run(
        hd_saws *saws, const hd_blep *blep, int lanes, const double *step_to, const float *gain_to, float *out, int frames
    ) noexcept
