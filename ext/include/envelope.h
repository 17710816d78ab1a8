/* Attack, decay, sustain, release: the loudness of one note over time, one value at the end of every tick.
 *
 * The attack is an S (no corner at either end), decay and release fall exponentially; a release eases in over a few
 * milliseconds, because a corner is a faint click. A note taken up again while it fades goes on from the level it has. Whoever reads it ramps from value to value, so nothing ever jumps.
 */
#ifndef HD_ENVELOPE_H
#define HD_ENVELOPE_H

#include <math.h>
#include <stdbool.h>

#define HD_ENVELOPE_SILENT 1e-4f /* -80 dB: below it a released note has ended */

#define HD_EASE_S 0.006            /* a release of any length is on its way after this */

/* Shape, in steps of one tick. */
typedef struct {
    float attack;  /* share of the attack done in a tick */
    float decay;   /* share of the way to sustain gone in a tick */
    float sustain; /* 0..1 */
    float release; /* logarithm of the level's factor in a tick */
    float ease;    /* share of the way into the release done in a tick */
} hd_envelope_shape;

typedef struct {
    bool open; /* the note is held */
    float attacked; /* 0..1: share of the attack done */
    float from;     /* level that the attack began at */
    float eased;    /* 0..1: share of the way into the release */
    float level;    /* 0..1 */
} hd_envelope;

/* decay_s and release_s are the times in which the distance falls to a thousandth (60 dB). */
static inline hd_envelope_shape hd_envelope_shape_of(double attack_s, double decay_s, double sustain, double release_s,
                                                     double tick_s) {
    hd_envelope_shape shape = {
        .attack = (float)(attack_s > tick_s ? tick_s / attack_s : 1.0),
        .decay = (float)(1.0 - pow(0.001, decay_s > tick_s ? tick_s / decay_s : 1.0)),
        .sustain = (float)sustain,
        .release = (float)(log(0.001) * (release_s > tick_s ? tick_s / release_s : 1.0)),
        .ease = (float)fmin(1.0, tick_s / fmin(HD_EASE_S, 0.3 * release_s)),
    };
    return shape;
}

/* Go one tick on; returns the level at its end. */
static inline float hd_envelope_tick(hd_envelope *envelope, const hd_envelope_shape *shape, bool held) {
    if (!held) {
        if (envelope->open)
            envelope->eased = 0.0f;
        envelope->open = false;
        envelope->eased = fminf(1.0f, envelope->eased + shape->ease);
        envelope->level *= expf(shape->release * envelope->eased);
        if (envelope->level < HD_ENVELOPE_SILENT)
            envelope->level = 0.0f;
        return envelope->level;
    }
    if (!envelope->open) {
        envelope->open = true;
        envelope->attacked = 0.0f;
        envelope->from = envelope->level;
    }
    if (envelope->attacked < 1.0f) {
        float a = envelope->attacked + shape->attack;
        envelope->attacked = a < 1.0f ? a : 1.0f;
        a = envelope->attacked;
        envelope->level = envelope->from + (1.0f - envelope->from) * a * a * (3.0f - 2.0f * a);
    } else {
        envelope->level += shape->decay * (shape->sustain - envelope->level);
        if (shape->sustain <= 0.0f && envelope->level < HD_ENVELOPE_SILENT)
            envelope->level = 0.0f;
    }
    return envelope->level;
}

#endif
