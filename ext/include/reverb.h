/* A small room: eight delay lines fed back through a reflection, mono in, stereo out.
 *
 * What comes in is smeared first by three all-passes (M. R. Schroeder, JASA 33, 1961), so that a pluck is not heard as eight
 * single echoes.
 * The lines' lengths sway by an eighth of a millisecond, each at its own pace: a held tone would otherwise be weak or strong by
 * where it lies among the room's few resonances. A feedback delay network (J.-M. Jot, A. Chaigne, 90th AES convention, 1991) with a Householder matrix; every line loses
 * 60 dB in the room's time, and its treble a little faster.
 */
#ifndef HD_REVERB_H
#define HD_REVERB_H

#include <math.h>
#include <string.h>

#include "oscillators.h"

#define HD_SWAY_S 0.000125

enum { HD_REVERB_LINES = 8, HD_REVERB_FRAMES = 8192 /* a power of two, past the longest line at 96 kHz */ };

enum { HD_SMEARS = 3, HD_SMEAR_FRAMES = 2048 /* likewise */ };

typedef struct {
    float smear[HD_SMEARS][HD_SMEAR_FRAMES];
    int smear_length[HD_SMEARS];
    float line[HD_REVERB_LINES][HD_REVERB_FRAMES];
    float length[HD_REVERB_LINES];
    float now[HD_REVERB_LINES]; /* the length at the last frame made */
    double sway[HD_REVERB_LINES], sway_step[HD_REVERB_LINES]; /* cycles, cycles a frame */
    float sway_frames;
    float gain[HD_REVERB_LINES];
    float dull[HD_REVERB_LINES]; /* low-pass memory of each line */
    float damping;               /* 0..1: share of the new value that the low-pass takes */
    float wet;
    unsigned at;
} hd_reverb;

/* seconds: time to fall by 60 dB. treble: 0..1, 1 keeps all treble. wet: level of what returns. */
static inline void hd_reverb_init(hd_reverb *reverb, double seconds, double treble, double wet, int rate_hz) {
    static const int at_48k[HD_REVERB_LINES] = {1531, 1789, 2111, 2473, 2843, 3181, 3547, 3911}; /* primes: no flutter */
    memset(reverb, 0, sizeof *reverb);
    for (int n = 0; n < HD_REVERB_LINES; n++) {
        reverb->length[n] = (float)(at_48k[n] * (rate_hz / 48000.0));
        reverb->now[n] = reverb->length[n];
        reverb->sway_step[n] = (0.31 + 0.073 * n) / rate_hz;
        reverb->gain[n] = (float)pow(0.001, reverb->length[n] / (seconds * rate_hz));
    }
    static const int smear_at_48k[HD_SMEARS] = {151, 347, 571};
    for (int n = 0; n < HD_SMEARS; n++)
        reverb->smear_length[n] = (int)((double)smear_at_48k[n] * rate_hz / 48000.0);
    reverb->sway_frames = (float)(HD_SWAY_S * rate_hz);
    reverb->damping = (float)(0.2 + 0.8 * treble);
    reverb->wet = (float)wet;
}

static inline float hd_reverb_smeared(hd_reverb *reverb, float value) {
    for (int n = 0; n < HD_SMEARS; n++) {
        float *line = reverb->smear[n], old = line[(reverb->at - (unsigned)reverb->smear_length[n]) % HD_SMEAR_FRAMES];
        float fed = value + 0.6f * old;
        line[reverb->at % HD_SMEAR_FRAMES] = fed;
        value = old - 0.6f * fed;
    }
    return value;
}

/* Add the room's answer to `input` (mono) to left and right; a call is a tick, always of the same frames. */
static inline void hd_reverb_run(hd_reverb *reverb, const float *input, float *left, float *right, int frames) {
    if (reverb->wet <= 0.0f)
        return;
    float rise[HD_REVERB_LINES];
    for (int n = 0; n < HD_REVERB_LINES; n++) {
        reverb->sway[n] += frames * reverb->sway_step[n];
        reverb->sway[n] -= floor(reverb->sway[n]);
        rise[n] = (reverb->length[n] + reverb->sway_frames * hd_sine_of(reverb->sway[n]) - reverb->now[n]) / (float)frames;
    }
    for (int i = 0; i < frames; i++) {
        float heard[HD_REVERB_LINES], sum = 0.0f;
        for (int n = 0; n < HD_REVERB_LINES; n++) {
            reverb->now[n] += rise[n];
            unsigned back = (unsigned)reverb->now[n];
            float share = reverb->now[n] - (float)back, near = reverb->line[n][(reverb->at - back) % HD_REVERB_FRAMES];
            float out = near + share * (reverb->line[n][(reverb->at - back - 1) % HD_REVERB_FRAMES] - near);
            reverb->dull[n] += reverb->damping * (out - reverb->dull[n]);
            heard[n] = reverb->gain[n] * reverb->dull[n];
            sum += heard[n];
        }
        /* The constant keeps the decaying tail away from denormal numbers; it is 350 dB below full scale. */
        float fed = hd_reverb_smeared(reverb, input[i] + 1e-17f), reflected = sum * (2.0f / HD_REVERB_LINES);
        for (int n = 0; n < HD_REVERB_LINES; n++)
            reverb->line[n][reverb->at % HD_REVERB_FRAMES] = heard[n] - reflected + fed;
        left[i] += reverb->wet * (heard[0] - heard[2] + heard[4] - heard[6]);
        right[i] += reverb->wet * (heard[1] - heard[3] + heard[5] - heard[7]);
        reverb->at++;
    }
}

#endif
