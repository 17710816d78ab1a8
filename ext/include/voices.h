/* The voices of one patch: each sounds one hand, from the tone's harmonics to breath and vibrato.
 *
 * A structure of arrays: what all voices have of one kind lies together. One call makes one voice's next tick; every
 * control moves evenly within it. Allocates nothing. Not here: what the numbers of a patch mean (patch.h), what the hands ask
 * for (hand_control.h), the mix (engine.h).
 */
#ifndef HD_VOICES_H
#define HD_VOICES_H

#include <string.h>

#include "ensemble.h"
#include "envelope.h"
#include "filter.h"
#include "oscillators.h"
#include "patch.h"
#include "saws.h"
#include "vowel.h"

enum { HD_VOICES = 2 }; /* one for each hand */

#define HD_PLUCKED_APART 0.8      /* semitones from where a string was struck to where it is struck anew */
#define HD_PLUCKED_S 0.12         /* time constant in which a struck string can be struck as hard again */
#define HD_RUNG_OUT 1e-7f         /* what is left of a harmonic that is left out; far above denormal numbers */

typedef struct {
    const hd_patch *patch;
    hd_envelope_shape shape;
    hd_ensemble ensemble;
    double tick_s;
    int rate_hz;

    hd_envelope envelope[HD_VOICES];
    hd_vibrato vibrato[HD_VOICES];
    double age_s[HD_VOICES];               /* since the note began */
    float bite[HD_VOICES];                 /* brightness left of the note's beginning */
    double phase[HD_VOICES][HD_ENSEMBLE];  /* cycles */
    double hz[HD_VOICES][HD_ENSEMBLE];     /* at the last tick's end, as are the two below */
    float partial[HD_VOICES][HD_PARTIALS]; /* loudness included */
    float breath[HD_VOICES];
    hd_filter breath_filter[HD_VOICES];

    hd_blep blep;
    hd_saws saws[HD_VOICES];
    hd_filter low_pass[HD_VOICES];
    float cutoff[HD_VOICES], amplitude[HD_VOICES]; /* at the last tick's end; the cut-off as tan(pi f / rate) */
    float ring[HD_VOICES][HD_PARTIALS];            /* what is left of each harmonic since the string was struck */
    float struck[HD_VOICES];                       /* how hard: 0..1 */
    double struck_at[HD_VOICES], struck_s[HD_VOICES]; /* where, in semitones; how long ago */
} hd_voices;

static inline void hd_voices_init(hd_voices *voices, const hd_patch *patch, int rate_hz, int tick_frames) {
    *voices = (hd_voices){.patch = patch, .rate_hz = rate_hz, .tick_s = (double)tick_frames / rate_hz};
    voices->shape =
        hd_envelope_shape_of(patch->attack_s, patch->decay_s, patch->sustain, patch->release_s, voices->tick_s);
    voices->ensemble = hd_ensemble_of(patch->unison);
    hd_blep_init(&voices->blep);
}

/* 1 below the rates that can be heard, falling to 0 before half the sampling rate: no harmonic pops in or folds back. */
static inline float hd_below_nyquist(double hz, int rate_hz) {
    double room = (0.48 * rate_hz - hz) / (0.06 * rate_hz);
    return room <= 0.0 ? 0.0f : room >= 1.0 ? 1.0f : (float)room;
}

/* Amplitudes of the harmonics so that the whole tone has the RMS `loudness`. */
static inline void hd_voice_partials(const hd_voices *voices, double hz, float brightness, float loudness, float *out) {
    const hd_patch *patch = voices->patch;
    float fall = patch->dark + (patch->bright - patch->dark) * brightness, factor = 1.0f, power = 1e-12f;
    for (int n = 0; n < patch->partials; n++) {
        out[n] = patch->partial[n] * factor * hd_below_nyquist(hz * (n + 1), voices->rate_hz);
        if (patch->vowel != HD_VOWEL_NONE)
            out[n] *= hd_vowel(patch->vowel, hz * (n + 1));
        power += 0.5f * out[n] * out[n];
        factor *= fall;
    }
    float gain = loudness / sqrtf(power);
    for (int n = 0; n < patch->partials; n++)
        out[n] *= gain;
}

/* Let vibrato and bite go on for a tick. */
static inline void hd_voice_age(hd_voices *voices, int v, bool begins) {
    const hd_patch *patch = voices->patch;
    voices->age_s[v] = begins ? 0.0 : voices->age_s[v] + voices->tick_s;
    double grown = (voices->age_s[v] - patch->vibrato_delay_s) / (patch->vibrato_rise_s + 1e-9);
    grown = grown < 0.0 ? 0.0 : grown > 1.0 ? 1.0 : grown;
    hd_vibrato_tick(&voices->vibrato[v], &voices->ensemble, patch->vibrato_hz, grown, voices->tick_s);
    if (voices->envelope[v].attacked < 1.0f)
        voices->bite[v] += 0.25f * (patch->bite - voices->bite[v]);
    else
        voices->bite[v] = voices->bite[v] < 1e-6f ? 0.0f : voices->bite[v] * (1.0f - voices->shape.decay);
}

