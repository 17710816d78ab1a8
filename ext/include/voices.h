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

enum { HD_VOICES = 16 };

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
} hd_voices;

static inline void hd_voices_init(hd_voices *voices, const hd_patch *patch, int rate_hz, int tick_frames) {
    *voices = (hd_voices){.patch = patch, .rate_hz = rate_hz, .tick_s = (double)tick_frames / rate_hz};
    voices->shape =
        hd_envelope_shape_of(patch->attack_s, patch->decay_s, patch->sustain, patch->release_s, voices->tick_s);
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
        voices->hz[v] = hz;
    }
    hz *= hd_voice_vibrato(voices, v);
    float whole = patch->level * level * loudness * loudness; /* the square: even steps of the hand are even steps to the ear */
    brightness *= 1.0f - patch->loud_bright * (1.0f - loudness);
    float partial[HD_PARTIALS] = {0};
    hd_voice_partials(voices, hz, brightness, whole, partial);
    voices->phase[v] = hd_harmonics(out, frames, voices->phase[v], voices->hz[v], hz, voices->rate_hz, patch->partials,
                                    voices->partial[v], partial);
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
