/* Every rule of ring.h and seqlock.h that one thread can see; run under AddressSanitizer and UBSan.
 *
 * Blocks are allocated to the byte, so that one byte too far is a report. Exit 0 when all rules hold.
 */
#include <stdio.h>
#include <stdlib.h>

#include "ring.h"
#include "seqlock.h"

static int broken;

#define MUST(holds)                                                                                                    \
    do {                                                                                                               \
        if (!(holds)) {                                                                                                \
            fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #holds);                                        \
            broken = 1;                                                                                                \
        }                                                                                                              \
    } while (0)

static hd_ring *new_ring(uint32_t capacity, uint32_t record_bytes) {
    size_t bytes = hd_ring_bytes(capacity, record_bytes);
    hd_ring *ring = aligned_alloc(64, bytes);
    if (ring == NULL || hd_ring_format(ring, bytes, capacity, record_bytes) != HD_RING_FINE) {
        fprintf(stderr, "no ring of %u records of %u bytes\n", capacity, record_bytes);
        exit(3);
    }
    return ring;
}

static void sizes_that_are_not_allowed_need_no_bytes(void) {
    MUST(hd_ring_bytes(0, 64) == 0);
    MUST(hd_ring_bytes(3, 64) == 0);
    MUST(hd_ring_bytes(HD_RING_MAX_CAPACITY * 2, 64) == 0);
    MUST(hd_ring_bytes(4, 0) == 0);
    MUST(hd_ring_bytes(4, 12) == 0);
    MUST(hd_ring_bytes(4, HD_RING_MAX_RECORD_BYTES + 8) == 0);
    MUST(hd_cell_bytes(0) == 0 && hd_cell_bytes(9) == 0);
    MUST(hd_ring_bytes(4, 64) == sizeof(hd_ring) + 256);
    MUST(hd_ring_bytes(1, 8) == sizeof(hd_ring) + 64);
}

static void every_size_comes_back_in_order_and_whole(void) {
    const uint32_t sizes[] = {8, 24, 64, 128, 1088};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
        for (uint32_t capacity = 1; capacity <= 16; capacity *= 2) {
            uint32_t size = sizes[s];
            hd_ring *ring = new_ring(capacity, size);
            unsigned char *in = malloc(size), *out = malloc(size);
            unsigned char next_in = 0, next_out = 0;
            MUST(in != NULL && out != NULL);
            for (int lap = 0; lap < 5; lap++) {
                for (uint32_t n = 0; n < capacity; n++) {
                    memset(in, next_in++, size);
                    MUST(hd_ring_push(ring, in));
                    MUST(hd_ring_fill(ring) == n + 1);
                }
                memset(in, 255, size);
                MUST(!hd_ring_push(ring, in));
                MUST(hd_ring_reserve(ring) == NULL);
                MUST(hd_ring_drops(ring) == (uint64_t)lap + 1); /* reserve counts none */
                for (uint32_t n = 0; n < capacity; n++) {
                    MUST(hd_ring_pop(ring, out));
                    memset(in, next_out++, size);
                    MUST(memcmp(in, out, size) == 0);
                }
                MUST(!hd_ring_pop(ring, out));
                MUST(hd_ring_front(ring) == NULL);
            }
            free(in);
            free(out);
            free(ring);
        }
}

static void discard_leaves_it_empty_and_usable(void) {
    hd_ring *ring = new_ring(4, 8);
    uint64_t record = 1;
    MUST(hd_ring_push(ring, &record) && hd_ring_push(ring, &record));
    MUST(hd_ring_discard(ring) == 2 && hd_ring_discard(ring) == 0 && hd_ring_fill(ring) == 0);
    record = 7;
    MUST(hd_ring_push(ring, &record));
    record = 0;
    MUST(hd_ring_pop(ring, &record) && record == 7);
    free(ring);
}