/* Let the string ring on for a tick. It is struck when a note begins, and, while held, when `place` (semitones: the step of
 * the scale, or the pitch) has moved away from where it was struck: softer the sooner that is, as the strings of a glissando
 * are, so that a glide is a gentle ripple. */
static inline void hd_voice_ring(hd_voices *voices, int v, bool held, bool begins, double place, float *partial) {
    const hd_patch *patch = voices->patch;
    if (patch->ring_s <= 0.0f)
        return;
    voices->struck_s[v] += voices->tick_s;
    if (begins || (held && !(fabs(place - voices->struck_at[v]) < HD_PLUCKED_APART))) {
        voices->struck[v] = begins ? 1.0f : 1.0f - 0.65f * expf((float)(-voices->struck_s[v] / HD_PLUCKED_S));
        voices->struck_at[v] = place;
        voices->struck_s[v] = 0.0;
    }
    bool rising = voices->struck_s[v] < 0.004; /* the pick: too short to hear as a rise, long enough not to click */
    for (int n = 0; n < patch->partials; n++) {
        float *ring = &voices->ring[v][n];
        float rate = (1.0f + patch->ring_fall * (float)n) / patch->ring_s;
        if (rising && *ring < voices->struck[v])
            *ring += 0.35f * (voices->struck[v] - *ring);
        else
            *ring = *ring > HD_RUNG_OUT ? *ring * expf(-6.9078f * rate * (float)voices->tick_s) : 0.0f;
        partial[n] *= *ring;
    }
}

/* Fill `out` with the harmonics of every lane, whose amplitudes go to `partial` by the tick's end. */
static inline void hd_voice_harmonics(hd_voices *voices, int v, bool fresh, double hz, const float *partial,
                                      float *restrict out, int frames) {
    const hd_patch *patch = voices->patch;
    float lane[HD_MAX_TICK_FRAMES];
    for (int l = 0; l < voices->ensemble.lanes; l++) {
        double to = hz * hd_lane_pitch(&voices->ensemble, &voices->vibrato[v], l, patch->vibrato_cents, patch->detune_cents);
        double from = fresh ? to : voices->hz[v][l];
        float weight = voices->ensemble.weight[l];
        voices->phase[v][l] = hd_harmonics(l == 0 ? out : lane, frames, voices->phase[v][l], from, to, voices->rate_hz,
                                           patch->partials, voices->partial[v], partial);
        voices->hz[v][l] = to;
        for (int i = 0; i < frames; i++)
            out[i] = l == 0 ? weight * out[i] : out[i] + weight * lane[i];
    }
    memcpy(voices->partial[v], partial, sizeof voices->partial[v]);
}

/* Fill `out` with a saw or square through the low-pass, of RMS `loudness` at the tick's end. */
static inline void hd_voice_saws(hd_voices *voices, int v, bool fresh, double hz, float brightness, float loudness,
                                 float *restrict out, int frames) {
    const hd_patch *patch = voices->patch;
    bool square = patch->wave == HD_WAVE_SQUARE;
    int sides = square ? 2 : 1, lanes = sides * voices->ensemble.lanes;
    double step[HD_LANES], most = 0.42 * voices->rate_hz;
    float gain[HD_LANES];
    for (int l = 0; l < lanes; l++) {
        double lane = hd_lane_pitch(&voices->ensemble, &voices->vibrato[v], l / sides, patch->vibrato_cents, patch->detune_cents);
        step[l] = fmin(hz * lane / voices->rate_hz, 0.4);
        gain[l] = voices->ensemble.weight[l / sides] * (square && l % 2 ? -1.0f : 1.0f);
    }
    double at = patch->cutoff_closed * pow(patch->cutoff_open / patch->cutoff_closed, brightness) * hz;
    double cutoff = at < most ? at : most;
    float power = 1e-9f;
    for (int n = 1; n <= 24; n += square ? 2 : 1) { /* what the low-pass leaves of each harmonic */
        float x = (float)(n * hz / cutoff), x2 = x * x, u = 1.0f - x2;
        float size = (square ? 4.0f : 2.0f) / (3.14159265f * (float)n) * hd_below_nyquist(n * hz, voices->rate_hz);
        power += 0.5f * size * size / (u * u + x2 / (patch->resonance * patch->resonance));
    }
    float g = (float)tan(3.14159265358979 * cutoff / voices->rate_hz), amplitude = loudness / sqrtf(power);
    if (fresh) {
        memset(&voices->saws[v], 0, sizeof voices->saws[v]);
        voices->low_pass[v] = (hd_filter){0};
        for (int l = 0; l < lanes; l++) {
            double begin = 0.5 + 0.381966 * (l / sides) + (square && l % 2 ? 0.5 : 0.0); /* spread evenly: no common jump */
            voices->saws[v].phase[l] = begin - floor(begin);
        }
        memcpy(voices->saws[v].step, step, sizeof(double) * (size_t)lanes);
        memcpy(voices->saws[v].gain, gain, sizeof(float) * (size_t)lanes);
        voices->cutoff[v] = g;
        voices->amplitude[v] = 0.0f;
    }
    hd_saws_run(&voices->saws[v], &voices->blep, lanes, step, gain, out, frames);
    float louder = (amplitude - voices->amplitude[v]) / (float)frames, opens = (g - voices->cutoff[v]) / (float)frames;
    for (int i = 0; i < frames; i++) {
        float x = (float)(i + 1);
        float low = hd_filter_low(&voices->low_pass[v], voices->cutoff[v] + opens * x, 1.0f / patch->resonance, out[i]);
        out[i] = low * (voices->amplitude[v] + louder * x);
    }
    voices->amplitude[v] = amplitude;
    voices->cutoff[v] = g;
}

