"""What ``ext/include/blocks.h`` and the headers below it declare: the meaning and the invariants stand there."""

from libc.stdint cimport int16_t, int64_t, uint32_t, uint64_t

from hand_control_c cimport hd_hand_control, hd_pitch_map, hd_status
from ring_c cimport hd_ring
from seqlock_c cimport hd_cell


cdef extern from "patch.h" nogil:
    enum:
        HD_PARTIALS

    ctypedef struct hd_patch:
        int partials
        float partial[32]
        float dark, bright, loud_bright, bite, swell, level
        float attack_s, decay_s, sustain, release_s
        float vibrato_hz, vibrato_cents, vibrato_delay_s, vibrato_rise_s
        float breath, breath_onset
        float room_wet, room_s, room_treble
        int wave, unison, vowel
        float detune_cents, cutoff_closed, cutoff_open, resonance
        float ring_s, ring_fall
        float chorus, chorus_hz, chorus_s
        float echo, echo_s, echo_feedback


cdef extern from "delay.h" nogil:
    ctypedef struct hd_delay:
        int64_t ns

    void hd_delay_init(hd_delay *delay, int64_t planned_ns, double tick_s) noexcept
    void hd_delay_tell(hd_delay *delay, uint32_t us, bint sounding) noexcept
    void hd_delay_step(hd_delay *delay) noexcept


cdef extern from "microphone.h" nogil:
    ctypedef struct hd_mic_block:
        pass

    ctypedef struct hd_mic:
        hd_ring *ring
        int64_t way_frames

    void hd_mic_buffer(hd_mic *mic, int64_t buffer_frames) noexcept


cdef extern from "blocks.h" nogil:
    enum:
        HD_STEMS

    ctypedef struct hd_engine_status "hd_status":
        uint32_t xruns, tape_drops, period_frames, periods, flags
        float render_share

    ctypedef struct hd_engine:
        uint64_t t0_ns
        hd_delay delay
        hd_cell *control
        hd_cell *status
        hd_cell *arrivals
        hd_ring *tape
        const int16_t (*backing)[4]
        int64_t backing_frames
        bint placed, ended
        int64_t position
        int64_t skew_ns
        hd_hand_control hands
        hd_mic mic
        hd_engine_status told
        float peak

    void hd_engine_init(
        hd_engine *engine, int rate_hz, int64_t delay_ns, const hd_pitch_map *map, const hd_patch *patch, int voice_count
    ) noexcept
    void hd_engine_obey(hd_engine *engine) noexcept
    void hd_engine_seek(hd_engine *engine, int64_t frame) noexcept
    void hd_engine_stop_at(hd_engine *engine, int64_t frame) noexcept
    void hd_engine_end(hd_engine *engine) noexcept
    void hd_engine_render(hd_engine *engine, int16_t *out, int frames, int64_t heard_ns) noexcept
    int hd_engine_advance(hd_engine *engine, int16_t *out, int frames) noexcept
    void hd_engine_report(hd_engine *engine, uint64_t now_ns) noexcept
