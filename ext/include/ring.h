/* The ring: a lock-free queue of fixed-size records between one producer and one consumer, in memory they share.
 *
 * It is for: hand samples and blocks of sound between processes that may be killed at any instant, neither of which may
 * ever wait for the other. It is not for: two producers or two consumers, records of changing length, waiting.
 * Header-only C11 (and C++11), no Python.h, no system call, no allocation.
 *
 * One block of memory, aligned to 64 bytes, holds the header and right behind it the slots:
 *
 *     byte   0  identity          written once by hd_ring_format, then only read
 *          64  the producer's own  its tail, its copy of head; epoch, heartbeat and drops, for whoever watches
 *         128  tail                records ever pushed: stored by the producer, loaded by the consumer
 *         192  the consumer's own  its copy of tail; epoch, heartbeat
 *         256  head                records ever popped: stored by the consumer, loaded by the producer
 *         320  nothing
 *         384  slots               record n lies in slot n mod capacity
 *
 * tail and head have a cache line each, and a quiet line stands between them, because x86 fetches lines in pairs of
 * 128 bytes. Each side looks at the other's index only when its copy of it says full, or empty. The consumer of a
 * ring that is nearly empty, as it should be, looks at tail for every record and takes its line away: the producer
 * therefore counts in its own line and does not wait for that line when it has a record to hand over. The producer
 * looks at head once in a lap, so the consumer counts in head itself.
 *
 * Invariants: 0 <= tail - head <= capacity. Only the producer writes tail, its own line and free slots; only the
 * consumer writes head and its own line. A copy of the other's index is never ahead of it, so a stale one errs
 * towards "full" or "empty" and never towards a slot that is in use. The indices are 64 bits wide and do not wrap in
 * a thousand years.
 *
 * Death at any instant: tail and head move only after the record is whole, so a killed producer loses at most the
 * record it was writing, and a killed consumer gets at most the record it was reading once more. Whoever takes over
 * must call hd_ring_open_producer or hd_ring_open_consumer, which set its own line right; the other side needs to do
 * nothing.
 */
#ifndef HD_RING_H
#define HD_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
#include <atomic>
#define HD_ATOMIC(type) std::atomic<type>
#define HD_ALIGNED(bytes) alignas(bytes)
#define HD_ORDER(order) std::order
#define HD_LOAD(object, order) (object)->load(order)
#define HD_STORE(object, value, order) (object)->store(value, order)
#else
#include <stdatomic.h>
#define HD_ATOMIC(type) _Atomic(type)
#define HD_ALIGNED(bytes) _Alignas(bytes)
#define HD_ORDER(order) order
#define HD_LOAD(object, order) atomic_load_explicit(object, order)
#define HD_STORE(object, value, order) atomic_store_explicit(object, value, order)
#endif

/* The two orders that the whole ring rests on. Macros, so that a test can weaken one and see the sanitizer object. */
#ifndef HD_RING_RELEASE
#define HD_RING_RELEASE HD_ORDER(memory_order_release)
#endif
#ifndef HD_RING_ACQUIRE
#define HD_RING_ACQUIRE HD_ORDER(memory_order_acquire)
#endif
#define HD_RING_RELAXED HD_ORDER(memory_order_relaxed)

/* Hints that a processor may ignore: fetch this line; I am polling. */
#ifdef __GNUC__
#define HD_PREFETCH(address) __builtin_prefetch(address)
#else
#define HD_PREFETCH(address) ((void)0)
#endif
#if defined(__GNUC__) && (defined(__x86_64__) || defined(__i386__))
#define HD_POLLING() __builtin_ia32_pause()
#elif defined(__GNUC__) && defined(__aarch64__)
#define HD_POLLING() __asm__ volatile("yield")
#else
#define HD_POLLING() ((void)0)
#endif

#define HD_RING_LINE 64u
#define HD_RING_MAGIC UINT64_C(0x676e69722d646e68) /* "hnd-ring" read as little-endian bytes */
#define HD_RING_VERSION 1u                         /* of this header's layout and of the hand sample */
#define HD_RING_MAX_CAPACITY (UINT32_C(1) << 24)
#define HD_RING_MAX_RECORD_BYTES (UINT32_C(1) << 20)

/* What hd_ring_format and hd_ring_check found wrong. */
enum hd_ring_fault {
    HD_RING_FINE = 0,
    HD_RING_UNALIGNED,  /* the block does not begin at a multiple of 64 */
    HD_RING_SHORT,      /* the block cannot hold the header, or not all slots */
    HD_RING_NO_MAGIC,   /* not a ring, or not formatted yet */
    HD_RING_OTHER_VERSION,
    HD_RING_BAD_RECORD, /* record size not a multiple of 8 in 8 .. 2^20, or not the one expected */
    HD_RING_BAD_CAPACITY, /* not a power of two in 1 .. 2^24 */
    HD_RING_BAD_INDEX   /* more records in it than it has slots: overwritten by something */
};

