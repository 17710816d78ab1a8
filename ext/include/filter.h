/* A state-variable filter that stays stable while its frequency moves.
 *
 * Source: the trapezoidal state-variable filter as derived by V. Zavalishin, The Art of VA Filter Design, chapter 4.
 */
#ifndef HD_FILTER_H
#define HD_FILTER_H

#include <math.h>

typedef struct {
    float band, low; /* what the two integrators hold */
} hd_filter;

typedef struct {
    float g, damping, scale;
} hd_filter_tuning;

/* hz: centre, held below 0.45 of the rate; q: 0.5 is broad, 10 rings. */
static inline hd_filter_tuning hd_filter_tune(double hz, double q, int rate_hz) {
    double most = 0.45 * rate_hz;
    double g = tan(3.14159265358979 * (hz < most ? hz : most) / rate_hz);
    hd_filter_tuning tuning = {(float)g, (float)(1.0 / q), (float)(1.0 / (1.0 + g * (1.0 / q + g)))};
    return tuning;
}

/* One frame through; returns the band-pass, whose gain at its centre is 1. */
static inline float hd_filter_band(hd_filter *filter, const hd_filter_tuning *tuning, float input) {
    float high = (input - (tuning->damping + tuning->g) * filter->band - filter->low) * tuning->scale;
    float rise = tuning->g * high, band = rise + filter->band;
    filter->band = rise + band;
    float drift = tuning->g * band, low = drift + filter->low;
    filter->low = drift + low;
    return tuning->damping * band;
}

/* One frame through; returns the low-pass, whose gain far below its frequency is 1. */
static inline float hd_filter_low(hd_filter *filter, float g, float damping, float input) {
    float high = (input - (damping + g) * filter->band - filter->low) / (1.0f + g * (damping + g));
    float rise = g * high, band = rise + filter->band;
    filter->band = rise + band;
    float drift = g * band, low = drift + filter->low;
    filter->low = drift + low;
    return low;
}

#endif
