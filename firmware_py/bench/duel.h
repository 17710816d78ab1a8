/* One contender of the ring's benchmark: four loops over a queue of 64-byte records, the same source for every queue.
 *
 * HD_DUEL(name, type, make_, push_, pop_) makes `const struct duel duel_<name>` out of three expressions over
 * `queue`, a pointer to `type`: make one in zeroed memory, push `record`, pop into `record`. For measuring only.
 */
#ifndef HD_DUEL_H
#define HD_DUEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#ifndef DUEL_CAPACITY
#define DUEL_CAPACITY 1024
#endif

typedef struct duel_record {
    uint64_t word[8];
} duel_record;

struct duel {
    size_t bytes;                                                            /* of one queue */
    void (*make)(void *queue);                                               /* in zeroed, page-aligned memory */
    void (*ping)(void *there, void *back, uint32_t *trip_ns, uint32_t trips); /* send, wait, take the time */
    void (*pong)(void *there, void *back, uint32_t trips);                   /* wait, answer */
    void (*produce)(void *queue, uint32_t records);
    uint64_t (*consume)(void *queue, uint32_t records);                      /* returns the sum of all first words */
    uint32_t (*fill)(void *queue, uint32_t records);                         /* returns how many went in */
    uint32_t (*drain)(void *queue, uint32_t records);                        /* returns how many came out */
};

static inline uint64_t duel_now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Keeps the compiler from leaving out a copy that nobody reads. */
#define DUEL_USE(object) __asm__ volatile("" : : "r"(&(object)) : "memory")

#define HD_DUEL(name, type, make_, push_, pop_)                                                                        \
    static inline bool name##_push(type *queue, const duel_record *record) { return (push_); }                         \
    static inline bool name##_pop(type *queue, duel_record *record) { return (pop_); }                                 \
    static void name##_make(void *memory) {                                                                            \
        type *queue = (type *)memory;                                                                                  \
        make_;                                                                                                         \
    }                                                                                                                  \
    static void name##_ping(void *there, void *back, uint32_t *trip_ns, uint32_t trips) {                              \
        duel_record record = {{0}};                                                                                    \
        uint64_t before = duel_now_ns();                                                                               \
        for (uint32_t n = 0; n < trips; n++) {                                                                         \
            record.word[0] = n;                                                                                        \
            while (!name##_push((type *)there, &record)) {                                                             \
            }                                                                                                          \
            while (!name##_pop((type *)back, &record)) {                                                               \
            }                                                                                                          \
            uint64_t after = duel_now_ns();                                                                            \
            trip_ns[n] = (uint32_t)(after - before);                                                                   \
            before = after;                                                                                            \
        }                                                                                                              \
    }                                                                                                                  \
    static void name##_pong(void *there, void *back, uint32_t trips) {                                                 \
        duel_record record;                                                                                            \
        for (uint32_t n = 0; n < trips; n++) {                                                                         \
            while (!name##_pop((type *)there, &record)) {                                                              \
            }                                                                                                          \
            while (!name##_push((type *)back, &record)) {                                                              \
            }                                                                                                          \
        }                                                                                                              \
    }                                                                                                                  \
    static void name##_produce(void *queue, uint32_t records) {                                                        \
        duel_record record = {{0}};                                                                                    \
        for (uint32_t n = 0; n < records; n++) {                                                                       \
            record.word[0] = n;                                                                                        \
            while (!name##_push((type *)queue, &record)) {                                                             \
            }                                                                                                          \
        }                                                                                                              \
    }                                                                                                                  \
    static uint64_t name##_consume(void *queue, uint32_t records) {                                                    \
        duel_record record;                                                                                            \
        uint64_t sum = 0;                                                                                              \
        for (uint32_t n = 0; n < records; n++) {                                                                       \
            while (!name##_pop((type *)queue, &record)) {                                                              \
            }                                                                                                          \
            DUEL_USE(record);                                                                                          \
            sum += record.word[0];                                                                                     \
        }                                                                                                              \
        return sum;                                                                                                    \
    }                                                                                                                  \
    static uint32_t name##_fill(void *queue, uint32_t records) {                                                       \
        duel_record record = {{0}};                                                                                    \
        uint32_t done = 0;                                                                                             \
        while (done < records && name##_push((type *)queue, &record))                                                  \
            done++;                                                                                                    \
        return done;                                                                                                   \
    }                                                                                                                  \
    static uint32_t name##_drain(void *queue, uint32_t records) {                                                      \
        duel_record record;                                                                                            \
        uint32_t done = 0;                                                                                             \
        while (done < records && name##_pop((type *)queue, &record)) {                                                 \
            DUEL_USE(record);                                                                                          \
            done++;                                                                                                    \
        }                                                                                                              \
        return done;                                                                                                   \
    }                                                                                                                  \
    extern const struct duel duel_##name;                                                                              \
    const struct duel duel_##name = {sizeof(type), name##_make,    name##_ping, name##_pong, name##_produce,           \
                                     name##_consume, name##_fill, name##_drain};

#endif
