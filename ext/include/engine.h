/* The engine: hand samples in, the finished mix out, tick by tick from t0 to the end of the session.
 *
 * It is for the realtime process and for rendering as fast as it goes: allocates nothing, locks nothing, calls nothing of
 * the system. What it makes of frame n depends on the hand samples, the settings and n; never on the sizes of the blocks it
 * was asked for. Reads the rings and cells of lanes.py; all other state is its own. Not here: devices, files, clocks, and how
 * the ticks are handed out (blocks.h).
 *
 * Invariant: `tick_first <= position <= tick_first + tick` while `placed`; `mix` holds the frames of that tick.
 */
#ifndef HD_ENGINE_H
#define HD_ENGINE_H

#include "delay.h"
#include "effects.h"
#include "hand_control.h"
#include "limiter.h"
#include "microphone.h"
#include "reverb.h"
#include "ring.h"
#include "seqlock.h"
#include "session_lanes.h"
#include "time_grid.h"
#include "voices.h"

#define HD_FADE_OUT_S 0.030   /* before the end */
#define HD_FADE_SHORT_S 0.005 /* when the end comes at once, and at the beginning */
#define HD_LEVEL_S 0.020      /* time constant of a level that is changed */
#define HD_OFF_DB (-89.9f)    /* levels below are silence */
/* A frame that never comes, yet far enough from the largest number that distances to frames before t0 do not overflow. */
#define HD_NEVER (INT64_MAX / 4)

enum { HD_STEMS = 4 }; /* columns of the backing: left, right, metronome, guide melody */
enum { HD_INSTRUMENT, HD_BACKING, HD_METRONOME, HD_GUIDE, HD_MASTER, HD_MICROPHONE, HD_LEVELS };

typedef struct {
    /* Settings. */
    int rate_hz, tick;
    hd_delay delay; /* D: a hand sample sounds at t_capture + D */
    float area_far, area_near; /* the reach told last; 0: none */
    int voice_count;  /* hands that sound, 1..HD_HANDS */
    hd_patch patch;
    hd_cell *control, *status, *arrivals; /* each may be NULL */
    hd_ring *tape;
    const int16_t (*backing)[HD_STEMS];
    int64_t backing_frames;

    /* Where we are. */
    uint64_t t0_ns, stop_ns;
    bool placed, ended;
    int64_t position;               /* next frame to hand out, counted from t0 */
    int64_t entry;                  /* the frame that sound began or began again with */
    int64_t tick_first;             /* of the tick in `mix` */
    int64_t stop_frame, fade_frame; /* HD_NEVER while the end is not known */
    int64_t skew_ns;                /* frame n is heard at t0 + n / rate + skew: the device's clock against ours */

    /* What sounds. */
    hd_hand_control hands;
    hd_voices voices;
    hd_effects effects;
    hd_reverb reverb;
    hd_mic mic;
    float level[HD_LEVELS], level_wanted[HD_LEVELS], level_share;
    bool levels_known;
    int16_t mix[HD_MAX_TICK_FRAMES][2];

    /* What is told. */
    hd_tape_block *block; /* reserved on the tape, being filled */
    hd_status told;
    float peak;
    hd_arrival_watch watch;
} hd_engine;

static inline void hd_engine_init(hd_engine *engine, int rate_hz, int64_t delay_ns, const hd_pitch_map *map,
                                  const hd_patch *patch, int voice_count) {
    memset(engine, 0, sizeof *engine);
    engine->rate_hz = rate_hz;
    engine->tick = hd_tick_frames(rate_hz);
    engine->voice_count = voice_count;
    engine->patch = *patch;
    engine->stop_frame = engine->fade_frame = HD_NEVER;
    double tick_s = (double)engine->tick / rate_hz;
    hd_delay_init(&engine->delay, delay_ns, tick_s);
    hd_hands_init(&engine->hands, map, tick_s);
    hd_voices_init(&engine->voices, &engine->patch, rate_hz, engine->tick);
    hd_effects_init(&engine->effects, patch->chorus, patch->chorus_hz, patch->chorus_s, patch->echo, patch->echo_s,
                    patch->echo_feedback, rate_hz);
    hd_reverb_init(&engine->reverb, patch->room_s, patch->room_treble, patch->room_wet, rate_hz);
    engine->level_share = (float)hd_smoothing(HD_LEVEL_S, tick_s);
    for (int n = 0; n < HD_LEVELS; n++)
        engine->level[n] = engine->level_wanted[n] = 1.0f;
    engine->told.rate_hz = (uint32_t)rate_hz;
    engine->told.pitch = NAN;
}

/* ---- where in time ------------------------------------------------------------------------------------------- */

/* The instant of capture whose hand is heard in `frame`. */
static inline int64_t hd_capture_ns(const hd_engine *engine, int64_t frame) {
    return (int64_t)engine->t0_ns + hd_ns_of_frame(frame, engine->rate_hz) + engine->skew_ns - engine->delay.ns;
}

static inline void hd_engine_tick(hd_engine *engine, int64_t first_frame);

