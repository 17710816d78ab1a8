/* The last thing before 16 bits: what is too loud is bent softly, so that the peak stays below full scale.
 *
 * Memoryless: no delay, no pumping, the same frame gives the same value always. Untouched below the knee at -3 dB.
 */
#ifndef HD_LIMITER_H
#define HD_LIMITER_H

#include <math.h>
#include <stdint.h>

#define HD_KNEE 0.70f
#define HD_CEILING 0.99f

static inline float hd_limit(float value) {
    float magnitude = fabsf(value);
    if (magnitude <= HD_KNEE)
        return value;
    float room = HD_CEILING - HD_KNEE, over = (fminf(magnitude, 1e6f) - HD_KNEE) / room;
    return copysignf(HD_KNEE + room * (over / (1.0f + over)), value); /* slope 1 at the knee, never past the ceiling */
}

/* Nearest 16-bit value; a value that is no number becomes silence. */
static inline int16_t hd_to_16_bits(float value) {
    return value == value ? (int16_t)lrintf(32767.0f * hd_limit(value)) : 0;
}

#endif