typedef struct hd_ring {
    /* Identity. The magic is stored last, with release: who sees it sees a formatted ring. */
    HD_ALIGNED(64) HD_ATOMIC(uint64_t) magic;
    uint32_t version;
    uint32_t record_bytes;
    uint32_t capacity;
    uint32_t header_bytes;

    HD_ALIGNED(64) uint64_t own_tail;
    uint64_t head_copy;
    HD_ATOMIC(uint64_t) producer_epoch;        /* how often a producer opened this ring */
    HD_ATOMIC(uint64_t) producer_heartbeat_ns; /* CLOCK_MONOTONIC of its last sign of life; 0: none yet */
    HD_ATOMIC(uint64_t) drops;                 /* records refused because the ring was full */

    HD_ALIGNED(64) HD_ATOMIC(uint64_t) tail;

    HD_ALIGNED(64) uint64_t tail_copy;
    HD_ATOMIC(uint64_t) consumer_epoch;
    HD_ATOMIC(uint64_t) consumer_heartbeat_ns;

    HD_ALIGNED(64) HD_ATOMIC(uint64_t) head;

    HD_ALIGNED(64) unsigned char nothing[64];
} hd_ring;

/* ---- the block ---------------------------------------------------------------------------------------------- */

static inline bool hd_ring_record_allowed(uint32_t record_bytes) {
    return record_bytes >= 8 && record_bytes <= HD_RING_MAX_RECORD_BYTES && record_bytes % 8 == 0;
}

static inline bool hd_ring_capacity_allowed(uint32_t capacity) {
    return capacity >= 1 && capacity <= HD_RING_MAX_CAPACITY && (capacity & (capacity - 1)) == 0;
}

/* Bytes of the block for so many slots of so many bytes, a multiple of 64; 0 when either is not allowed. */
static inline size_t hd_ring_bytes(uint32_t capacity, uint32_t record_bytes) {
    if (!hd_ring_record_allowed(record_bytes) || !hd_ring_capacity_allowed(capacity))
        return 0;
    size_t slots = (size_t)capacity * record_bytes;
    return sizeof(hd_ring) + (slots + HD_RING_LINE - 1) / HD_RING_LINE * HD_RING_LINE;
}

/* Make an empty ring of `bytes` bytes at `ring`. Nobody else may be using the block. Returns an hd_ring_fault. */
static inline int hd_ring_format(hd_ring *ring, size_t bytes, uint32_t capacity, uint32_t record_bytes) {
    if ((uintptr_t)ring % HD_RING_LINE != 0)
        return HD_RING_UNALIGNED;
    if (!hd_ring_record_allowed(record_bytes))
        return HD_RING_BAD_RECORD;
    if (!hd_ring_capacity_allowed(capacity))
        return HD_RING_BAD_CAPACITY;
    if (bytes < hd_ring_bytes(capacity, record_bytes))
        return HD_RING_SHORT;
    HD_STORE(&ring->magic, UINT64_C(0), HD_RING_RELAXED);
    ring->version = HD_RING_VERSION;
    ring->record_bytes = record_bytes;
    ring->capacity = capacity;
    ring->header_bytes = (uint32_t)sizeof(hd_ring);
    ring->own_tail = ring->head_copy = 0;
    HD_STORE(&ring->producer_epoch, UINT64_C(0), HD_RING_RELAXED);
    HD_STORE(&ring->producer_heartbeat_ns, UINT64_C(0), HD_RING_RELAXED);
    HD_STORE(&ring->drops, UINT64_C(0), HD_RING_RELAXED);
    HD_STORE(&ring->tail, UINT64_C(0), HD_RING_RELAXED);
    ring->tail_copy = 0;
    HD_STORE(&ring->consumer_epoch, UINT64_C(0), HD_RING_RELAXED);
    HD_STORE(&ring->consumer_heartbeat_ns, UINT64_C(0), HD_RING_RELAXED);
    HD_STORE(&ring->head, UINT64_C(0), HD_RING_RELAXED);
    /* Release: everything above is visible to whoever acquires the magic in hd_ring_check. */
    HD_STORE(&ring->magic, HD_RING_MAGIC, HD_RING_RELEASE);
    return HD_RING_FINE;
}

