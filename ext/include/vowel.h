/* The mouth around a sung tone: the gain of a vowel's first three resonances at any frequency.
 *
 * Places, levels and widths are those of an alto in the table of formants that Csound's reference manual prints as an
 * appendix ("Formant Values": alto a, o, u). Not here: what is sung through it (voices.h).
 */
#ifndef HD_VOWEL_H
#define HD_VOWEL_H

#include "patch.h"

/* vowel: HD_VOWEL_AH and after it. The resonances are broader than one mouth's (half as high two widths beside their places):
 * a choir has many mouths, and the harmonics of a high voice lie too far apart to meet a narrow one. */
static inline float hd_vowel(int vowel, double hz) {
    static const float place[4][3] = {{0}, {800, 1150, 2800}, {450, 800, 2830}, {325, 700, 2530}};
    static const float width[4][3] = {{1, 1, 1}, {80, 90, 120}, {70, 80, 100}, {50, 60, 170}};
    static const float level[4][3] = {{0}, {1.0f, 0.631f, 0.1f}, {1.0f, 0.355f, 0.158f}, {1.0f, 0.251f, 0.032f}};
    float gain = 0.1f; /* a resonance is never all: a high voice would lose its tone between them */
    for (int n = 0; n < 3; n++) {
        float x = (float)(hz - place[vowel][n]) / (2.0f * width[vowel][n]);
        gain += level[vowel][n] / (1.0f + x * x);
    }
    return gain;
}

#endif
