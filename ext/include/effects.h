/* What a patch may add behind the voices: a chorus and an echo, mono in, stereo out. The room is reverb.h.
 *
 * The chorus has three readers, a third of a turn apart: one to the left, one to the right, one in the middle, so that both sides
 * differ and none is ever emptied by the beating of two alone.
 * Both read one delay line, so the memory is one; state advances frame by frame and knows nothing of blocks.
 */
#ifndef HD_EFFECTS_H
#define HD_EFFECTS_H

#include <math.h>
#include <string.h>

#include "oscillators.h"

#define HD_ECHO_LOW_HZ 30.0 /* below it nothing is echoed again: a thump would ring on as direct current */

enum { HD_EFFECT_FRAMES = 1 << 17 /* 1.3 s at 96 kHz */ };

typedef struct {
    float line[HD_EFFECT_FRAMES]; /* what came in, and what the echo sent back */
    unsigned at;
    float chorus, chorus_frames, chorus_middle; /* level; swing and middle of the delay in frames */
    double chorus_phase, chorus_step;           /* cycles, cycles a frame */
    float echo, feedback, dull, slow; /* dull and slow: the echo without its treble; what of it is slower than HD_ECHO_LOW_HZ */
    float slow_share;
    unsigned echo_frames;
} hd_effects;

/* Levels 0..1; rate in Hz, depth in seconds; feedback 0..0.9. */
static inline void hd_effects_init(hd_effects *effects, double chorus, double chorus_hz, double depth_s, double echo,
                                   double echo_s, double feedback, int rate_hz) {
    memset(effects, 0, sizeof *effects);
    effects->chorus = (float)chorus;
    effects->chorus_step = chorus_hz / rate_hz;
    effects->chorus_frames = (float)(depth_s * rate_hz);
    effects->chorus_middle = (float)((depth_s + 0.008) * rate_hz);
    effects->echo = (float)echo;
    effects->feedback = (float)feedback;
    effects->slow_share = (float)(6.2831853 * HD_ECHO_LOW_HZ / rate_hz);
    double frames = echo_s * rate_hz;
    effects->echo_frames = (unsigned)(frames < HD_EFFECT_FRAMES - 1 ? frames : HD_EFFECT_FRAMES - 1);
}

/* The line `back` frames ago, between frames by the cubic of Catmull and Rom. */
static inline float hd_effects_tap(const hd_effects *effects, float back) {
    unsigned whole = (unsigned)back;
    float x = back - (float)whole, y[4];
    for (unsigned k = 0; k < 4; k++)
        y[k] = effects->line[(effects->at - whole + 1 - k) % HD_EFFECT_FRAMES];
    float a = 0.5f * (3.0f * (y[1] - y[2]) + y[3] - y[0]), b = y[0] - 2.5f * y[1] + 2.0f * y[2] - 0.5f * y[3];
    return y[1] + x * (0.5f * (y[2] - y[0]) + x * (b + x * a));
}

/* Add the effects of `input` to left and right; what goes to the room is left as it is. */
static inline void hd_effects_run(hd_effects *effects, const float *input, float *left, float *right, int frames) {
    if (effects->chorus <= 0.0f && effects->echo <= 0.0f)
        return;
    for (int i = 0; i < frames; i++) {
        float echo = effects->echo > 0.0f ? effects->line[(effects->at - effects->echo_frames) % HD_EFFECT_FRAMES] : 0.0f;
        effects->dull += 0.4f * (echo - effects->dull) + 1e-18f; /* each echo a little darker */
        effects->slow += effects->slow_share * (effects->dull - effects->slow);
        effects->line[effects->at % HD_EFFECT_FRAMES] = input[i] + effects->feedback * (effects->dull - effects->slow);
        float wet = effects->echo * echo;
        left[i] += wet;
        right[i] += wet;
        if (effects->chorus > 0.0f) {
            effects->chorus_phase += effects->chorus_step;
            effects->chorus_phase -= floor(effects->chorus_phase);
            float tap[3];
            for (int n = 0; n < 3; n++) {
                float swing = effects->chorus_frames * hd_sine_of(effects->chorus_phase + n / 3.0);
                tap[n] = effects->chorus * hd_effects_tap(effects, effects->chorus_middle + swing);
            }
            left[i] += 0.8f * tap[0] + 0.6f * tap[1]; /* 0.8 and 0.6: together as strong as one */
            right[i] += 0.8f * tap[2] + 0.6f * tap[1];
        }
        effects->at++;
    }
}

#endif