/* Is there a ring of this layout, with records of `record_bytes`, in these `bytes` bytes? Returns an hd_ring_fault. */
static inline int hd_ring_check(const hd_ring *ring, size_t bytes, uint32_t record_bytes) {
    if ((uintptr_t)ring % HD_RING_LINE != 0)
        return HD_RING_UNALIGNED;
    if (bytes < sizeof(hd_ring))
        return HD_RING_SHORT;
    /* Acquire: pairs with the release at the end of hd_ring_format. */
    if (HD_LOAD(&ring->magic, HD_RING_ACQUIRE) != HD_RING_MAGIC)
        return HD_RING_NO_MAGIC;
    if (ring->version != HD_RING_VERSION || ring->header_bytes != sizeof(hd_ring))
        return HD_RING_OTHER_VERSION;
    if (ring->record_bytes != record_bytes || !hd_ring_record_allowed(record_bytes))
        return HD_RING_BAD_RECORD;
    if (!hd_ring_capacity_allowed(ring->capacity))
        return HD_RING_BAD_CAPACITY;
    if (bytes < hd_ring_bytes(ring->capacity, record_bytes))
        return HD_RING_SHORT;
    /* head first: both only grow, so a live ring can look fuller than it is but never emptier than empty. */
    uint64_t head = HD_LOAD(&ring->head, HD_RING_ACQUIRE);
    uint64_t tail = HD_LOAD(&ring->tail, HD_RING_ACQUIRE);
    if (tail < head)
        return HD_RING_BAD_INDEX;
    return HD_RING_FINE;
}

static inline unsigned char *hd_ring_slot(const hd_ring *ring, uint64_t index) {
    size_t slot = (size_t)(index & (ring->capacity - 1));
    return (unsigned char *)(uintptr_t)ring + sizeof(hd_ring) + slot * ring->record_bytes;
}

/* A constant size lets the compiler move a hand sample in a few vector registers instead of calling memcpy. */
static inline void hd_ring_copy(void *to, const void *from, uint32_t record_bytes) {
    if (record_bytes == 64)
        memcpy(to, from, 64);
    else
        memcpy(to, from, record_bytes);
}

/* ---- the producer's side ------------------------------------------------------------------------------------- */

/* Take over as the producer, new or returning. Returns the new epoch, 1 for the first. */
static inline uint64_t hd_ring_open_producer(hd_ring *ring) {
    ring->own_tail = HD_LOAD(&ring->tail, HD_RING_ACQUIRE); /* what was committed is what counts */
    /* Acquire: the slots that the consumer freed are really free. */
    ring->head_copy = HD_LOAD(&ring->head, HD_RING_ACQUIRE);
    uint64_t epoch = HD_LOAD(&ring->producer_epoch, HD_RING_RELAXED) + 1;
    HD_STORE(&ring->producer_epoch, epoch, HD_RING_RELEASE);
    return epoch;
}

static inline void hd_ring_beat_producer(hd_ring *ring, uint64_t now_ns) {
    HD_STORE(&ring->producer_heartbeat_ns, now_ns, HD_RING_RELAXED); /* a sign of life orders nothing */
}

/* Count a record that found no room. Only the producer calls this, so plain load and store do. */
static inline void hd_ring_count_drop(hd_ring *ring) {
    HD_STORE(&ring->drops, HD_LOAD(&ring->drops, HD_RING_RELAXED) + 1, HD_RING_RELAXED);
}

/* The next free slot, to be filled in place and then committed; NULL when the ring is full. Counts no drop. */
static inline void *hd_ring_reserve(hd_ring *ring) {
    if (ring->own_tail - ring->head_copy >= ring->capacity) {
        /* Acquire: the consumer's reading of the slot is over before it is written again. */
        uint64_t head = HD_LOAD(&ring->head, HD_RING_ACQUIRE);
        if (ring->own_tail - head >= ring->capacity)
            return NULL;
        ring->head_copy = head;
    }
    return hd_ring_slot(ring, ring->own_tail);
}

/* Hand the reserved slot over to the consumer. */
static inline void hd_ring_commit(hd_ring *ring) {
    ring->own_tail++;
    /* Release: the record is whole before the consumer can see that it is there. */
    HD_STORE(&ring->tail, ring->own_tail, HD_RING_RELEASE);
    /* A producer in full flow runs into its own store here, and hands over several records each time the line comes
     * back to it instead of fetching it back for every one: half as many records again a second where the processors
     * are far apart. */
    (void)HD_LOAD((volatile HD_ATOMIC(uint64_t) *)&ring->tail, HD_RING_RELAXED);
}

