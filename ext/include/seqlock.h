/* The cell: the latest record of one writer, for any number of readers, in memory they share.
 *
 * It is for: the newest hand sample, the controls and the counters of a session, read by a page, lights, a realtime
 * thread. It is not for: every record (ring.h is), or two writers. Header-only C11 (and C++11), no Python.h.
 *
 * A seqlock with two places: `writes` counts the records ever written, and record n stands in place n mod 2. The
 * writer fills the place that nobody is sent to and only then counts up, so a writer that is killed half way leaves
 * the record before readable, and the writer that returns has nothing to repair. A reader goes again only if the
 * count moved while it read; it never waits for a writer, alive or dead, and after HD_CELL_TRIES it gives up and says
 * so.
 *
 * Records are copied word by word with atomics, because a reader may read what is being written and must be allowed
 * to. The words are stored with release and loaded with acquire instead of between fences: a reader that meets a word
 * of record n + 2 in the place of record n then is sure to find the count at n + 1 or more and to throw its copy away
 * (Boehm, "Can seqlocks get along with programming language memory models?", 2012, section 5). It costs nothing on
 * x86 and a few ldar on arm64, and a sanitizer can follow it.
 */
#ifndef HD_SEQLOCK_H
#define HD_SEQLOCK_H

#include "ring.h"

#define HD_CELL_MAGIC UINT64_C(0x6c6c65632d646e68) /* "hnd-cell" read as little-endian bytes */
#define HD_CELL_VERSION 1u
#define HD_CELL_TRIES 64

typedef struct hd_cell {
    HD_ALIGNED(64) HD_ATOMIC(uint64_t) magic; /* stored last, with release */
    uint32_t version;
    uint32_t record_bytes;
    uint32_t place_bytes; /* record_bytes rounded up to whole cache lines */
    uint32_t header_bytes;

    HD_ALIGNED(64) HD_ATOMIC(uint64_t) writes;
} hd_cell;

static inline uint32_t hd_cell_place_bytes(uint32_t record_bytes) {
    return (record_bytes + HD_RING_LINE - 1) / HD_RING_LINE * HD_RING_LINE;
}

/* Bytes of the block, a multiple of 64; 0 when the record size is not a multiple of 8 in 8 .. 2^20. */
static inline size_t hd_cell_bytes(uint32_t record_bytes) {
    return hd_ring_record_allowed(record_bytes) ? sizeof(hd_cell) + 2 * (size_t)hd_cell_place_bytes(record_bytes) : 0;
}

static inline HD_ATOMIC(uint64_t) *hd_cell_place(const hd_cell *cell, uint64_t n) {
    size_t place = (size_t)(n & 1) * hd_cell_place_bytes(cell->record_bytes);
    return (HD_ATOMIC(uint64_t) *)((uintptr_t)cell + sizeof(hd_cell) + place);
}

/* Make a cell whose record is all zeros and whose count is 0. Nobody else may be using the block. Returns an
 * hd_ring_fault. */
static inline int hd_cell_format(hd_cell *cell, size_t bytes, uint32_t record_bytes) {
    if ((uintptr_t)cell % HD_RING_LINE != 0)
        return HD_RING_UNALIGNED;
    if (!hd_ring_record_allowed(record_bytes))
        return HD_RING_BAD_RECORD;
    if (bytes < hd_cell_bytes(record_bytes))
        return HD_RING_SHORT;
    HD_STORE(&cell->magic, UINT64_C(0), HD_RING_RELAXED);
    cell->version = HD_CELL_VERSION;
    cell->record_bytes = record_bytes;
    cell->place_bytes = hd_cell_place_bytes(record_bytes);
    cell->header_bytes = (uint32_t)sizeof(hd_cell);
    HD_STORE(&cell->writes, UINT64_C(0), HD_RING_RELAXED);
    for (uint64_t n = 0; n < 2; n++)
        for (uint32_t word = 0; word < record_bytes / 8; word++)
            HD_STORE(hd_cell_place(cell, n) + word, UINT64_C(0), HD_RING_RELAXED);
    /* Release: pairs with the acquire in hd_cell_check. */
    HD_STORE(&cell->magic, HD_CELL_MAGIC, HD_RING_RELEASE);
    return HD_RING_FINE;
}

/* Is there a cell of this layout, with a record of `record_bytes`, in these `bytes` bytes? Returns an hd_ring_fault. */
static inline int hd_cell_check(const hd_cell *cell, size_t bytes, uint32_t record_bytes) {
    if ((uintptr_t)cell % HD_RING_LINE != 0)
        return HD_RING_UNALIGNED;
    if (bytes < sizeof(hd_cell))
        return HD_RING_SHORT;
    if (HD_LOAD(&cell->magic, HD_RING_ACQUIRE) != HD_CELL_MAGIC)
        return HD_RING_NO_MAGIC;
    if (cell->version != HD_CELL_VERSION || cell->header_bytes != sizeof(hd_cell))
        return HD_RING_OTHER_VERSION;
    if (cell->record_bytes != record_bytes || !hd_ring_record_allowed(record_bytes) ||
        cell->place_bytes != hd_cell_place_bytes(record_bytes))
        return HD_RING_BAD_RECORD;
    return bytes < hd_cell_bytes(record_bytes) ? HD_RING_SHORT : HD_RING_FINE;
}

/* Put a new record in. Only one writer at a time. Never waits. */
static inline void hd_cell_write(hd_cell *cell, const void *record) {
    uint64_t n = HD_LOAD(&cell->writes, HD_RING_RELAXED) + 1; /* own count */
    HD_ATOMIC(uint64_t) *place = hd_cell_place(cell, n);
    for (uint32_t i = 0; i < cell->record_bytes / 8; i++) {
        uint64_t word;
        memcpy(&word, (const unsigned char *)record + 8 * (size_t)i, 8); /* the caller's record need not be aligned */
        /* Release: who sees this word sees the count that sent readers away from this place. */
        HD_STORE(place + i, word, HD_RING_RELEASE);
    }
    /* Release: who sees the count sees the whole record. */
    HD_STORE(&cell->writes, n, HD_RING_RELEASE);
}

/* Copy the latest record out; false when the writer overtook every one of HD_CELL_TRIES readings (`record` is then
 * rubbish). Never waits. */
static inline bool hd_cell_read(const hd_cell *cell, void *record) {
    for (int tries = 0; tries < HD_CELL_TRIES; tries++) {
        uint64_t n = HD_LOAD(&cell->writes, HD_RING_ACQUIRE); /* acquire: record n is whole */
        const HD_ATOMIC(uint64_t) *place = hd_cell_place(cell, n);
        for (uint32_t i = 0; i < cell->record_bytes / 8; i++) {
            /* Acquire: keeps the second look at the count behind this word. */
            uint64_t word = HD_LOAD(place + i, HD_RING_ACQUIRE);
            memcpy((unsigned char *)record + 8 * (size_t)i, &word, 8);
        }
        if (HD_LOAD(&cell->writes, HD_RING_RELAXED) == n)
            return true;
    }
    return false;
}

/* How many records were ever written; 0: the record is all zeros. */
static inline uint64_t hd_cell_writes(const hd_cell *cell) {
    return HD_LOAD(&cell->writes, HD_RING_ACQUIRE);
}

#endif
