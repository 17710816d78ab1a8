/* The delay D, and how old hand samples are when they can first be heard, which is what D is measured by.
 *
 * D is told while counting in, and again where the device's buffer became longer. It moves there so slowly that hands lose
 * no instant and nothing clicks: a hand then plays up to half as fast again, or half as slow, for as long as that takes.
 *
 * A sample's age is the time from its capture to the first instant of sound that it can still change: to the frame heard
 * first of the block at whose rendering it was found in the ring. Camera, sight, the ring, the block and the device's
 * buffer are all in it. Waiting samples are looked at, not taken. Not here: what D comes of the ages (sound/arrival.py).
 */
#ifndef HD_DELAY_H
#define HD_DELAY_H

#include <stdbool.h>
#include <string.h>

#include "ring.h"
#include "session_lanes.h"

#define HD_OLDEST_NS INT64_C(1000000000) /* an older sample, or one from the future, is of another clock */

#define HD_DELAY_SLEW 0.5 /* D moves by at most so many seconds in a second */

typedef struct {
    int64_t ns, wanted_ns, step_ns; /* D now; where it moves; by how much in a tick */
    bool told;                      /* until then it is as planned */
} hd_delay;

static inline void hd_delay_init(hd_delay *delay, int64_t planned_ns, double tick_s) {
    *delay = (hd_delay){planned_ns, planned_ns, (int64_t)(HD_DELAY_SLEW * 1e9 * tick_s), false};
}

/* Take D, unless it is 0: not decided. While nothing sounds, at once: so does a process that comes back. */
static inline void hd_delay_tell(hd_delay *delay, uint32_t us, bool sounding) {
    if (us == 0)
        return;
    delay->told = true;
    delay->wanted_ns = (int64_t)us * 1000;
    if (!sounding)
        delay->ns = delay->wanted_ns;
}

/* Move on by a tick. */
static inline void hd_delay_step(hd_delay *delay) {
    int64_t way_ns = delay->wanted_ns - delay->ns;
    delay->ns += way_ns > delay->step_ns ? delay->step_ns : way_ns < -delay->step_ns ? -delay->step_ns : way_ns;
}

typedef struct {
    bool watching;
    uint64_t next;     /* the ring's index of the first sample not yet looked at */
    int64_t before_ns; /* capture of the frame before; 0: none */
    hd_arrivals seen;
} hd_arrival_watch;

/* Look at the samples that came since the last block; `heard_ns`: when this block's first frame is heard. Returns whether
 * there were any. To be called by the ring's consumer, before it takes what waits. */
static inline bool hd_arrivals_watch(hd_arrival_watch *watch, const hd_ring *ring, int64_t heard_ns) {
    uint64_t head = HD_LOAD(&ring->head, HD_RING_RELAXED); /* the consumer's own index */
    uint64_t tail = HD_LOAD(&ring->tail, HD_RING_ACQUIRE); /* acquire: pairs with hd_ring_commit, records are whole */
    uint64_t before = watch->seen.count;
    if (!watch->watching || tail - head > ring->capacity) /* what waited before us came when nobody looked */
        watch->next = tail;
    watch->watching = true;
    for (watch->next = watch->next < head ? head : watch->next; watch->next < tail; watch->next++) {
        hd_hand_sample sample;
        memcpy(&sample, hd_ring_slot(ring, watch->next), sizeof sample);
        if (sample.flags & (HD_CAMERA_LOST | HD_SAMPLES_ENDED) || sample.t_capture_ns > (uint64_t)INT64_MAX)
            continue;
        int64_t t_ns = (int64_t)sample.t_capture_ns, age_ns = heard_ns - t_ns, interval_ns = t_ns - watch->before_ns;
        if (age_ns < 0 || age_ns > HD_OLDEST_NS || interval_ns <= 0)
            continue;
        if (watch->before_ns != 0 && interval_ns <= HD_OLDEST_NS) {
            size_t place = watch->seen.count++ % HD_ARRIVALS_KEPT;
            watch->seen.age_us[place] = (uint32_t)(age_ns / 1000);
            watch->seen.interval_us[place] = (uint32_t)(interval_ns / 1000);
        }
        watch->before_ns = t_ns;
    }
    return watch->seen.count != before;
}

#endif
