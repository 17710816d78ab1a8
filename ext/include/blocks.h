/* The engine's sound handed out in blocks of any size: in real time against a device's clock, or as fast as hand samples come.
 *
 * What sounds in a frame is made in engine.h and does not depend on anything here. Allocates nothing, locks nothing, waits for
 * nothing. Not here: devices and their clocks; the caller says when a block will be heard.
 */
#ifndef HD_BLOCKS_H
#define HD_BLOCKS_H

#include "engine.h"

#define HD_LOST_NS INT64_C(20000000)        /* clock and position this far apart: the device stood still */
#define HD_CATCH_UP_NS INT64_C(2000000000)  /* at most so much is rendered at once to make up for it */
#define HD_HELD_BACK_NS INT64_C(50000000)
#define HD_CLOCK_SHARE 0.01   /* of the distance to the clock measured, taken over per block */

/* Hand out up to `frames` frames of the tick at hand, making it first if need be. `out` may be NULL: only taped. */
static inline int hd_engine_step(hd_engine *engine, int16_t *out, int frames) {
    if (engine->position >= engine->tick_first + engine->tick)
        hd_engine_tick(engine, engine->tick_first + engine->tick);
    int offset = (int)(engine->position - engine->tick_first), count = engine->tick - offset;
    count = count < frames ? count : frames;
    if (engine->position + count > engine->stop_frame) /* not the other way round: INT64_MAX less a negative overflows */
        count = (int)(engine->stop_frame - engine->position);
    if (out != NULL)
        memcpy(out, engine->mix[offset], (size_t)count * sizeof engine->mix[0]);
    hd_engine_tape(engine, (const int16_t(*)[2])engine->mix[offset], count);
    engine->position += count;
    return count;
}

static inline bool hd_engine_at_end(hd_engine *engine) {
    if (!engine->ended && engine->placed && engine->position >= engine->stop_frame) {
        engine->ended = true;
        hd_engine_flush(engine);
    }
    return engine->ended;
}

/* Leave the frames that were lost out of the device's way but on the tape, so that the recording has no hole. */
static inline void hd_engine_catch_up(hd_engine *engine, int64_t frames) {
    while (frames > 0 && !hd_engine_at_end(engine))
        frames -= hd_engine_step(engine, NULL, frames < HD_MAX_TICK_FRAMES ? (int)frames : HD_MAX_TICK_FRAMES);
}

/* Follow the clock: the next frame handed out will be heard at `heard_ns`. Returns how many frames of silence to hand out
 * first (the device runs ahead of the session).
 *
 * Small distances are taken over bit by bit as `skew_ns`, so that hands keep their delay while the device's clock drifts
 * against ours and the recording stays whole; a device that stood still is caught up with. */
static inline int64_t hd_engine_follow(hd_engine *engine, int64_t heard_ns) {
    int64_t since_t0 = heard_ns - (int64_t)engine->t0_ns;
    if (!engine->placed) {
        engine->skew_ns = 0;
        hd_engine_seek(engine, hd_floor_div(since_t0 / 1000 * engine->rate_hz, 1000000));
        return 0;
    }
    int64_t ahead_ns = hd_ns_of_frame(engine->position, engine->rate_hz) + engine->skew_ns - since_t0;
    if (ahead_ns < -HD_CATCH_UP_NS) {
        hd_engine_flush(engine);
        hd_engine_seek(engine, hd_frame_of_ns(since_t0 - engine->skew_ns, engine->rate_hz));
    } else if (ahead_ns < -HD_LOST_NS) {
        hd_engine_catch_up(engine, hd_frame_of_ns(-ahead_ns, engine->rate_hz));
    } else if (ahead_ns > HD_LOST_NS) {
        return hd_frame_of_ns(ahead_ns, engine->rate_hz);
    } else {
        engine->skew_ns -= (int64_t)(HD_CLOCK_SHARE * (double)ahead_ns);
    }
    return 0;
}

/* Fill `out` (interleaved stereo) with the next `frames` frames, in real time: what is not known is silence. heard_ns: when
 * the first of them will be heard, CLOCK_MONOTONIC. */
static inline void hd_engine_render(hd_engine *engine, int16_t *out, int frames, int64_t heard_ns) {
    int done = 0;
    hd_engine_obey(engine);
    if (engine->arrivals != NULL && !engine->delay.told &&
        hd_arrivals_watch(&engine->watch, engine->hands.ring, heard_ns))
        hd_cell_write(engine->arrivals, &engine->watch.seen);
    memset(out, 0, (size_t)frames * 4);
    if (engine->t0_ns == 0) {
        hd_hands_drain(&engine->hands);
        return;
    }
    if (!engine->ended) {
        int64_t wait = hd_engine_follow(engine, heard_ns);
        done = wait < frames ? (int)wait : frames;
    }
    while (done < frames && !hd_engine_at_end(engine))
        done += hd_engine_step(engine, out + 2 * done, frames - done);
    hd_engine_at_end(engine);
}

/* Can the frame at `position` be made for good: are its hand samples here, and is there room for it? */
static inline bool hd_engine_ready(hd_engine *engine) {
    if (!hd_engine_tape_room(engine))
        return false;
    int64_t tick_end = engine->tick_first + engine->tick;
    if (engine->position < tick_end)
        return true;
    int64_t needed_ns = hd_capture_ns(engine, tick_end + engine->tick);
    if (hd_hands_reach(&engine->hands, needed_ns))
        return true;
    /* After the last sample there is only silence to come: go on to an end that is known. While it is not, stay a little
     * before that sample's sound, so that an end there can still be faded to. */
    return hd_hands_ended(&engine->hands) &&
           (engine->stop_frame != HD_NEVER || needed_ns <= engine->hands.last.t_ns - HD_HELD_BACK_NS);
}

/* Make up to `frames` frames as fast as the hand samples come. Returns how many; 0: nothing can be made now. */
static inline int hd_engine_advance(hd_engine *engine, int16_t *out, int frames) {
    int done = 0;
    hd_engine_obey(engine);
    if (engine->t0_ns == 0)
        return 0;
    if (!engine->placed)
        hd_engine_seek(engine, 0);
    while (done < frames && !hd_engine_at_end(engine) && hd_engine_ready(engine))
        done += hd_engine_step(engine, out == NULL ? NULL : out + 2 * done, frames - done);
    hd_engine_at_end(engine);
    return done;
}

/* Tell the status cell how things are. */
static inline void hd_engine_report(hd_engine *engine, uint64_t now_ns) {
    hd_status *told = &engine->told;
    const hd_hand_voice *hand = &engine->hands.hands[0];
    int64_t frames = engine->position < engine->stop_frame ? engine->position : engine->stop_frame;
    bool sounding = hand->present && engine->placed && !engine->ended;
    told->t_ns = now_ns;
    told->frames = engine->placed && frames > 0 ? (uint64_t)frames : 0;
    told->late_samples = engine->hands.late_samples;
    told->bad_samples = engine->hands.bad_samples;
    told->pitch = sounding ? (float)hand->pitch : NAN;
    told->level = sounding ? (float)hand->loudness : 0.0f;
    told->peak = engine->peak;
    told->skew_ns = engine->skew_ns;
    told->flags = (told->flags & ~(uint32_t)HD_STATUS_ENDED) | (engine->ended ? HD_STATUS_ENDED : 0);
    if (engine->status != NULL)
        hd_cell_write(engine->status, told);
}

#endif