/* Go on from `frame`, counted from t0; the sound fades in there. */
static inline void hd_engine_seek(hd_engine *engine, int64_t frame) {
    engine->placed = true;
    engine->position = frame;
    engine->entry = frame > 0 ? frame : 0;
    engine->tick_first = hd_floor_div(frame, engine->tick) * engine->tick;
    hd_hands_at(&engine->hands, hd_capture_ns(engine, engine->tick_first));
    engine->tick_first -= engine->tick; /* nothing is in `mix` yet: the tick before is used up */
    if (frame > engine->tick_first + engine->tick)
        hd_engine_tick(engine, engine->tick_first + engine->tick);
}

/* End at `frame`, or as soon after the frames already made as a fade allows. */
static inline void hd_engine_stop_at(hd_engine *engine, int64_t frame) {
    int64_t made = engine->tick_first + engine->tick;
    int64_t shortest = (int64_t)(HD_FADE_SHORT_S * engine->rate_hz), fade = (int64_t)(HD_FADE_OUT_S * engine->rate_hz);
    if (!engine->placed)
        made = 0;
    if (frame < made + shortest)
        frame = engine->placed && made > 0 ? made + shortest : frame;
    engine->stop_frame = frame;
    engine->fade_frame = frame - fade > made ? frame - fade : made;
}

/* Put what is there of the last block on the tape. */
static inline void hd_engine_flush(hd_engine *engine) {
    if (engine->block != NULL)
        hd_ring_commit(engine->tape);
    engine->block = NULL;
}

/* End now, with a fade. */
static inline void hd_engine_end(hd_engine *engine) {
    int64_t end = engine->tick_first + engine->tick + (int64_t)(HD_FADE_OUT_S * engine->rate_hz);
    if (!engine->placed)
        engine->ended = true;
    else if (end < engine->stop_frame)
        hd_engine_stop_at(engine, end);
}

/* Take the reach and D that were found while counting in. */
static inline void hd_engine_fit(hd_engine *engine, const hd_control *control) {
    float far = control->area_far, near = control->area_near;
    if (far > 0.0f && near > far && near <= 1.0f && (far != engine->area_far || near != engine->area_near)) {
        engine->area_far = far;
        engine->area_near = near;
        hd_pitch_map_reach(&engine->hands.map, far, near);
    }
    hd_delay_tell(&engine->delay, control->delay_us, engine->placed);
}

/* Read what the session wants. A reading that the writer overtook is left for the next block. */
static inline void hd_engine_obey(hd_engine *engine) {
    hd_control control;
    if (engine->control == NULL || !hd_cell_read(engine->control, &control))
        return;
    const float db[HD_LEVELS] = {control.instrument_db, control.backing_db, control.metronome_db, control.guide_db,
                                 control.master_db,     control.mic_db};
    for (int n = 0; n < HD_LEVELS; n++)
        if (db[n] <= 24.0f) /* false for NaN: the level stays */
            engine->level_wanted[n] = db[n] < HD_OFF_DB ? 0.0f : powf(10.0f, db[n] / 20.0f);
    if (!engine->levels_known)
        memcpy(engine->level, engine->level_wanted, sizeof engine->level);
    engine->levels_known = true;
    hd_engine_fit(engine, &control);
    if (control.t0_ns != engine->t0_ns) { /* another session */
        hd_engine_flush(engine);
        engine->t0_ns = control.t0_ns;
        engine->stop_ns = 0;
        engine->stop_frame = engine->fade_frame = HD_NEVER;
        engine->placed = engine->ended = false;
        engine->told.frames = 0;
        engine->peak = 0.0f;
        engine->skew_ns = 0;
    }
    if (control.stop_ns != engine->stop_ns && control.stop_ns != 0 && engine->t0_ns != 0) {
        engine->stop_ns = control.stop_ns;
        hd_engine_stop_at(engine, hd_frame_of_ns((int64_t)(control.stop_ns - engine->t0_ns), engine->rate_hz));
    }
}

/* ---- one tick of sound ---------------------------------------------------------------------------------------- */

/* An S from 0 to 1 as `done` goes from 0 to `whole`. */
static inline float hd_fade(int64_t done, int64_t whole) {
    if (done >= whole)
        return 1.0f;
    if (done <= 0)
        return 0.0f;
    float x = (float)done / (float)whole;
    return x * x * (3.0f - 2.0f * x);
}

static inline float hd_edges(const hd_engine *engine, int64_t frame) {
    int64_t in = (int64_t)(HD_FADE_SHORT_S * engine->rate_hz);
    float gain = hd_fade(frame - engine->entry, in);
    if (frame >= engine->fade_frame)
        gain *= hd_fade(engine->stop_frame - frame, engine->stop_frame - engine->fade_frame);
    return gain;
}

