/* The records that travel between the processes of a session, as C structs.
 *
 * The Python twins are HAND_SAMPLE (firmware_py/hand_sample.py), CONTROL, STATUS, ARRIVALS, TAPE_BLOCK
 * and MIC_BLOCK (firmware_py/lanes.py); a
 * test compares every offset. Little-endian machines only, as all of the targets are. Not here: rings and cells.
 */
#ifndef HD_SESSION_LANES_H
#define HD_SESSION_LANES_H

#include <stddef.h>
#include <stdint.h>

enum { HD_HANDS = 2, HD_TAPE_FRAMES = 256, HD_ARRIVALS_KEPT = 256, HD_MIC_FRAMES = 128 };

enum { /* bits of hd_hand_sample.flags */
    HD_PRESENT = 1,
    HD_SECOND_HAND = 2,
    HD_CAMERA_LOST = 16,
    HD_SAMPLES_ENDED = 32
};

enum { /* bits of hd_status.flags */
    HD_STATUS_READY = 1,
    HD_STATUS_REALTIME = 2,
    HD_STATUS_LOCKED = 4,
    HD_STATUS_DEVICE_LOST = 8,
    HD_STATUS_ENDED = 16
};

typedef struct {
    float area;       /* share of the frame, 0..1 */
    float x, y;       /* centre, 0..1 of the frame, y = 0 at the top */
    float openness;   /* 0 fist .. 1 spread */
    float confidence; /* 0..1 */
} hd_hand;

typedef struct {
    uint64_t t_capture_ns; /* CLOCK_MONOTONIC at mid-exposure */
    uint64_t t_publish_ns;
    uint32_t frame;
    uint16_t flags;
    uint16_t gesture;
    hd_hand hands[HD_HANDS];
} hd_hand_sample;

typedef struct {
    uint64_t t0_ns;   /* the instant that sound.wav begins with; 0: not yet */
    uint64_t stop_ns; /* the instant that it ends with; 0: not known yet */
    float instrument_db, backing_db, metronome_db, master_db, guide_db;
    uint32_t delay_us;         /* D; 0: not decided yet */
    float area_far, area_near; /* the reach, shares of the frame; 0: as planned */
    unsigned char reserved[8];
    int32_t room_delay_us; /* how much later than reckoned the loudspeaker was measured to be heard */
    float mic_db;
} hd_control;

typedef struct {
    uint64_t t_ns;
    uint64_t frames;
    uint32_t xruns, late_samples, bad_samples, tape_drops;
    float pitch, level, peak, render_share;
    uint32_t period_frames, periods, rate_hz, flags;
    int64_t skew_ns; /* frame n is heard at t0 + n / rate + skew */
    unsigned char reserved[56];
} hd_status;

typedef struct {
    uint64_t count; /* frames that came since the sound process began; the last HD_ARRIVALS_KEPT of them are below */
    unsigned char reserved[56];
    uint32_t age_us[HD_ARRIVALS_KEPT];      /* from its capture to the first instant of sound that it could change */
    uint32_t interval_us[HD_ARRIVALS_KEPT]; /* from the capture of the frame before */
} hd_arrivals;

typedef struct {
    int64_t first_frame; /* counted from t0 */
    uint32_t frames;     /* valid frames, 0..HD_TAPE_FRAMES */
    uint32_t flags;
    unsigned char reserved[48];
    int16_t samples[HD_TAPE_FRAMES][2]; /* left, right */
} hd_tape_block;

typedef struct {
    int64_t first_frame; /* of sound.wav that it was in the room with */
    uint32_t frames;     /* valid frames, 0..HD_MIC_FRAMES */
    uint32_t flags;
    unsigned char reserved[48];
    int16_t samples[HD_MIC_FRAMES];
} hd_mic_block;

_Static_assert(sizeof(hd_hand) == 20, "HAND");
_Static_assert(sizeof(hd_hand_sample) == 64, "HAND_SAMPLE");
_Static_assert(sizeof(hd_control) == 64, "CONTROL");
_Static_assert(sizeof(hd_status) == 128, "STATUS");
_Static_assert(sizeof(hd_arrivals) == 64 + 8 * HD_ARRIVALS_KEPT, "ARRIVALS");
_Static_assert(sizeof(hd_tape_block) == 64 + 4 * HD_TAPE_FRAMES, "TAPE_BLOCK");
_Static_assert(sizeof(hd_mic_block) == 64 + 2 * HD_MIC_FRAMES, "MIC_BLOCK");

#endif
