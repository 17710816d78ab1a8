/* The grid that everything sounding lies on: frames counted from t0, gathered in ticks.
 *
 * Controls are evaluated at the ends of ticks and ramped per sample in between, so a sound depends on the frame number
 * alone and never on the size of the block it was asked for in. A tick is at most a millisecond.
 */
#ifndef HD_TIME_GRID_H
#define HD_TIME_GRID_H

#include <stdint.h>

enum { HD_MAX_TICK_FRAMES = 32 };

static inline int hd_tick_frames(int rate_hz) {
    return rate_hz >= 32000 ? HD_MAX_TICK_FRAMES : HD_MAX_TICK_FRAMES / 2;
}

static inline int64_t hd_floor_div(int64_t a, int64_t b) {
    int64_t q = a / b;
    return q * b > a ? q - 1 : q;
}

/* Nanoseconds from t0 to the beginning of `frame`, rounded down; exact for days and for frames before t0. */
static inline int64_t hd_ns_of_frame(int64_t frame, int rate_hz) {
    int64_t seconds = hd_floor_div(frame, rate_hz);
    return seconds * 1000000000 + (frame - seconds * rate_hz) * 1000000000 / rate_hz;
}

/* The frame nearest to an instant `ns` after t0. */
static inline int64_t hd_frame_of_ns(int64_t ns, int rate_hz) {
    int64_t seconds = hd_floor_div(ns, 1000000000);
    return seconds * rate_hz + ((ns - seconds * 1000000000) * rate_hz + 500000000) / 1000000000;
}

#endif
