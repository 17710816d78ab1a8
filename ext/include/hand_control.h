/* What the hands ask for at any instant: pitch, loudness, brightness, or silence.
 *
 * Takes hand samples in the order they were captured, from a ring or from an array, refuses those that cannot be true,
 * and interpolates between the two that bracket the instant asked for. Both the sounding instrument and the pitch curve
 * that the marks are made of call hd_hands_at, at the same instants, so they agree to the last bit. Instants are in the
 * time of capture (CLOCK_MONOTONIC of the camera): whoever sounds them adds the constant delay D.
 *
 * A hand's value lies on the straight line (in ln area, height, openness) between two samples that both see it. Where the
 * next sample does not see it, or is not there yet, the last value is held; after `HD_HOLD_NS` past the time the next
 * sample was due, or when the sample does not see the hand, the hand is absent. Where openness
 * articulates (hd_pitch_map), so is a fist, until it opens. Samples are taken one by one only when an instant needs
 * them, so the result does not depend on when they arrived, as long as they came in time.
 */
#ifndef HD_HAND_CONTROL_H
#define HD_HAND_CONTROL_H

#include "pitch_map.h"
#include "ring.h"
#include "session_lanes.h"

#define HD_HOLD_NS INT64_C(80000000)         /* a sample so much overdue releases the note */
#define HD_LONGEST_INTERVAL_NS INT64_C(300000000) /* longer pauses between samples are gaps, not the camera's rate */
#define HD_FIRST_INTERVAL_NS INT64_C(125000000)   /* assumed until two samples have shown the camera's rate */
#define HD_AHEAD_NS INT64_C(10000000000)     /* samples further ahead of the instant needed are refused */
#define HD_SNAP_NS INT64_C(100000000)        /* after a silence this long a note begins at its pitch, without glide */
#define HD_SHUT_NS INT64_C(30000000)         /* a fist silences after so long: one bad sample must not break a note */
#define HD_DYNAMICS_S 0.012                  /* time constant of loudness and brightness */

/* A sample taken in, its logarithms drawn once. */
typedef struct {
    int64_t t_ns;
    int64_t hold_ns; /* how long it stays valid without a successor */
    uint16_t flags;
    bool present[HD_HANDS];
    double log_area[HD_HANDS], y[HD_HANDS], openness[HD_HANDS];
} hd_taken;

/* What one hand asks for now. */
typedef struct {
    bool present;
    double pitch;      /* sounded: after pull and glide */
    double hand_pitch; /* before them */
    double loudness;   /* 0..1 */
    double brightness; /* 0..1 */
    int64_t silent_since_ns;
    bool heard; /* has ever been present */
    bool shut;  /* a fist, where openness articulates */
    int64_t open_ns; /* when it was last open enough to sound on */
    hd_pitch_state state;
} hd_hand_voice;

typedef struct {
    hd_pitch_map map;
    double glide, dynamics; /* one-pole shares for one step of the caller's grid */

    hd_ring *ring; /* samples come from here, or, when NULL, */
    const hd_hand_sample *samples;
    size_t count, next_index; /* from here */

    bool has_last, has_next;
    hd_taken last, next; /* bracket the instant evaluated last */
    int64_t interval_ns; /* between samples, as seen last */
    int64_t newest_ns;
    int64_t evaluated_ns; /* the instant evaluated last; INT64_MIN: none */
    int64_t ahead_ns; /* samples this far ahead of the instant needed are refused; a live camera cannot see the future */

    hd_hand_voice hands[HD_HANDS];
    uint32_t late_samples, bad_samples;
} hd_hand_control;

static inline void hd_hands_init(hd_hand_control *control, const hd_pitch_map *map, double step_s) {
    *control = (hd_hand_control){.map = *map,
                                 .glide = hd_smoothing(map->glide_s, step_s),
                                 .dynamics = hd_smoothing(HD_DYNAMICS_S, step_s),
                                 .interval_ns = HD_FIRST_INTERVAL_NS,
                                 .ahead_ns = HD_AHEAD_NS,
                                 .newest_ns = INT64_MIN,
                                 .evaluated_ns = INT64_MIN};
}

