/* Where tones come from: a sine, a stack of harmonics, and noise. Exactly band-limited, without tables or state.
 *
 * Phases are in cycles. The harmonic stack draws partial n + 1 from the two before it (sin((n+1)x) = 2 cos(x) sin(nx) -
 * sin((n-1)x)), for a whole run of frames at once, so that the compiler lays the frames into vector registers. What lies
 * above the highest harmonic does not exist, so nothing folds back. Not here: loudness over time (envelope.h).
 */
#ifndef HD_OSCILLATORS_H
#define HD_OSCILLATORS_H

#include <math.h>
#include <stdint.h>

#include "time_grid.h"

/* sin(2 pi x) for x in -0.25 .. 0.25: Taylor's series to the thirteenth power, error below 1e-7 in single precision. */
static inline float hd_quarter_sine(float x) {
    float t = 6.28318530718f * x, s = t * t;
    float p = -1.0f / 39916800.0f + s * (1.0f / 6227020800.0f);
    p = 1.0f / 362880.0f + s * p;
    p = -1.0f / 5040.0f + s * p;
    p = 1.0f / 120.0f + s * p;
    p = -1.0f / 6.0f + s * p;
    return t * (1.0f + s * p);
}

/* sin(2 pi x) for x in 0 .. 1. */
static inline float hd_sine(float x) {
    float y = 0.5f - x; /* sin(2 pi x) = sin(2 pi (0.5 - x)) */
    float folded = 0.5f - fabsf(y);
    return hd_quarter_sine(copysignf(folded < fabsf(y) ? folded : fabsf(y), y));
}

/* sin(2 pi x) for any x. */
static inline float hd_sine_of(double x) {
    return hd_sine((float)(x - floor(x)));
}

/* Fill `out` with the sum of `partials` harmonics over `frames` frames (<= HD_MAX_TICK_FRAMES).
 *
 * phase: cycles at the frame before the first; the frequency goes evenly from hz_from to hz_to, which the last frame has.
 * from, to: amplitudes of the harmonics, likewise. Returns the phase of the last frame, 0..1.
 */
static inline double hd_harmonics(float *restrict out, int frames, double phase, double hz_from, double hz_to, int rate_hz,
                                  int partials, const float *restrict from, const float *restrict to) {
    float before[HD_MAX_TICK_FRAMES], now[HD_MAX_TICK_FRAMES], twice_cosine[HD_MAX_TICK_FRAMES];
    double step = hz_from / rate_hz, bend = (hz_to - hz_from) / rate_hz / frames;
    float per_frame = 1.0f / (float)frames;
    double last = phase;
    for (int i = 0; i < frames; i++) {
        double x = phase + (i + 1) * step + 0.5 * (double)((i + 1) * (i + 2)) * bend;
        x -= floor(x);
        double quarter_on = x + 0.25;
        now[i] = hd_sine((float)x);
        twice_cosine[i] = 2.0f * hd_sine((float)(quarter_on >= 1.0 ? quarter_on - 1.0 : quarter_on));
        before[i] = 0.0f;
        out[i] = 0.0f;
        last = x;
    }
    for (int n = 0; n < partials; n++) {
        float amplitude = from[n], rise = (to[n] - from[n]) * per_frame;
        for (int i = 0; i < frames; i++) {
            out[i] += (amplitude + rise * (float)(i + 1)) * now[i];
            float next = twice_cosine[i] * now[i] - before[i];
            before[i] = now[i];
            now[i] = next;
        }
    }
    return last;
}

/* White noise, -1 .. 1, that depends on the frame and the seed alone. Source of the mixing steps: MurmurHash3's finaliser,
 * A. Appleby, public domain. */
static inline float hd_noise(int64_t frame, uint32_t seed) {
    uint32_t x = (uint32_t)frame * UINT32_C(0x9e3779b9) + seed;
    x ^= x >> 16;
    x *= UINT32_C(0x85ebca6b);
    x ^= x >> 13;
    x *= UINT32_C(0xc2b2ae35);
    x ^= x >> 16;
    return (float)(int32_t)x * (1.0f / 2147483648.0f);
}

#endif
