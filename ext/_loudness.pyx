"""The compiled part of loudness measurement: a thin layer over ``ext/include/loudness.h``, which explains it.

Gating and what to do about the loudness are ``firmware_py/music/loudness.py``. Types: ``firmware_py/_loudness.pyi``.
"""

from libc.stdint cimport int64_t

from loudness_c cimport *

import numpy as np

PEAK_FRAMES = HD_PEAK_FRAMES


cdef class Meter:
    """K-weighted energy and true peak of stereo sound that comes in blocks.

    rate_hz: sampling rate, 8000 to 192 000.
    """

    cdef hd_loudness meter

    def __cinit__(self, int rate_hz):
        if not 8000 <= rate_hz <= 192_000:
            raise ValueError(f"a sampling rate of {rate_hz} Hz; allowed is 8000 to 192000")
        hd_loudness_init(&self.meter, rate_hz)

    def add(self, const float[:, ::1] sound not None):
        """Take the next frames: float32, shape (n, 2), 1.0 is full scale.

        Returns
        -------
        tuple of NDArray[np.float64]
            Of the steps of 100 ms that are complete now, the mean square, K-weighted, both channels added; and of each
            PEAK_FRAMES frames that are complete now, the true peak of the louder channel.
        """
        if sound.shape[1] != 2:
            raise ValueError(f"sound of shape ({sound.shape[0]}, {sound.shape[1]}); (n, 2) is needed")
        cdef int64_t frames = sound.shape[0], steps_made = 0, peaks_made = 0
        steps_found = np.empty(frames // self.meter.step_frames + 1)
        peaks_found = np.empty(frames // HD_PEAK_FRAMES + 1)
        cdef double[::1] steps = steps_found, peaks = peaks_found
        if frames > 0:
            with nogil:
                hd_loudness_add(&self.meter, &sound[0, 0], frames, &steps[0], &steps_made, &peaks[0], &peaks_made)
        return steps_found[:steps_made], peaks_found[:peaks_made]

    @property
    def peak(self):
        """True peak of the frames after the last PEAK_FRAMES that were told of."""
        return self.meter.peak
