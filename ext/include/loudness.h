/* Loudness and true peak of stereo sound, in one pass over blocks of any size: ITU-R BS.1770-5, Annex 1 and 2.
 *
 * Keeps the filters' state and two running maxima; what it finds goes into arrays of the caller, one value for every step
 * of 100 ms (mean square, K-weighted, both channels added) and one for every HD_PEAK_FRAMES frames (true peak). Not here:
 * gating and gain (firmware_py/music/loudness.py).
 */
#ifndef HD_LOUDNESS_H
#define HD_LOUDNESS_H

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { HD_PEAK_FRAMES = 64, HD_PHASES = 4, HD_TAPS = 12, HD_PEAK_DELAY = HD_TAPS / 2 };

typedef struct {
    double b0, b1, b2, a1, a2;
} hd_biquad;

typedef struct {
    hd_biquad shelf, high_pass;
    double state[2][4]; /* of each channel: two of the shelf, two of the high pass */
    double sum;         /* of the squares in the step at hand */
    int64_t step_frames, in_step;
    double past[2][2 * HD_TAPS]; /* the last HD_TAPS frames twice over, so that they lie in one piece anywhere */
    int at;
    double peak;
    int in_peak;
} hd_loudness;

/* Interpolation to four times the rate: BS.1770-5, Annex 2, table of the order 48, 4-phase FIR. Phases 2 and 3 are phases 1
 * and 0 backwards. */
static const double hd_true_peak_fir[2][HD_TAPS] = {
    {0.0017089843750, 0.0109863281250, -0.0196533203125, 0.0332031250000, -0.0594482421875, 0.1373291015625,
     0.9721679687500, -0.1022949218750, 0.0476074218750, -0.0266113281250, 0.0148925781250, -0.0083007812500},
    {-0.0291748046875, 0.0292968750000, -0.0517578125000, 0.0891113281250, -0.1665039062500, 0.4650878906250,
     0.7797851562500, -0.2003173828125, 0.1015625000000, -0.0582275390625, 0.0330810546875, -0.0189208984375},
};

/* The two stages of the K weighting. The standard gives them as coefficients at 48 kHz; these are the analogue filters behind
 * them (resonance, gain and quality that give those very coefficients by the bilinear transform), so that any rate is served. */
static inline void hd_loudness_init(hd_loudness *meter, int rate_hz) {
    const double pi = 3.14159265358979323846;
    memset(meter, 0, sizeof *meter);
    double k = tan(pi * 1681.9744509555319 / rate_hz), quality = 0.7071752369554193;
    double high = pow(10.0, 3.99984385397 / 20.0), band = pow(high, 0.499666774155), a0 = 1.0 + k / quality + k * k;
    meter->shelf.b0 = (high + band * k / quality + k * k) / a0;
    meter->shelf.b1 = 2.0 * (k * k - high) / a0;
    meter->shelf.b2 = (high - band * k / quality + k * k) / a0;
    meter->shelf.a1 = 2.0 * (k * k - 1.0) / a0;
    meter->shelf.a2 = (1.0 - k / quality + k * k) / a0;
    k = tan(pi * 38.13547087613982 / rate_hz), quality = 0.5003270373253953;
    a0 = 1.0 + k / quality + k * k;
    meter->high_pass.b0 = 1.0;
    meter->high_pass.b1 = -2.0;
    meter->high_pass.b2 = 1.0;
    meter->high_pass.a1 = 2.0 * (k * k - 1.0) / a0;
    meter->high_pass.a2 = (1.0 - k / quality + k * k) / a0;
    meter->step_frames = (rate_hz + 5) / 10;
}

static inline double hd_biquad_run(const hd_biquad *filter, double *state, double in) {
    double out = filter->b0 * in + state[0];
    state[0] = filter->b1 * in - filter->a1 * out + state[1];
    state[1] = filter->b2 * in - filter->a2 * out;
    return out;
}

static inline double hd_true_peak(const double *past) {
    double most = 0.0;
    for (int phase = 0; phase < 2; phase++) {
        double there = 0.0, back = 0.0;
        for (int tap = 0; tap < HD_TAPS; tap++) {
            there += hd_true_peak_fir[phase][tap] * past[HD_TAPS - 1 - tap];
            back += hd_true_peak_fir[phase][tap] * past[tap];
        }
        most = fmax(most, fmax(fabs(there), fabs(back)));
    }
    return most;
}

/* Take `frames` frames of interleaved stereo, 1.0 is full scale. Writes up to frames / step_frames + 1 steps and
 * frames / HD_PEAK_FRAMES + 1 peaks; returns through `steps_made` and `peaks_made` how many. A peak is told HD_PEAK_DELAY
 * frames late: about so far does the interpolation look ahead. */
static inline void hd_loudness_add(hd_loudness *meter, const float *sound, int64_t frames, double *steps, int64_t *steps_made,
                                   double *peaks, int64_t *peaks_made) {
    *steps_made = *peaks_made = 0;
    for (int64_t i = 0; i < frames; i++) {
        for (int channel = 0; channel < 2; channel++) {
            double value = sound[2 * i + channel], *state = meter->state[channel], *past = meter->past[channel];
            double weighted = hd_biquad_run(&meter->high_pass, state + 2, hd_biquad_run(&meter->shelf, state, value));
            meter->sum += weighted * weighted;
            past[meter->at] = past[meter->at + HD_TAPS] = value;
            meter->peak = fmax(meter->peak, fmax(fabs(value), hd_true_peak(past + meter->at + 1)));
        }
        meter->at = (meter->at + 1) % HD_TAPS;
        if (++meter->in_step == meter->step_frames) {
            steps[(*steps_made)++] = meter->sum / (double)meter->step_frames;
            meter->sum = 0.0;
            meter->in_step = 0;
        }
        if (++meter->in_peak == HD_PEAK_FRAMES) {
            peaks[(*peaks_made)++] = meter->peak;
            meter->peak = 0.0;
            meter->in_peak = 0;
        }
    }
}

#endif
