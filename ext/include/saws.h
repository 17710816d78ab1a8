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

enum { HD_LANE_JUMPS = HD_SAW_FRAMES / 2, HD_JUMPS = HD_LANES * HD_LANE_JUMPS }; /* in a run, at most */

/* Put the next `frames` (1..HD_SAW_FRAMES) of all lanes into `out`. step_to (0..0.5 cycles per frame) and gain_to are
 * reached, evenly, at the last frame.
 *
 * Jumps are found first and drawn afterwards: a lane jumps or not as chance will have it, and a processor that guesses it
 * wrong loses more than a jump costs. */
HD_WIDER static inline void hd_saws_run(hd_saws *saws, const hd_blep *blep, int lanes,
                                        const double *restrict step_to, const float *restrict gain_to,
                                        float *restrict out, int frames) {
    double c[4][HD_LANES], slope[HD_LANES], half_bend[HD_LANES], rise[HD_LANES], per_frame = 1.0 / frames;
    double phase[HD_LANES], gain[HD_LANES], end[HD_LANES];
    for (int l = 0; l < lanes; l++) {
        phase[l] = saws->phase[l];
        gain[l] = saws->gain[l];
        half_bend[l] = 0.5 * (step_to[l] - saws->step[l]) * per_frame;
        slope[l] = saws->step[l] + half_bend[l];
        rise[l] = (gain_to[l] - gain[l]) * per_frame;
        double centred = 2.0 * phase[l] - 1.0;
        c[0][l] = gain[l] * centred;
        c[1][l] = 2.0 * gain[l] * slope[l] + rise[l] * centred;
        c[2][l] = 2.0 * (gain[l] * half_bend[l] + rise[l] * slope[l]);
        c[3][l] = 2.0 * rise[l] * half_bend[l];
        end[l] = phase[l] + frames * (slope[l] + frames * half_bend[l]);
        saws->phase[l] = end[l] - (double)(int)end[l];
        saws->step[l] = step_to[l];
        saws->gain[l] = gain_to[l];
    }
    for (int l = 1; l < lanes; l++)
        for (int n = 0; n < 4; n++)
            c[n][0] += c[n][l];

    int lane[HD_JUMPS + 2], nth[HD_JUMPS + 2], jumps = 0; /* the n-th jump of that lane in this run, from 1 */
    for (int l = 0; l < lanes; l++) { /* mostly none, one or two: written in any case, counted where they are */
        int here = (int)end[l] < HD_LANE_JUMPS ? (int)end[l] : HD_LANE_JUMPS;
        lane[jumps] = lane[jumps + 1] = l;
        nth[jumps] = 1;
        nth[jumps + 1] = 2;
        jumps += here < 2 ? here : 2;
        for (int n = 3; n <= here; n++, jumps++) {
            lane[jumps] = l;
            nth[jumps] = n;
        }
    }
    double moment[HD_JUMPS]; /* in frames after the last one made */
    for (int j = 0; j < jumps; j++) {
        int l = lane[j];
        double way = nth[j] - phase[l], under = slope[l] * slope[l] + 4.0 * half_bend[l] * way;
        double t = 2.0 * way / (slope[l] + sqrt(under > 0.0 ? under : 0.0));
        moment[j] = t < frames ? t : frames;
    }

    float fallen[HD_SAW_FRAMES + 2], tilted[HD_SAW_FRAMES + 2]; /* at a frame, then up to it */
    memset(fallen, 0, (size_t)(frames + 2) * sizeof *fallen);
    memset(tilted, 0, (size_t)(frames + 2) * sizeof *tilted);
    for (int j = 0; j < jumps; j++) {
        int l = lane[j], at = (int)moment[j];
        float row = (float)(moment[j] - at) * HD_BLEP_ROWS;
        int below = (int)row < HD_BLEP_ROWS ? (int)row : HD_BLEP_ROWS - 1;
        float share = row - (float)below;
        const float *restrict a = blep->step[below], *restrict b = blep->step[below + 1];
        float *restrict line = saws->line + at;
        float first = (float)(2.0 * (gain[l] + rise[l] * (at - HD_BLEP_HALF + 1))), more = (float)(2.0 * rise[l]);
        int inside = frames - at + HD_BLEP_HALF; /* taps from here on lie past the frames made: the phase has wrapped */
        const float *past = hd_blep_past + HD_BLEP_TAPS - (inside < HD_BLEP_TAPS ? inside : HD_BLEP_TAPS);
        for (int k = 0; k < HD_BLEP_TAPS; k++)
            line[k] -= (first + more * hd_blep_count[k]) * (a[k] + share * (b[k] - a[k]) - past[k]);
        int after = at + HD_BLEP_HALF + 1;
        after = after <= frames ? after : frames + 1; /* there it is not looked at */
        fallen[after] += (float)(2.0 * gain[l]);
        tilted[after] += more;
    }
    for (int i = 1; i <= frames; i++) { /* apart from the polynomial, which the compiler lays into vectors */
        fallen[i] += fallen[i - 1];
        tilted[i] += tilted[i - 1];
    }
    float k0 = (float)c[0][0], k1 = (float)c[1][0], k2 = (float)c[2][0], k3 = (float)c[3][0];
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