static inline bool hd_next_sample(hd_hand_control *control, hd_hand_sample *out) {
    if (control->ring != NULL)
        return hd_ring_pop(control->ring, out);
    if (control->next_index >= control->count)
        return false;
    *out = control->samples[control->next_index++];
    return true;
}

/* 0..1 of a coordinate that may lie a little outside the frame; NaN and absurd values make it false. */
static inline bool hd_share(float value, double *out) {
    if (!(value >= -4.0f && value <= 4.0f)) /* false for NaN too */
        return false;
    *out = value < 0.0f ? 0.0 : value > 1.0f ? 1.0 : (double)value;
    return true;
}

static inline bool hd_take_hand(const hd_hand *hand, hd_taken *taken, int index) {
    if (!(hand->area > 0.0f && hand->area <= 1.0f)) /* false for NaN too */
        return false;
    taken->present[index] = true;
    taken->log_area[index] = log((double)hand->area);
    return hd_share(hand->y, &taken->y[index]) && hd_share(hand->openness, &taken->openness[index]);
}

/* Read a sample's values; false when they cannot be true. Only hands in view are looked at. */
static inline bool hd_take(const hd_hand_sample *sample, hd_taken *taken) {
    *taken = (hd_taken){.t_ns = (int64_t)sample->t_capture_ns, .flags = sample->flags};
    if (sample->t_capture_ns == 0 || sample->t_capture_ns > (uint64_t)INT64_MAX)
        return false;
    if ((sample->flags & HD_PRESENT) && !hd_take_hand(&sample->hands[0], taken, 0))
        return false;
    if ((sample->flags & HD_SECOND_HAND) && !hd_take_hand(&sample->hands[1], taken, 1))
        return false;
    return true;
}

/* Is the sample's time possible when `t_ns` is the instant needed? Time may not stand still, run back, or leap ahead. */
static inline bool hd_time_possible(const hd_hand_control *control, const hd_taken *taken, int64_t t_ns) {
    return taken->t_ns > control->newest_ns && !(taken->t_ns > t_ns && taken->t_ns - t_ns > control->ahead_ns);
}

static inline void hd_make_next(hd_hand_control *control, const hd_taken *taken) {
    control->next = *taken;
    control->next.hold_ns = HD_HOLD_NS + control->interval_ns;
    control->has_next = true;
    control->newest_ns = taken->t_ns;
}

/* Take samples until one lies past `t_ns`; false when there are too few yet. After it, `last` is at or before `t_ns`. */
static inline bool hd_hands_reach(hd_hand_control *control, int64_t t_ns) {
    hd_hand_sample sample;
    hd_taken taken;
    for (;;) {
        if (control->has_next) {
            if (control->next.t_ns > t_ns)
                return true;
            control->last = control->next;
            control->has_last = true;
            control->has_next = false;
        }
        if (!hd_next_sample(control, &sample))
            return false;
        if (!hd_take(&sample, &taken) || !hd_time_possible(control, &taken, t_ns)) {
            control->bad_samples++;
            continue;
        }
        if (control->evaluated_ns != INT64_MIN && taken.t_ns <= control->evaluated_ns)
            control->late_samples++;
        if (control->has_last) {
            int64_t interval_ns = taken.t_ns - control->last.t_ns;
            if (interval_ns > 0 && interval_ns < HD_LONGEST_INTERVAL_NS)
                control->interval_ns = interval_ns;
        }
        hd_make_next(control, &taken);
    }
}

/* Throw all waiting samples away but the newest: nothing sounds yet, and time has no zero to judge them by. */
static inline void hd_hands_drain(hd_hand_control *control) {
    hd_hand_sample sample;
    hd_taken taken;
    while (hd_next_sample(control, &sample)) {
        if (hd_take(&sample, &taken))
            hd_make_next(control, &taken);
        else
            control->bad_samples++;
    }
}

