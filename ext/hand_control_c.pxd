"""What ``ext/include/{pitch_map,hand_control,time_grid,session_lanes}.h`` declare: the meaning stands there."""

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t

from ring_c cimport hd_ring


cdef extern from "session_lanes.h" nogil:
    enum:
        HD_HANDS
        HD_TAPE_FRAMES
        HD_STATUS_READY
        HD_STATUS_REALTIME
        HD_STATUS_LOCKED
        HD_STATUS_DEVICE_LOST
        HD_STATUS_ENDED

    ctypedef struct hd_hand_sample:
        uint64_t t_capture_ns

    ctypedef struct hd_control:
        pass

    ctypedef struct hd_status:
        pass

    ctypedef struct hd_arrivals:
        pass

    ctypedef struct hd_tape_block:
        pass


cdef extern from "pitch_map.h" nogil:
    ctypedef struct hd_pitch_map:
        double shut_below
        double open_above

    hd_pitch_map hd_pitch_map_of(
        double area_far, double area_near, double low, double high, uint32_t scale, double pull,
        double hysteresis_cents, double glide_s, double a4_hz, double loudness_share,
    ) noexcept


cdef extern from "hand_control.h" nogil:
    ctypedef struct hd_hand_voice:
        bint present
        double pitch
        double hand_pitch
        double loudness

    ctypedef struct hd_hand_control:
        hd_ring *ring
        const hd_hand_sample *samples
        size_t count
        int64_t ahead_ns
        hd_hand_voice hands[2]
        uint32_t late_samples
        uint32_t bad_samples

    void hd_hands_init(hd_hand_control *control, const hd_pitch_map *map, double step_s) noexcept
    void hd_hands_at(hd_hand_control *control, int64_t t_ns) noexcept


cdef extern from "time_grid.h" nogil:
    int hd_tick_frames(int rate_hz) noexcept
    int64_t hd_ns_of_frame(int64_t frame, int rate_hz) noexcept
    int64_t hd_frame_of_ns(int64_t ns, int rate_hz) noexcept
