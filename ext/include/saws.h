/* Band-limited sawtooths, any number of lanes summed into one line: the raw tone of leads, basses and strings.
 *
 * Between two jumps a sum of saws is one polynomial in the frame number, so the lanes share it and cost nothing per frame;
 * only a jump costs, a smoothed step of 16 frames (a windowed sinc summed up). Aliases below 15 kHz lie under -85 dB.
 * A square is two lanes half a cycle apart, one upside down. The sound comes HD_BLEP_HALF frames late. Allocates nothing.
 */
#ifndef HD_SAWS_H
#define HD_SAWS_H

#include <math.h>
#include <string.h>

#include "time_grid.h"

/* Where the compiler can, it makes the loops once more for the wider registers of newer x86 processors, and the program
 * takes the right form when it starts. All give the same bytes: the order of the sums is the source's, and ISO C11 contracts
 * no product with its sum. Not under a sanitizer, which is not there yet when the form is chosen. */
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define HD_WIDER __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define HD_WIDER
#endif

enum { HD_LANES = 16, HD_BLEP_HALF = 8, HD_BLEP_TAPS = 16, HD_BLEP_ROWS = 128, HD_SAW_FRAMES = 64 };

/* The smoothed step from 0 to 1, row r for a jump that lies r / HD_BLEP_ROWS of a frame past the eighth tap. */
typedef struct {
    float step[HD_BLEP_ROWS + 1][HD_BLEP_TAPS];
} hd_blep;

typedef struct {
    double phase[HD_LANES]; /* cycles, 0..1 */
    double step[HD_LANES];  /* cycles per frame at the last frame made */
    float gain[HD_LANES];   /* likewise */
    float line[HD_SAW_FRAMES + HD_BLEP_TAPS];
} hd_saws;

/* The modified Bessel function of order 0, for Kaiser's window. */
static inline double hd_bessel(double x) {
    double sum = 1.0, term = 1.0;
    for (int k = 1; k < 40; k++) {
        term *= x / (2.0 * k) * (x / (2.0 * k));
        sum += term;
    }
    return sum;
}

/* Kaiser's window over the sinc that cuts at half the sampling rate; source of the window: J. F. Kaiser, 1974. */
static inline double hd_blep_impulse(double x) {
    double inside = 1.0 - x * x / (HD_BLEP_HALF * HD_BLEP_HALF), t = 3.14159265358979 * x;
    if (inside <= 0.0)
        return 0.0;
    return (fabs(t) < 1e-9 ? 1.0 : sin(t) / t) * hd_bessel(7.0 * sqrt(inside));
}

static inline void hd_blep_init(hd_blep *blep) {
    double sum = 0.0, scale, whole = 0.0, d = 1.0 / HD_BLEP_ROWS;
    for (int n = 0; n < HD_BLEP_TAPS * HD_BLEP_ROWS; n++)
        whole += hd_blep_impulse(-HD_BLEP_HALF + (n + 0.5) * d);
    scale = 1.0 / whole;
    for (int n = 0; n <= HD_BLEP_TAPS * HD_BLEP_ROWS; n++) { /* x = -HALF + n * d = tap - (HALF - 1) - row * d */
        int tap = (n - 1) / HD_BLEP_ROWS, row = (tap + 1) * HD_BLEP_ROWS - n;
        if (n > 0)
            sum += hd_blep_impulse(-HD_BLEP_HALF + (n - 0.5) * d);
        blep->step[n == 0 ? HD_BLEP_ROWS : row][n == 0 ? 0 : tap] = (float)(sum * scale);
        if (n > 0 && row == 0 && tap + 1 < HD_BLEP_TAPS)
            blep->step[HD_BLEP_ROWS][tap + 1] = (float)(sum * scale);
    }
}