/* Add the breath, whose RMS goes to `breath` by the tick's end: noise around the tone's octave. */
static inline void hd_voice_breath(hd_voices *voices, int v, double hz, float breath, int64_t first_frame,
                                   float *restrict out, int frames) {
    if (breath <= 0.0f && voices->breath[v] <= 0.0f)
        return;
    /* White noise has RMS 0.577; a band-pass of quality q around f lets through f * pi / (2 q) hertz of it. */
    const double q = 1.2;
    double centre = 2.0 * hz;
    hd_filter_tuning tuning = hd_filter_tune(centre, q, voices->rate_hz);
    breath *= (float)(1.73 * sqrt(0.5 * voices->rate_hz / (centre * 1.5708 / q)));
    float rise = (breath - voices->breath[v]) / (float)frames;
    for (int i = 0; i < frames; i++) {
        float air = hd_noise(first_frame + i, 0x51ed27u * (uint32_t)(v + 1));
        out[i] += (voices->breath[v] + rise * (float)(i + 1)) * hd_filter_band(&voices->breath_filter[v], &tuning, air);
    }
    voices->breath[v] = breath;
}

/* Make voice `v`'s next tick. held: the hand is there. hz, loudness (0..1), brightness (0..1): asked for at the tick's end.
 * place: the step of the scale that the hand is at, or its pitch, in semitones. first_frame: the tick's, counted from t0.
 * Returns false, and leaves `out` alone, when the voice is silent. */
static inline bool hd_voice_tick(hd_voices *voices, int v, bool held, double hz, double place, float loudness,
                                 float brightness, int64_t first_frame, float *restrict out, int frames) {
    const hd_patch *patch = voices->patch;
    bool fresh = voices->envelope[v].level <= 0.0f; /* nothing sounds that could be gone on with */
    bool begins = held && !voices->envelope[v].open;
    if (fresh && !held)
        return false;
    float level = hd_envelope_tick(&voices->envelope[v], &voices->shape, held);
    if (fresh && level <= 0.0f) /* held, but a sound that dies away by itself */
        return false;
    if (fresh) {
        hd_vibrato_begin(&voices->vibrato[v]);
        voices->bite[v] = voices->breath[v] = 0.0f;
        memset(voices->phase[v], 0, sizeof voices->phase[v]);
        memset(voices->partial[v], 0, sizeof voices->partial[v]);
        memset(voices->ring[v], 0, sizeof voices->ring[v]);
        for (int l = 0; l < voices->ensemble.lanes; l++)
            voices->phase[v][l] = 0.618034 * l - floor(0.618034 * l);
    }
    hd_voice_age(voices, v, begins);
    float swell = powf(patch->swell, brightness - 0.5f);
    float whole = patch->level * level * swell * loudness * loudness; /* the square: even steps of the hand are even to the ear */
    brightness = brightness * (1.0f - patch->loud_bright * (1.0f - loudness)) + voices->bite[v];
    brightness = brightness > 1.0f ? 1.0f : brightness;
    if (patch->wave == HD_WAVE_PARTIALS) {
        float partial[HD_PARTIALS] = {0};
        hd_voice_partials(voices, hz, brightness, whole, partial);
        hd_voice_ring(voices, v, held, begins, place, partial);
        hd_voice_harmonics(voices, v, fresh, hz, partial, out, frames);
    } else {
        hd_voice_saws(voices, v, fresh, hz, brightness, whole, out, frames);
    }
    float onset = voices->envelope[v].open ? 1.0f - voices->envelope[v].attacked : 0.0f;
    float air = patch->level * loudness * level * (patch->breath + patch->breath_onset * onset);
    hd_voice_breath(voices, v, hz, air, first_frame, out, frames);
    return true;
}

#endif