/* No sample will come after the newest one. */
static inline bool hd_hands_ended(const hd_hand_control *control) {
    if (control->ring == NULL && control->next_index >= control->count)
        return true;
    return (control->has_next && (control->next.flags & HD_SAMPLES_ENDED)) ||
           (control->has_last && (control->last.flags & HD_SAMPLES_ENDED));
}

/* Where hand `index` is at `t_ns`: false when it is not in view, or was not seen for too long. */
static inline bool hd_hand_at(const hd_hand_control *control, int index, int64_t t_ns, double *log_area, double *y,
                              double *openness) {
    const hd_taken *a = &control->last;
    const hd_taken *b = &control->next;
    if (!control->has_last || !a->present[index] || t_ns - a->t_ns > a->hold_ns)
        return false;
    double share = 0.0;
    if (control->has_next && b->present[index] && b->t_ns - a->t_ns <= a->hold_ns && t_ns > a->t_ns)
        share = (double)(t_ns - a->t_ns) / (double)(b->t_ns - a->t_ns);
    else
        b = a;
    *log_area = a->log_area[index] + share * (b->log_area[index] - a->log_area[index]);
    *y = a->y[index] + share * (b->y[index] - a->y[index]);
    *openness = a->openness[index] + share * (b->openness[index] - a->openness[index]);
    return true;
}

/* Is a hand in view a fist, which is silent? Between the two thresholds it stays what it was. */
static inline bool hd_is_shut(const hd_pitch_map *map, hd_hand_voice *hand, double openness, int64_t t_ns) {
    if (map->shut_below <= 0.0)
        return false;
    if (openness >= (hand->shut ? map->open_above : map->shut_below)) {
        hand->shut = false;
        hand->open_ns = t_ns;
    } else if (!hand->present || t_ns - hand->open_ns >= HD_SHUT_NS)
        hand->shut = true;
    return hand->shut;
}

/* Go to `t_ns` (time of capture). To be called once for every step of an even grid. */
static inline void hd_hands_at(hd_hand_control *control, int64_t t_ns) {
    if (control->has_next && control->next.t_ns > t_ns && control->next.t_ns - t_ns > control->ahead_ns) {
        control->has_next = false; /* taken by hd_hands_drain, and of another time */
        control->newest_ns = INT64_MIN;
        control->bad_samples++;
    }
    hd_hands_reach(control, t_ns);
    control->evaluated_ns = t_ns;
    for (int index = 0; index < HD_HANDS; index++) {
        hd_hand_voice *hand = &control->hands[index];
        double log_area, y, openness;
        bool present = hd_hand_at(control, index, t_ns, &log_area, &y, &openness);
        hand->shut = present && hd_is_shut(&control->map, hand, openness, t_ns);
        present = present && !hand->shut;
        if (!present) {
            if (hand->present)
                hand->silent_since_ns = t_ns;
            hand->present = false;
            continue;
        }
        bool snap = !hand->present && (!hand->heard || t_ns - hand->silent_since_ns > HD_SNAP_NS);
        if (snap)
            hand->state.has_step = false;
        double loudness = hd_loudness_of_y(&control->map, y);
        hand->hand_pitch = hd_pitch_of_log_area(&control->map, log_area);
        double wanted = hd_pull(&control->map, &hand->state, hand->hand_pitch);
        if (snap) {
            hand->state.pitch = wanted;
            hand->loudness = loudness;
            hand->brightness = openness;
        } else {
            hand->state.pitch += control->glide * (wanted - hand->state.pitch);
            hand->loudness += control->dynamics * (loudness - hand->loudness);
            hand->brightness += control->dynamics * (openness - hand->brightness);
        }
        hand->pitch = hand->state.pitch;
        hand->present = hand->heard = true;
    }
}

#endif
