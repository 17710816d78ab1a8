/* Several players of one part: where each lies beside the pitch, how loud, and the vibrato of each.
 *
 * The places are uneven, so that no two pairs beat together, and the first lane leads, so that beating never empties the
 * tone. Every lane but a single one swings at a rate and from a beginning of its own. Not here: what the lanes sound like.
 */
#ifndef HD_ENSEMBLE_H
#define HD_ENSEMBLE_H

#include <math.h>

#include "oscillators.h"

enum { HD_ENSEMBLE = 8 };

typedef struct {
    int lanes;
    double place[HD_ENSEMBLE]; /* of the detuning: -1..1, in the middle when weighed */
    float weight[HD_ENSEMBLE]; /* amplitudes; their squares sum to 1 */
} hd_ensemble;

static inline hd_ensemble hd_ensemble_of(int lanes) {
    static const double uneven[HD_ENSEMBLE] = {0.0, 1.0, -0.83, 0.47, -0.39, 0.71, -0.61, 0.23};
    hd_ensemble ensemble = {.lanes = lanes};
    double power = 0.0, sum = 0.0, middle = 0.0, widest = 1e-9;
    for (int l = 0; l < lanes; l++) {
        double weight = l == 0 ? 1.0 : 0.42;
        power += weight * weight;
        sum += weight;
        middle += weight * uneven[l];
        ensemble.weight[l] = (float)weight;
    }
    for (int l = 0; l < lanes; l++) {
        ensemble.place[l] = uneven[l] - middle / sum;
        ensemble.weight[l] /= (float)sqrt(power);
        double wide = fabs(ensemble.place[l]);
        widest = wide > widest ? wide : widest; /* with fmax, GCC 12 for arm64 gives up on this loop with an internal error */
    }
    for (int l = 0; l < lanes; l++)
        ensemble.place[l] /= widest;
    return ensemble;
}

/* The vibrato of one voice's lanes. */
typedef struct {
    double phase[HD_ENSEMBLE]; /* cycles */
    double depth;              /* 0..1 of the patch's, grown so far */
} hd_vibrato;

static inline void hd_vibrato_begin(hd_vibrato *vibrato) {
    vibrato->depth = 0.0;
    for (int l = 0; l < HD_ENSEMBLE; l++)
        vibrato->phase[l] = 0.381966 * l - floor(0.381966 * l);
}

/* Let `tick_s` go by; wanted: the depth to have now, 0..1. A depth that is to shrink does so within a twentieth of a second. */
static inline void hd_vibrato_tick(hd_vibrato *vibrato, const hd_ensemble *ensemble, double hz, double wanted, double tick_s) {
    double least = vibrato->depth - 20.0 * tick_s;
    vibrato->depth = wanted > least ? wanted : least;
    for (int l = 0; l < ensemble->lanes; l++) {
        vibrato->phase[l] += hz * (1.0 + 0.13 * ensemble->place[l]) * tick_s;
        vibrato->phase[l] -= floor(vibrato->phase[l]);
    }
}

/* Factor of the pitch at which lane `l` sounds now. */
static inline double hd_lane_pitch(const hd_ensemble *ensemble, const hd_vibrato *vibrato, int l, double vibrato_cents,
                                   double detune_cents) {
    double swing = vibrato->depth * vibrato_cents * hd_sine_of(vibrato->phase[l]);
    return exp2((swing + detune_cents * ensemble->place[l]) / 1200.0);
}

#endif