static void whoever_returns_finds_the_ring_as_it_was_left(void) {
    hd_ring *ring = new_ring(2, 8);
    uint64_t record = 5;
    MUST(hd_ring_open_producer(ring) == 1 && hd_ring_open_consumer(ring) == 1);
    MUST(hd_ring_push(ring, &record));
    MUST(hd_ring_reserve(ring) != NULL);
    ring->own_tail++; /* dies in the commit, between its own count and the store that counts */
    MUST(hd_ring_open_producer(ring) == 2);
    record = 6;
    MUST(hd_ring_push(ring, &record));
    MUST(hd_ring_front(ring) != NULL);
    ring->tail_copy = 0; /* dies in the release */
    MUST(hd_ring_open_consumer(ring) == 2);
    MUST(hd_ring_pop(ring, &record) && record == 5);
    MUST(hd_ring_pop(ring, &record) && record == 6);
    MUST(!hd_ring_pop(ring, &record));
    MUST(hd_ring_producer_epoch(ring) == 2 && hd_ring_consumer_epoch(ring) == 2);
    hd_ring_beat_producer(ring, 11);
    hd_ring_beat_consumer(ring, 12);
    MUST(hd_ring_producer_heartbeat_ns(ring) == 11 && hd_ring_consumer_heartbeat_ns(ring) == 12);
    free(ring);
}

static void check_names_what_is_wrong(void) {
    size_t bytes = hd_ring_bytes(4, 64);
    unsigned char *block = aligned_alloc(64, bytes + 64);
    hd_ring *ring = (hd_ring *)block;
    MUST(block != NULL);
    memset(block, 0, bytes + 64);
    MUST(hd_ring_check(ring, bytes, 64) == HD_RING_NO_MAGIC);
    MUST(hd_ring_format(ring, bytes - 64, 4, 64) == HD_RING_SHORT);
    MUST(hd_ring_format(ring, bytes, 5, 64) == HD_RING_BAD_CAPACITY);
    MUST(hd_ring_format(ring, bytes, 4, 20) == HD_RING_BAD_RECORD);
    MUST(hd_ring_format(ring, bytes, 4, 64) == HD_RING_FINE);
    MUST(hd_ring_check(ring, bytes, 64) == HD_RING_FINE);
    MUST(hd_ring_check(ring, bytes, 72) == HD_RING_BAD_RECORD);
    MUST(hd_ring_check(ring, bytes - 1, 64) == HD_RING_SHORT);
    MUST(hd_ring_check(ring, 63, 64) == HD_RING_SHORT);
    ring->version++;
    MUST(hd_ring_check(ring, bytes, 64) == HD_RING_OTHER_VERSION);
    ring->version--;
    ring->capacity = 6;
    MUST(hd_ring_check(ring, bytes, 64) == HD_RING_BAD_CAPACITY);
    ring->capacity = 4;
    atomic_store(&ring->head, 9);
    MUST(hd_ring_check(ring, bytes, 64) == HD_RING_BAD_INDEX);
    free(block);
}

static void a_cell_gives_the_last_whole_record(void) {
    uint32_t size = 72;
    hd_cell *cell = aligned_alloc(64, hd_cell_bytes(size));
    unsigned char in[73], out[73]; /* one byte off: the caller's record need not be aligned */
    MUST(cell != NULL && hd_cell_format(cell, hd_cell_bytes(size), size) == HD_RING_FINE);
    MUST(hd_cell_check(cell, hd_cell_bytes(size), size) == HD_RING_FINE);
    MUST(hd_cell_check(cell, hd_cell_bytes(size), 64) == HD_RING_BAD_RECORD);
    MUST(hd_cell_check(cell, hd_cell_bytes(size) - 1, size) == HD_RING_SHORT);
    MUST(hd_cell_read(cell, out + 1) && out[1] == 0 && out[72] == 0 && hd_cell_writes(cell) == 0);
    for (int n = 1; n < 6; n++) {
        memset(in, n, sizeof in);
        hd_cell_write(cell, in + 1);
        /* A writer that dies half way has filled part of the other place and not counted. */
        atomic_store(hd_cell_place(cell, (uint64_t)n + 1), UINT64_MAX);
        MUST(hd_cell_read(cell, out + 1) && memcmp(in + 1, out + 1, size) == 0);
        MUST(hd_cell_writes(cell) == (uint64_t)n);
    }
    free(cell);
}

int main(void) {
    sizes_that_are_not_allowed_need_no_bytes();
    every_size_comes_back_in_order_and_whole();
    discard_leaves_it_empty_and_usable();
    whoever_returns_finds_the_ring_as_it_was_left();
    check_names_what_is_wrong();
    a_cell_gives_the_last_whole_record();
    return broken;
}
