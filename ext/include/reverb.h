/* A small room: eight delay lines fed back through a reflection, mono in, stereo out.
 *
 * A feedback delay network (J.-M. Jot, A. Chaigne, 90th AES convention, 1991) with a Householder matrix; every line loses
 * 60 dB in the room's time, and its treble a little faster.
 */
#ifndef HD_REVERB_H
#define HD_REVERB_H

#include <math.h>
#include <string.h>

enum { HD_REVERB_LINES = 8, HD_REVERB_FRAMES = 8192 /* a power of two, past the longest line at 96 kHz */ };

typedef struct {
    float line[HD_REVERB_LINES][HD_REVERB_FRAMES];
    int length[HD_REVERB_LINES];
    float gain[HD_REVERB_LINES];
    float dull[HD_REVERB_LINES]; /* low-pass memory of each line */
    float damping;               /* 0..1: share of the new value that the low-pass takes */
    float wet;
    unsigned at;
} hd_reverb;

/* seconds: time to fall by 60 dB. treble: 0..1, 1 keeps all treble. wet: level of what returns. */
static inline void hd_reverb_init(hd_reverb *reverb, double seconds, double treble, double wet, int rate_hz) {
    static const int at_48k[HD_REVERB_LINES] = {1031, 1327, 1523, 1871, 2053, 2311, 2539, 2833}; /* primes: no flutter */
    memset(reverb, 0, sizeof *reverb);
    for (int n = 0; n < HD_REVERB_LINES; n++) {
        reverb->length[n] = (int)((double)at_48k[n] * rate_hz / 48000.0);
        reverb->gain[n] = (float)pow(0.001, reverb->length[n] / (seconds * rate_hz));
    }
    reverb->damping = (float)(0.2 + 0.8 * treble);
    reverb->wet = (float)wet;
}

/* Add the room's answer to `input` (mono) to left and right. */
static inline void hd_reverb_run(hd_reverb *reverb, const float *input, float *left, float *right, int frames) {
    if (reverb->wet <= 0.0f)
        return;
    for (int i = 0; i < frames; i++) {
        float heard[HD_REVERB_LINES], sum = 0.0f;
        for (int n = 0; n < HD_REVERB_LINES; n++) {
            float out = reverb->line[n][(reverb->at - (unsigned)reverb->length[n]) % HD_REVERB_FRAMES];
            reverb->dull[n] += reverb->damping * (out - reverb->dull[n]);
            heard[n] = reverb->gain[n] * reverb->dull[n];
            sum += heard[n];
        }
        /* The constant keeps the decaying tail away from denormal numbers; it is 350 dB below full scale. */
        float fed = input[i] + 1e-17f, reflected = sum * (2.0f / HD_REVERB_LINES);
        for (int n = 0; n < HD_REVERB_LINES; n++)
            reverb->line[n][reverb->at % HD_REVERB_FRAMES] = heard[n] - reflected + fed;
        left[i] += reverb->wet * (heard[0] - heard[2] + heard[4] - heard[6]);
        right[i] += reverb->wet * (heard[1] - heard[3] + heard[5] - heard[7]);
        reverb->at++;
    }
}

#endif
