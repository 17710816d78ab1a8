# Declarations of ext/include/loudness.h. Meaning and units stand there.

from libc.stdint cimport int64_t

cdef extern from "loudness.h" nogil:
    enum:
        HD_PEAK_FRAMES

    ctypedef struct hd_loudness:
        int64_t step_frames
        double peak

    void hd_loudness_init(hd_loudness *meter, int rate_hz) noexcept
    void hd_loudness_add(hd_loudness *meter, const float *sound, int64_t frames, double *steps, int64_t *steps_made,
                         double *peaks, int64_t *peaks_made) noexcept