/* Copy one record in. When the ring is full: counts a drop, keeps what is in it, returns false. Never waits. */
static inline bool hd_ring_push(hd_ring *ring, const void *record) {
    void *slot = hd_ring_reserve(ring);
    if (slot == NULL) {
        hd_ring_count_drop(ring);
        return false;
    }
    hd_ring_copy(slot, record, ring->record_bytes);
    hd_ring_commit(ring);
    return true;
}

/* ---- the consumer's side ------------------------------------------------------------------------------------- */

/* Take over as the consumer, new or returning. Returns the new epoch, 1 for the first. */
static inline uint64_t hd_ring_open_consumer(hd_ring *ring) {
    /* Acquire: the records up to there are whole. */
    ring->tail_copy = HD_LOAD(&ring->tail, HD_RING_ACQUIRE);
    uint64_t epoch = HD_LOAD(&ring->consumer_epoch, HD_RING_RELAXED) + 1;
    HD_STORE(&ring->consumer_epoch, epoch, HD_RING_RELEASE);
    return epoch;
}

static inline void hd_ring_beat_consumer(hd_ring *ring, uint64_t now_ns) {
    HD_STORE(&ring->consumer_heartbeat_ns, now_ns, HD_RING_RELAXED); /* a sign of life orders nothing */
}

/* The oldest record, to be read in place and then released; NULL when the ring is empty. */
static inline const void *hd_ring_front(hd_ring *ring) {
    uint64_t head = HD_LOAD(&ring->head, HD_RING_RELAXED); /* own index */
    const void *slot = hd_ring_slot(ring, head);
    if (head == ring->tail_copy) {
        /* Acquire: pairs with the release in hd_ring_commit, so the record is whole. */
        uint64_t tail = HD_LOAD(&ring->tail, HD_RING_ACQUIRE);
        if (head == tail) {
            /* Who asks again soon finds the record on its way, and not only the news of it; and asks a moment later, so
             * that the producer can store its index before the line is taken away once more. */
            HD_PREFETCH(slot);
            HD_POLLING();
            return NULL;
        }
        ring->tail_copy = tail;
    }
    return slot;
}

/* Give the slot of hd_ring_front back to the producer. */
static inline void hd_ring_release(hd_ring *ring) {
    uint64_t head = HD_LOAD(&ring->head, HD_RING_RELAXED); /* own index */
    /* Release: the record has been read before the producer may write over it. */
    HD_STORE(&ring->head, head + 1, HD_RING_RELEASE);
}

/* Copy the oldest record out; false when the ring is empty. Never waits. */
static inline bool hd_ring_pop(hd_ring *ring, void *record) {
    const void *slot = hd_ring_front(ring);
    if (slot == NULL)
        return false;
    hd_ring_copy(record, slot, ring->record_bytes);
    hd_ring_release(ring);
    return true;
}

/* Drop all that is in the ring now, unread. Returns how many records that were. Only for the consumer. */
static inline uint32_t hd_ring_discard(hd_ring *ring) {
    uint64_t head = HD_LOAD(&ring->head, HD_RING_RELAXED); /* own index */
    ring->tail_copy = HD_LOAD(&ring->tail, HD_RING_ACQUIRE);
    HD_STORE(&ring->head, ring->tail_copy, HD_RING_RELEASE);
    return (uint32_t)(ring->tail_copy - head);
}

/* ---- for both, and for whoever watches ------------------------------------------------------------------------ */

/* Records in the ring: exact for both sides while the other is still, else a moment old. 0 .. capacity. */
static inline uint32_t hd_ring_fill(const hd_ring *ring) {
    uint64_t head = HD_LOAD(&ring->head, HD_RING_ACQUIRE); /* first: see hd_ring_check */
    uint64_t fill = HD_LOAD(&ring->tail, HD_RING_ACQUIRE) - head;
    return fill < ring->capacity ? (uint32_t)fill : ring->capacity;
}

static inline uint64_t hd_ring_drops(const hd_ring *ring) {
    return HD_LOAD(&ring->drops, HD_RING_RELAXED);
}

static inline uint64_t hd_ring_producer_epoch(const hd_ring *ring) {
    return HD_LOAD(&ring->producer_epoch, HD_RING_ACQUIRE);
}

static inline uint64_t hd_ring_consumer_epoch(const hd_ring *ring) {
    return HD_LOAD(&ring->consumer_epoch, HD_RING_ACQUIRE);
}

static inline uint64_t hd_ring_producer_heartbeat_ns(const hd_ring *ring) {
    return HD_LOAD(&ring->producer_heartbeat_ns, HD_RING_RELAXED);
}

static inline uint64_t hd_ring_consumer_heartbeat_ns(const hd_ring *ring) {
    return HD_LOAD(&ring->consumer_heartbeat_ns, HD_RING_RELAXED);
}

#endif
