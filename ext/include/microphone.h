/* The microphone in the mix: blocks come from its ring when they come, and are heard a constant while later.
 *
 * Frame n of a block is the sound in the room at frame n of the recording, so the delay is counted in frames and no clock
 * is asked. It is the way of a block to here and the device's buffer; where that becomes another, the sound is faded over.
 * What has not come in time is silence; the sound fades into and out of it. Not here: the capturing process
 * (firmware_py/sound/microphone.py) and the level (engine.h).
 *
 * Invariant: `kept[f % HD_MIC_KEPT]` is frame f for all f in [end - HD_MIC_KEPT, end), zero where nothing came.
 */
#ifndef HD_MICROPHONE_H
#define HD_MICROPHONE_H

#include <stdbool.h>
#include <string.h>

#include "ring.h"
#include "session_lanes.h"

enum { HD_MIC_KEPT = 16384, HD_MIC_FADE_FRAMES = 64 };

typedef struct {
    hd_ring *ring; /* may be NULL: no microphone */
    int64_t way_frames;                  /* from the room to this process */
    int64_t delay_frames, before_frames; /* now, and before it moved */
    int turning;                         /* frames until the one before is not heard any more */
    int64_t end; /* one behind the last frame that came */
    int16_t kept[HD_MIC_KEPT];
} hd_mic;

/* Fade the frames before or from `frame` on, where a silence begins or ends. */
static inline void hd_mic_fade(hd_mic *mic, int64_t frame, int step) {
    for (int64_t i = 0, f = step > 0 ? frame : frame - 1; i < HD_MIC_FADE_FRAMES && f >= 0; i++, f += step)
        mic->kept[f % HD_MIC_KEPT] = (int16_t)(mic->kept[f % HD_MIC_KEPT] * i / HD_MIC_FADE_FRAMES);
}

static inline void hd_mic_take(hd_mic *mic, const hd_mic_block *block) {
    int64_t first = block->first_frame, frames = block->frames;
    if (first < 0 || frames > HD_MIC_FRAMES || first > INT64_MAX / 4)
        return; /* spoiled by a process that died while it wrote into shared memory */
    bool missed = first > mic->end;
    if (missed) {
        hd_mic_fade(mic, mic->end, -1);
        int64_t silent = first - mic->end < HD_MIC_KEPT ? first - mic->end : HD_MIC_KEPT;
        for (int64_t f = first - silent; f < first; f++)
            mic->kept[f % HD_MIC_KEPT] = 0;
        mic->end = first;
    }
    for (int64_t i = mic->end - first; i < frames; i++) /* what is known already stays */
        mic->kept[(first + i) % HD_MIC_KEPT] = block->samples[i];
    mic->end = first + frames > mic->end ? first + frames : mic->end;
    if (missed && frames >= HD_MIC_FADE_FRAMES)
        hd_mic_fade(mic, first, 1);
}

/* Take what has come; at most as much as the ring holds. */
static inline void hd_mic_drain(hd_mic *mic) {
    if (mic->ring == NULL)
        return;
    const hd_mic_block *block;
    for (uint32_t n = hd_ring_fill(mic->ring); n > 0 && (block = (const hd_mic_block *)hd_ring_front(mic->ring)); n--) {
        hd_mic_take(mic, block);
        hd_ring_release(mic->ring);
    }
}

/* The device has a buffer of so many frames from now on. */
static inline void hd_mic_buffer(hd_mic *mic, int64_t buffer_frames) {
    int64_t delay_frames = mic->way_frames + buffer_frames;
    if (delay_frames == mic->delay_frames)
        return;
    mic->before_frames = mic->delay_frames;
    mic->delay_frames = delay_frames;
    mic->turning = HD_MIC_FADE_FRAMES;
}

/* What was in the room at frame `wanted`, -1..1. */
static inline float hd_mic_kept(const hd_mic *mic, int64_t wanted) {
    int64_t before = mic->end - wanted;
    if (wanted < 0 || before <= 0 || before > HD_MIC_KEPT)
        return 0.0f;
    float sound = (float)mic->kept[wanted % HD_MIC_KEPT] * (1.0f / 32768.0f);
    if (before < HD_MIC_FADE_FRAMES) /* what follows may not come in time */
        sound *= (float)before / HD_MIC_FADE_FRAMES;
    return sound;
}

/* What is heard of the microphone in a frame of the mix, -1..1. To be called once for each frame. */
static inline float hd_mic_at(hd_mic *mic, int64_t frame) {
    float sound = hd_mic_kept(mic, frame - mic->delay_frames);
    if (mic->turning > 0) {
        float share = (float)mic->turning / HD_MIC_FADE_FRAMES;
        sound += share * (hd_mic_kept(mic, frame - mic->before_frames) - sound);
        mic->turning--;
    }
    return sound;
}

#endif