static const float hd_blep_count[HD_BLEP_TAPS] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
static const float hd_blep_past[2 * HD_BLEP_TAPS] = {[HD_BLEP_TAPS] = 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

/* Put the next `frames` (1..HD_SAW_FRAMES) of all lanes into `out`. step_to (0..0.5 cycles per frame) and gain_to are
 * reached, evenly, at the last frame. */
HD_WIDER static inline void hd_saws_run(hd_saws *saws, const hd_blep *blep, int lanes,
                                        const double *restrict step_to, const float *restrict gain_to,
                                        float *restrict out, int frames) {
    float fallen[HD_SAW_FRAMES + 2] = {0}, tilted[HD_SAW_FRAMES + 2] = {0};
    double c0 = 0.0, c1 = 0.0, c2 = 0.0, c3 = 0.0, per_frame = 1.0 / frames;
    for (int l = 0; l < lanes; l++) {
        double half_bend = 0.5 * (step_to[l] - saws->step[l]) * per_frame, slope = saws->step[l] + half_bend;
        double phase = saws->phase[l], centred = 2.0 * phase - 1.0;
        double gain = saws->gain[l], rise = (gain_to[l] - gain) * per_frame;
        c0 += gain * centred;
        c1 += 2.0 * gain * slope + rise * centred;
        c2 += 2.0 * (gain * half_bend + rise * slope);
        c3 += 2.0 * rise * half_bend;
        double end = phase + frames * (slope + frames * half_bend);
        for (double jump = 1.0; jump <= end; jump += 1.0) {
            double way = jump - phase, t;
            if (half_bend == 0.0) { /* a steady pitch needs no root */
                t = way / slope;
            } else {
                double under = slope * slope + 4.0 * half_bend * way;
                t = 2.0 * way / (slope + sqrt(under > 0.0 ? under : 0.0));
            }
            t = t < frames ? t : frames;
            int at = (int)t;
            float row = (float)(t - at) * HD_BLEP_ROWS;
            int below = (int)row < HD_BLEP_ROWS ? (int)row : HD_BLEP_ROWS - 1;
            float share = row - (float)below;
            const float *restrict a = blep->step[below], *restrict b = blep->step[below + 1];
            float *restrict line = saws->line + at;
            float first = (float)(2.0 * (gain + rise * (at - HD_BLEP_HALF + 1))), more = (float)(2.0 * rise);
            int inside = frames - at + HD_BLEP_HALF; /* taps from here on lie past the frames made: the phase has wrapped */
            const float *past = hd_blep_past + HD_BLEP_TAPS - (inside < HD_BLEP_TAPS ? inside : HD_BLEP_TAPS);
            for (int k = 0; k < HD_BLEP_TAPS; k++)
                line[k] -= (first + more * hd_blep_count[k]) * (a[k] + share * (b[k] - a[k]) - past[k]);
            int after = at + HD_BLEP_HALF + 1;
            if (after <= frames) {
                fallen[after] += (float)(2.0 * gain);
                tilted[after] += (float)(2.0 * rise);
            }
        }
        saws->phase[l] = end - (double)(int)end;
        saws->step[l] = step_to[l];
        saws->gain[l] = gain_to[l];
    }
    float k0 = (float)c0, k1 = (float)c1, k2 = (float)c2, k3 = (float)c3;
    for (int i = 1; i <= frames; i++) { /* apart from the polynomial, which the compiler lays into vectors */
        fallen[i] += fallen[i - 1];
        tilted[i] += tilted[i - 1];
    }
    float *restrict made = saws->line + HD_BLEP_HALF - 1;
    for (int i = 1; i <= frames; i++) {
        float x = (float)i;
        made[i] += k0 + x * (k1 + x * (k2 + x * k3)) - fallen[i] - tilted[i] * x;
    }
    memcpy(out, saws->line, (size_t)frames * sizeof *out);
    memmove(saws->line, saws->line + frames, HD_BLEP_TAPS * sizeof *out);
    memset(saws->line + HD_BLEP_TAPS, 0, (size_t)frames * sizeof *out);
}

#endif
