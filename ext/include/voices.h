/* The voices of one patch: each sounds one hand, from the tone's harmonics to breath and vibrato.
 *
 * A structure of arrays: what all voices have of one kind lies together. One call makes one voice's next tick; every
 * control moves evenly within it. Allocates nothing. Not here: what the hands ask for (hand_control.h), the mix (engine.h).
 */
#ifndef HD_VOICES_H
#define HD_VOICES_H

#include <string.h>

#include "envelope.h"
#include "filter.h"
#include "oscillators.h"
#include "saws.h"

enum { HD_VOICES = 2 }; /* one for each hand */
enum { HD_WAVE_PARTIALS, HD_WAVE_SAW, HD_WAVE_SQUARE };
enum { HD_VOWEL_NONE, HD_VOWEL_AH, HD_VOWEL_OH, HD_VOWEL_OO };

/* One instrument sound, as a patch file describes it; times in seconds, levels as factors of full scale. */
typedef struct {
    int partials;               /* 1..HD_PARTIALS */
    float partial[HD_PARTIALS]; /* amplitudes of the harmonics of the brightest tone */
    float dark, bright;         /* factor from each harmonic to the next, closed hand and open hand */
    float loud_bright;          /* 0..1: how much brightness falls with loudness */
    float level;                /* RMS of a loud tone */
    float attack_s, decay_s, sustain, release_s;
    float vibrato_hz, vibrato_cents, vibrato_delay_s, vibrato_rise_s;
    float breath;       /* RMS of the breath against the tone's */
    float breath_onset; /* the same, added while the attack lasts */
    float room_wet, room_s, room_treble;
    int wave, unison, vowel;                    /* HD_WAVE_..., lanes side by side 1..8, HD_VOWEL_... */
    float detune_cents;                         /* of the outermost lane */
    float cutoff_closed, cutoff_open, resonance; /* low-pass over a saw or square: harmonic it lies at; its quality */
    float ring_s, ring_fall; /* 0: held. A string's first harmonic falls 60 dB in ring_s, harmonic n 1 + ring_fall (n - 1)
                                times as fast */
    float chorus, chorus_hz, chorus_s;
    float echo, echo_s, echo_feedback;
} hd_patch;

typedef struct {
    const hd_patch *patch;
    hd_envelope_shape shape;
    double tick_s;
    int rate_hz;

    hd_envelope envelope[HD_VOICES];
    double phase[HD_VOICES];               /* cycles */
    double hz[HD_VOICES];                  /* at the last tick's end, as are the two below */
    float partial[HD_VOICES][HD_PARTIALS]; /* loudness included */
    float breath[HD_VOICES];
    double vibrato_phase[HD_VOICES]; /* cycles */
    double age_s[HD_VOICES];         /* since the note began */
    hd_filter breath_filter[HD_VOICES];

    hd_blep blep;
    hd_saws saws[HD_VOICES];
    hd_filter low_pass[HD_VOICES];
    float cutoff[HD_VOICES], amplitude[HD_VOICES]; /* at the last tick's end; the cut-off as tan(pi f / rate) */
    float ring[HD_VOICES][HD_PARTIALS];            /* what is left of each harmonic since the string was struck */
    double struck_hz[HD_VOICES];
} hd_voices;

static inline void hd_voices_init(hd_voices *voices, const hd_patch *patch, int rate_hz, int tick_frames) {
    *voices = (hd_voices){.patch = patch, .rate_hz = rate_hz, .tick_s = (double)tick_frames / rate_hz};
    voices->shape =
        hd_envelope_shape_of(patch->attack_s, patch->decay_s, patch->sustain, patch->release_s, voices->tick_s);
    hd_blep_init(&voices->blep);
}

/* 1 below the rates that can be heard, falling to 0 before half the sampling rate: no harmonic pops in or folds back. */
static inline float hd_below_nyquist(double hz, int rate_hz) {
    double room = (0.48 * rate_hz - hz) / (0.06 * rate_hz);
    return room <= 0.0 ? 0.0f : room >= 1.0 ? 1.0f : (float)room;
}

/* Gain of a sung vowel at `hz`: three resonances. Source of their places (an alto's): the synthesis model tables of the
 * formant literature, G. Fant, Acoustic Theory of Speech Production; rounded. */
