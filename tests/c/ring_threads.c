/* Two threads on one ring and one cell, as hard as they can: run under ThreadSanitizer and AddressSanitizer.
 *
 * Exit 0 when every record came through whole and in order. The ring is small, so that full and empty happen all the
 * time; half of the records go in and out in place, half by copy.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "ring.h"
#include "seqlock.h"

enum { RECORDS = 16000, CAPACITY = 16, WORDS = 8, CELL_WORDS = 16 };

static hd_ring *ring;
static hd_cell *cell;
static atomic_bool writing;

static void must(int holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "broken: %s\n", what);
        exit(3);
    }
}

static void *produce(void *nothing) {
    uint64_t record[WORDS];
    (void)nothing;
    hd_ring_open_producer(ring);
    for (uint64_t n = 0; n < RECORDS; n++) {
        for (int w = 0; w < WORDS; w++)
            record[w] = n * WORDS + (uint64_t)w;
        if (n % 2 == 0) {
            while (!hd_ring_push(ring, record))
                sched_yield();
        } else {
            void *slot;
            while ((slot = hd_ring_reserve(ring)) == NULL)
                sched_yield();
            memcpy(slot, record, sizeof record);
            hd_ring_commit(ring);
        }
        hd_ring_beat_producer(ring, n);
    }
    return nothing;
}

static void *consume(void *nothing) {
    uint64_t record[WORDS];
    (void)nothing;
    hd_ring_open_consumer(ring);
    for (uint64_t n = 0; n < RECORDS; n++) {
        if (n % 3 == 0) {
            const void *slot;
            while ((slot = hd_ring_front(ring)) == NULL)
                sched_yield();
            memcpy(record, slot, sizeof record);
            hd_ring_release(ring);
        } else {
            while (!hd_ring_pop(ring, record))
                sched_yield();
        }
        for (int w = 0; w < WORDS; w++)
            must(record[w] == n * WORDS + (uint64_t)w, "a record out of order or torn");
        hd_ring_beat_consumer(ring, n);
    }
    return nothing;
}

static void *watch(void *nothing) {
    (void)nothing;
    while (atomic_load(&writing)) {
        must(hd_ring_fill(ring) <= CAPACITY, "more records than slots");
        must(hd_ring_check(ring, hd_ring_bytes(CAPACITY, 8 * WORDS), 8 * WORDS) == HD_RING_FINE, "a ring at work");
        sched_yield();
    }
    return nothing;
}

static void *write_cell(void *nothing) {
    uint64_t record[CELL_WORDS];
    (void)nothing;
    for (uint64_t n = 1; n <= RECORDS; n++) {
        for (int w = 0; w < CELL_WORDS; w++)
            record[w] = n;
        hd_cell_write(cell, record);
        if (n % 64 == 0)
            sched_yield();
    }
    atomic_store(&writing, false);
    return nothing;
}

static void *read_cell(void *nothing) {
    uint64_t record[CELL_WORDS], last = 0;
    (void)nothing;
    while (last < RECORDS) {
        if (!hd_cell_read(cell, record)) {
            sched_yield();
            continue;
        }
        for (int w = 1; w < CELL_WORDS; w++)
            must(record[w] == record[0], "a torn record in the cell");
        must(record[0] >= last, "the cell went back in time");
        last = record[0];
    }
    return nothing;
}

int main(void) {
    pthread_t thread[5];
    void *(*const part[5])(void *) = {produce, consume, watch, write_cell, read_cell};
    size_t ring_bytes = hd_ring_bytes(CAPACITY, 8 * WORDS), cell_bytes = hd_cell_bytes(8 * CELL_WORDS);
    ring = aligned_alloc(64, ring_bytes);
    cell = aligned_alloc(64, cell_bytes);
    must(ring != NULL && cell != NULL, "memory");
    must(hd_ring_format(ring, ring_bytes, CAPACITY, 8 * WORDS) == HD_RING_FINE, "format of the ring");
    must(hd_cell_format(cell, cell_bytes, 8 * CELL_WORDS) == HD_RING_FINE, "format of the cell");
    atomic_store(&writing, true);
    for (int n = 0; n < 5; n++)
        must(pthread_create(&thread[n], NULL, part[n], NULL) == 0, "a thread");
    for (int n = 0; n < 5; n++)
        must(pthread_join(thread[n], NULL) == 0, "a join");
    must(hd_ring_fill(ring) == 0 && hd_cell_writes(cell) == RECORDS, "all came through");
    free(ring);
    free(cell);
    return 0;
}