static inline void hd_engine_instrument(hd_engine *engine, float *left, float *right) {
    static const float pan[HD_HANDS][2] = {{1.0f, 1.0f}, {0.85f, 1.13f}}; /* the second hand a little to the right */
    float mono[HD_MAX_TICK_FRAMES], sent[HD_MAX_TICK_FRAMES] = {0};
    for (int v = 0; v < engine->voice_count; v++) {
        const hd_hand_voice *hand = &engine->hands.hands[v];
        double hz = hd_hz_of_pitch(engine->hands.map.a4_hz, hand->pitch);
        double place = hand->state.has_step ? hand->state.step : hand->pitch;
        if (!hd_voice_tick(&engine->voices, v, hand->present, hz, place, (float)hand->loudness, (float)hand->brightness,
                           engine->tick_first, mono, engine->tick))
            continue;
        for (int i = 0; i < engine->tick; i++) {
            left[i] += pan[v][0] * mono[i];
            right[i] += pan[v][1] * mono[i];
            sent[i] += mono[i];
        }
    }
    hd_effects_run(&engine->effects, sent, left, right, engine->tick);
    hd_reverb_run(&engine->reverb, sent, left, right, engine->tick);
}

/* Make the tick that begins with `first_frame`. Before t0 only the hands are followed. */
static inline void hd_engine_tick(hd_engine *engine, int64_t first_frame) {
    float left[HD_MAX_TICK_FRAMES] = {0}, right[HD_MAX_TICK_FRAMES] = {0}, from[HD_LEVELS], rise[HD_LEVELS];
    hd_delay_step(&engine->delay);
    engine->tick_first = first_frame;
    hd_hands_at(&engine->hands, hd_capture_ns(engine, first_frame + engine->tick));
    if (first_frame + engine->tick <= 0) {
        memset(engine->mix, 0, sizeof engine->mix);
        return;
    }
    for (int n = 0; n < HD_LEVELS; n++) {
        from[n] = engine->level[n];
        engine->level[n] += engine->level_share * (engine->level_wanted[n] - engine->level[n]);
        rise[n] = (engine->level[n] - from[n]) / (float)engine->tick;
    }
    hd_engine_instrument(engine, left, right);
    hd_mic_drain(&engine->mic);
    for (int i = 0; i < engine->tick; i++) {
        int64_t frame = first_frame + i;
        float level[HD_LEVELS];
        for (int n = 0; n < HD_LEVELS; n++)
            level[n] = from[n] + rise[n] * (float)(i + 1);
        float l = level[HD_INSTRUMENT] * left[i], r = level[HD_INSTRUMENT] * right[i];
        if (frame >= 0 && frame < engine->backing_frames) {
            const int16_t *stems = engine->backing[frame];
            float middle = level[HD_METRONOME] * (float)stems[2] + level[HD_GUIDE] * (float)stems[3];
            l += (level[HD_BACKING] * (float)stems[0] + middle) * (1.0f / 32768.0f);
            r += (level[HD_BACKING] * (float)stems[1] + middle) * (1.0f / 32768.0f);
        }
        float room = level[HD_MICROPHONE] * hd_mic_at(&engine->mic, frame);
        l += room;
        r += room;
        float master = level[HD_MASTER] * hd_edges(engine, frame);
        engine->mix[i][0] = frame < 0 ? 0 : hd_to_16_bits(master * l);
        engine->mix[i][1] = frame < 0 ? 0 : hd_to_16_bits(master * r);
    }
}

/* ---- the tape --------------------------------------------------------------------------------------------------- */

/* Is there room on the tape for the frame at `position`? Without a tape there is. */
static inline bool hd_engine_tape_room(hd_engine *engine) {
    return engine->tape == NULL || engine->block != NULL || hd_ring_reserve(engine->tape) != NULL;
}

/* Blocks lie on a grid of their own length, so that a process that comes back goes on at a block's beginning. */
static inline void hd_engine_tape(hd_engine *engine, const int16_t (*frames)[2], int count) {
    int64_t frame = engine->position;
    for (int i = 0; i < count; i++, frame++) {
        if (frame < 0 || frame >= engine->stop_frame)
            continue;
        for (int channel = 0; channel < 2; channel++) {
            float magnitude = fabsf((float)frames[i][channel]) * (1.0f / 32768.0f);
            engine->peak = magnitude > engine->peak ? magnitude : engine->peak;
        }
        if (engine->tape == NULL)
            continue;
        if (engine->block == NULL && (frame % HD_TAPE_FRAMES == 0 || frame == engine->entry)) {
            engine->block = (hd_tape_block *)hd_ring_reserve(engine->tape);
            if (engine->block == NULL) {
                hd_ring_count_drop(engine->tape);
                engine->told.tape_drops++;
            } else {
                memset(engine->block, 0, offsetof(hd_tape_block, samples));
                engine->block->first_frame = frame;
            }
        }
        if (engine->block != NULL) {
            hd_tape_block *block = engine->block;
            memcpy(block->samples[block->frames++], frames[i], sizeof frames[i]);
            if ((frame + 1) % HD_TAPE_FRAMES == 0) {
                hd_ring_commit(engine->tape);
                engine->block = NULL;
            }
        }
    }
}

#endif