static inline float hd_vowel(int vowel, double hz) {
    static const float place[4][3] = {{0}, {800, 1150, 2800}, {450, 800, 2830}, {325, 700, 2530}};
    static const float width[4][3] = {{1, 1, 1}, {80, 90, 120}, {70, 80, 100}, {60, 70, 100}};
    static const float level[4][3] = {{0}, {1.0f, 0.63f, 0.12f}, {1.0f, 0.4f, 0.08f}, {1.0f, 0.25f, 0.05f}};
    float gain = 0.1f; /* a resonance is never all: a high voice would lose its tone between them */
    for (int n = 0; n < 3; n++) {
        float x = (float)(hz - place[vowel][n]) / (2.0f * width[vowel][n]);
        gain += level[vowel][n] / (1.0f + x * x);
    }
    return gain;
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

static inline double hd_voice_vibrato(hd_voices *voices, int v) {
    const hd_patch *patch = voices->patch;
    voices->age_s[v] += voices->tick_s;
    voices->vibrato_phase[v] += patch->vibrato_hz * voices->tick_s;
    voices->vibrato_phase[v] -= floor(voices->vibrato_phase[v]);
    double grown = (voices->age_s[v] - patch->vibrato_delay_s) / (patch->vibrato_rise_s + 1e-9);
    grown = grown < 0.0 ? 0.0 : grown > 1.0 ? 1.0 : grown;
    return exp2(grown * patch->vibrato_cents / 1200.0 * hd_sine_of(voices->vibrato_phase[v]));
}

/* Let the string ring on for a tick, struck anew when a note begins or the pitch has moved by more than half a step. */
static inline void hd_voice_ring(hd_voices *voices, int v, bool held, bool begins, double hz, float *partial) {
    const hd_patch *patch = voices->patch;
    if (patch->ring_s <= 0.0f)
        return;
    double moved = hz / voices->struck_hz[v];
    if (begins || (held && !(moved < 1.035 && moved > 0.966))) {
        voices->struck_hz[v] = hz;
        voices->age_s[v] = 0.0;
    }
    bool rising = voices->age_s[v] < 0.004; /* the pick: too short to hear as a rise, long enough not to click */
    for (int n = 0; n < patch->partials; n++) {
        float *ring = &voices->ring[v][n];
        float rate = (1.0f + patch->ring_fall * (float)n) / patch->ring_s;
        *ring = rising ? *ring + 0.35f * (1.0f - *ring) : *ring * expf(-6.9078f * rate * (float)voices->tick_s);
        partial[n] *= *ring;
    }
}

/* Fill `out` with a saw or square through the low-pass, of RMS `loudness` at the tick's end. */
static inline void hd_voice_saws(hd_voices *voices, int v, bool begins, double hz, float brightness, float loudness,
                                 float *restrict out, int frames) {
    const hd_patch *patch = voices->patch;
    bool square = patch->wave == HD_WAVE_SQUARE;
    int lanes = square ? 2 * patch->unison : patch->unison;
    double step[HD_LANES], most = 0.42 * voices->rate_hz;
    float gain[HD_LANES];
    for (int l = 0; l < lanes; l++) {
        int place = square ? l / 2 : l;
        double spread = patch->unison > 1 ? 2.0 * place / (patch->unison - 1) - 1.0 : 0.0;
        step[l] = fmin(hz * exp2(spread * patch->detune_cents / 1200.0) / voices->rate_hz, 0.4);
        gain[l] = square && l % 2 ? -1.0f : 1.0f;
    }
    double at = patch->cutoff_closed * pow(patch->cutoff_open / patch->cutoff_closed, brightness) * hz;
    double cutoff = at < most ? at : most;
    float power = 1e-9f;
    for (int n = 1; n <= 24; n += square ? 2 : 1) { /* what the low-pass leaves of each harmonic */
        float x = (float)(n * hz / cutoff), x2 = x * x, u = 1.0f - x2;
        float size = (square ? 4.0f : 2.0f) / (3.14159265f * (float)n) * hd_below_nyquist(n * hz, voices->rate_hz);
        power += 0.5f * size * size / (u * u + x2 / (patch->resonance * patch->resonance));
    }
    float g = (float)tan(3.14159265358979 * cutoff / voices->rate_hz), amplitude = loudness / sqrtf(power * (float)patch->unison);
    if (begins) {
        memset(&voices->saws[v], 0, sizeof voices->saws[v]);
        voices->low_pass[v] = (hd_filter){0};
        for (int l = 0; l < lanes; l++) {
            int place = square ? l / 2 : l;
            double begin = 0.5 + 0.381966 * place + (square && l % 2 ? 0.5 : 0.0); /* spread evenly: no common jump */
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

/* Make voice `v`'s next tick. held: the hand is there. hz, loudness (0..1), brightness (0..1): asked for at the tick's end.
 * first_frame: the tick's, counted from t0. Returns false, and leaves `out` alone, when the voice is silent. */
static inline bool hd_voice_tick(hd_voices *voices, int v, bool held, double hz, float loudness, float brightness,
                                 int64_t first_frame, float *restrict out, int frames) {
    const hd_patch *patch = voices->patch;
    bool was_silent = voices->envelope[v].level <= 0.0f;
    if (was_silent && !held)
        return false;
    float level = hd_envelope_tick(&voices->envelope[v], &voices->shape, held);
    if (was_silent) { /* a new note: nothing to glide from */
        voices->age_s[v] = voices->vibrato_phase[v] = voices->phase[v] = 0.0;
        voices->breath[v] = 0.0f;
        memset(voices->partial[v], 0, sizeof voices->partial[v]);
        memset(voices->ring[v], 0, sizeof voices->ring[v]);
        voices->hz[v] = hz;
    }
    double still_hz = hz;
    hz *= hd_voice_vibrato(voices, v);
    float whole = patch->level * level * loudness * loudness; /* the square: even steps of the hand are even steps to the ear */
    brightness *= 1.0f - patch->loud_bright * (1.0f - loudness);
    float partial[HD_PARTIALS] = {0};
    if (patch->wave == HD_WAVE_PARTIALS) {
        hd_voice_partials(voices, hz, brightness, whole, partial);
        hd_voice_ring(voices, v, held, was_silent, still_hz, partial);
        voices->phase[v] = hd_harmonics(out, frames, voices->phase[v], voices->hz[v], hz, voices->rate_hz, patch->partials,
                                        voices->partial[v], partial);
    } else {
        hd_voice_saws(voices, v, was_silent, hz, brightness, whole, out, frames);
    }
    float onset = voices->envelope[v].open ? 1.0f - voices->envelope[v].attacked : 0.0f;
    float breath = patch->level * loudness * (patch->breath * level + patch->breath_onset * onset * level);
    if (breath > 0.0f || voices->breath[v] > 0.0f) {
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
    }
    voices->breath[v] = breath;
    voices->hz[v] = hz;
    memcpy(voices->partial[v], partial, sizeof partial);
    return true;
}

#endif
