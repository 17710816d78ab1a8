/* How a hand's area becomes a pitch: reach, range, the pull of the scale with hysteresis, glide.
 *
 * The C twin of firmware_py/music/mapping.py, and the only implementation that anything sounds or is marked by. Pitches
 * are MIDI note numbers with fractions (69.0 is A4, 0.01 a cent). Not here: time and samples (hand_control.h).
 */
#ifndef HD_PITCH_MAP_H
#define HD_PITCH_MAP_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

/* Settings; unchanged while playing, but for the reach (hd_pitch_map_reach). */
typedef struct {
    double log_area_far;    /* ln of the area whose pitch is `low` */
    double per_log_area;    /* share of the range for one unit of ln area */
    double low, high;       /* ends of the range */
    double pull;            /* 0..1: how strongly pitches are pulled to the scale */
    double hysteresis;      /* semitones past the middle between two steps before the step changes */
    double loudness_share;  /* 0..1: how much the hand's height sets the loudness */
    double a4_hz;
    double glide_s;         /* time constant */
    double shut_below;      /* a hand less open than this is silent; 0: openness silences none */
    double open_above;      /* a silent one sounds again from here on, at or above shut_below */
    uint32_t scale;         /* bit 0 is C .. bit 11 is B; at least one bit set */
} hd_pitch_map;

/* What one hand's pitch remembers. */
typedef struct {
    bool has_step;
    double step;  /* scale step held now */
    double pitch; /* after the pull and the glide */
} hd_pitch_state;

/* Take another reach: the areas of the range's two ends. */
static inline void hd_pitch_map_reach(hd_pitch_map *map, double area_far, double area_near) {
    map->log_area_far = log(area_far);
    map->per_log_area = 1.0 / log(area_near / area_far);
}

static inline hd_pitch_map hd_pitch_map_of(double area_far, double area_near, double low, double high, uint32_t scale,
                                           double pull, double hysteresis_cents, double glide_s, double a4_hz,
                                           double loudness_share) {
    hd_pitch_map map = {
        .low = low,
        .high = high,
        .pull = pull,
        .hysteresis = hysteresis_cents / 100.0,
        .loudness_share = loudness_share,
        .a4_hz = a4_hz,
        .glide_s = glide_s,
        .scale = scale & 0xFFFu,
    };
    hd_pitch_map_reach(&map, area_far, area_near);
    return map;
}

/* Pitch before any pull, linear in the logarithm of the area, held at the ends of the range. */
static inline double hd_pitch_of_log_area(const hd_pitch_map *map, double log_area) {
    double u = (log_area - map->log_area_far) * map->per_log_area;
    u = u < 0.0 ? 0.0 : u > 1.0 ? 1.0 : u;
    return map->low + (map->high - map->low) * u;
}

static inline bool hd_in_scale(uint32_t scale, int midi) {
    return (scale >> (((midi % 12) + 12) % 12)) & 1u;
}

/* The next step of the scale from `midi` in `direction` (+1, -1), `midi` itself left out. */
static inline int hd_scale_neighbour(uint32_t scale, int midi, int direction) {
    for (int n = 1; n <= 12; n++)
        if (hd_in_scale(scale, midi + direction * n))
            return midi + direction * n;
    return midi;
}

/* The step nearest to `pitch`; the lower one when two are equally near. */
static inline int hd_scale_nearest(uint32_t scale, double pitch) {
    int floor_midi = (int)floor(pitch);
    int below = hd_in_scale(scale, floor_midi) ? floor_midi : hd_scale_neighbour(scale, floor_midi, -1);
    int above = hd_scale_neighbour(scale, floor_midi, +1);
    return pitch - below <= above - pitch ? below : above;
}

/* Pull `pitch` towards the scale. The step held changes only when the hand is `hysteresis` past the middle. */
static inline double hd_pull(const hd_pitch_map *map, hd_pitch_state *state, double pitch) {
    if (map->pull <= 0.0 || map->scale == 0)
        return pitch;
    if (state->has_step) {
        int step = (int)state->step;
        double above = 0.5 * (step + hd_scale_neighbour(map->scale, step, +1)) + map->hysteresis;
        double below = 0.5 * (step + hd_scale_neighbour(map->scale, step, -1)) - map->hysteresis;
        if (pitch > above || pitch < below)
            state->step = hd_scale_nearest(map->scale, pitch);
    } else {
        state->has_step = true;
        state->step = hd_scale_nearest(map->scale, pitch);
    }
    return pitch + map->pull * (state->step - pitch);
}

/* The share of a remaining distance that a one-pole smoother of time constant `tau_s` goes in `dt_s`. */
static inline double hd_smoothing(double tau_s, double dt_s) {
    return tau_s > 0.0 ? 1.0 - exp(-dt_s / tau_s) : 1.0;
}

/* Loudness control 0..1 of a hand's height: y = 0 is the top of the frame and loudest. */
static inline double hd_loudness_of_y(const hd_pitch_map *map, double y) {
    return 1.0 - map->loudness_share * y;
}

static inline double hd_hz_of_pitch(double a4_hz, double pitch) {
    return a4_hz * exp2((pitch - 69.0) / 12.0);
}

#endif
