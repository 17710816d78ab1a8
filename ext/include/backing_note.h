/* One note of a backing part, added to a stereo mix: struck, plucked, held or bass tones, and drums.
 *
 * For rendering a whole song at once, before it is played; never in the realtime process. Built of the same harmonics as the
 * instrument. Not here: which notes, and how loud a part is (firmware_py/sound/backing.py).
 */
#ifndef HD_BACKING_NOTE_H
#define HD_BACKING_NOTE_H

#include <stdbool.h>
#include <string.h>

#include "filter.h"
#include "oscillators.h"

enum { HD_NOTE_PARTIALS = 8 };

typedef struct {
    float partial[HD_NOTE_PARTIALS];
    float attack_s, release_s;
    float decay_per_s;  /* exponent of the whole tone's decay */
    float dull_per_s;   /* added to it for every harmonic */
    float detune_cents; /* between two copies, for width; 0: one */
} hd_note_tone;

enum { HD_NOTE_STRUCK, HD_NOTE_PLUCKED, HD_NOTE_HELD, HD_NOTE_BASS, HD_NOTE_TONES };

static inline const hd_note_tone *hd_note_tone_of(int kind) {
    static const hd_note_tone tones[HD_NOTE_TONES] = {
        {{1.0f, 0.45f, 0.25f, 0.16f, 0.10f, 0.06f, 0.04f, 0.02f}, 0.004f, 0.12f, 1.6f, 0.9f, 1.5f},
        {{1.0f, 0.60f, 0.42f, 0.24f, 0.20f, 0.12f, 0.08f, 0.05f}, 0.003f, 0.09f, 2.2f, 1.8f, 0.0f},
        {{1.0f, 0.40f, 0.28f, 0.12f, 0.08f, 0.04f, 0.02f, 0.01f}, 0.070f, 0.20f, 0.15f, 0.0f, 6.0f},
        {{1.0f, 0.50f, 0.20f, 0.10f, 0.05f, 0.02f, 0.0f, 0.0f}, 0.006f, 0.08f, 1.1f, 1.6f, 0.0f},
    };
    return &tones[kind];
}

static inline float hd_note_gain(const hd_note_tone *tone, double at_s, double seconds) {
    double gain = at_s < tone->attack_s ? at_s / tone->attack_s : 1.0;
    if (at_s > seconds)
        gain *= exp(-7.0 * (at_s - seconds) / tone->release_s);
    return (float)gain;
}

/* Add one copy of a tone, left and right each with its gain. mix: interleaved stereo of `frames` frames. */
static inline void hd_note_add_tone(float *mix, int64_t frames, int64_t first, const hd_note_tone *tone, double hz,
                                    double seconds, float left, float right, int rate_hz) {
    float from[HD_NOTE_PARTIALS] = {0}, to[HD_NOTE_PARTIALS], run[HD_MAX_TICK_FRAMES];
    int64_t end = first + (int64_t)((seconds + tone->release_s) * rate_hz);
    double phase = 0.0;
    int partials = HD_NOTE_PARTIALS;
    while (partials > 1 && hz * partials > 0.45 * rate_hz)
        partials--;
    for (int64_t at = first; at < end && at < frames; at += HD_MAX_TICK_FRAMES) {
        double at_s = (double)(at + HD_MAX_TICK_FRAMES - first) / rate_hz;
        float gain = hd_note_gain(tone, at_s, seconds) * (float)exp(-tone->decay_per_s * at_s);
        float dull = (float)exp(-tone->dull_per_s * at_s);
        for (int n = 0; n < partials; n++, gain *= dull)
            to[n] = tone->partial[n] * gain;
        phase = hd_harmonics(run, HD_MAX_TICK_FRAMES, phase, hz, hz, rate_hz, partials, from, to);
        memcpy(from, to, sizeof from);
        for (int i = 0; i < HD_MAX_TICK_FRAMES && at + i < frames; i++) {
            if (at + i < 0)
                continue;
            mix[2 * (at + i)] += left * run[i];
            mix[2 * (at + i) + 1] += right * run[i];
        }
    }
}

/* Add a pitched note. kind: HD_NOTE_STRUCK..; pan: -1 left .. 1 right. */
static inline void hd_note_add(float *mix, int64_t frames, int64_t first, int kind, double midi, double seconds, float gain,
                               float pan, int rate_hz) {
    const hd_note_tone *tone = hd_note_tone_of(kind);
    double hz = 440.0 * exp2((midi - 69.0) / 12.0);
    float left = gain * sqrtf(0.5f * (1.0f - pan)), right = gain * sqrtf(0.5f * (1.0f + pan));
    if (tone->detune_cents <= 0.0f) {
        hd_note_add_tone(mix, frames, first, tone, hz, seconds, left, right, rate_hz);
        return;
    }
    double apart = exp2(0.5 * tone->detune_cents / 1200.0); /* the two copies lean to either side */
    hd_note_add_tone(mix, frames, first, tone, hz * apart, seconds, 0.7f * left, 0.3f * right, rate_hz);
    hd_note_add_tone(mix, frames, first, tone, hz / apart, seconds, 0.3f * left, 0.7f * right, rate_hz);
}

/* Add a stroke of a drum by its General MIDI key: bass drums thump, snares rustle, all else is a cymbal. */
static inline void hd_drum_add(float *mix, int64_t frames, int64_t first, int key, float gain, int rate_hz) {
    bool bass = key == 35 || key == 36, snare = key == 38 || key == 40 || key == 37 || key == 39;
    double fall = bass ? 14.0 : snare ? 22.0 : 45.0, phase = 0.0;
    hd_filter filter = {0};
    hd_filter_tuning tuning = hd_filter_tune(snare ? 1900.0 : 8000.0, snare ? 0.7 : 0.9, rate_hz);
    int64_t length = (int64_t)(7.0 / fall * rate_hz);
    for (int64_t i = 0; i < length && first + i < frames; i++) {
        double at_s = (double)i / rate_hz;
        float loud = gain * (float)(exp(-fall * at_s) * fmin(1.0, at_s / 0.001));
        phase += (bass ? 48.0 + 90.0 * exp(-35.0 * at_s) : 185.0) / rate_hz;
        float body = bass || snare ? hd_sine_of(phase) : 0.0f;
        float rustle = bass ? 0.0f : hd_filter_band(&filter, &tuning, hd_noise(i, (uint32_t)key * 7919u));
        float value = loud * (bass ? body : snare ? 0.35f * body + 0.9f * rustle : 0.6f * rustle);
        if (first + i >= 0) {
            mix[2 * (first + i)] += value;
            mix[2 * (first + i) + 1] += value;
        }
    }
}

#endif
