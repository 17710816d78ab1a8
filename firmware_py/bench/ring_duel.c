/* The ring's benchmark between two pinned processes: round trips and throughput of ring.h, beside a bare ping-pong over
 * one atomic, which every round measures just before and just after, and beside boost's queue where it is compiled in.
 *
 * `ring_duel SECONDS` repeats short interleaved rounds and prints JSON of what each round gave; medians are taken by
 * firmware_py/bench/duel.py. Every trip carries one clock reading, the ping-pong's too; its cost is printed. A ratio
 * under 1 is no mistake: the ping-pong's one word is stored and loaded by both, while a ring's index is stored by one
 * side only.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "duel.h"
#include "ring.h"

typedef struct {
    _Alignas(64) unsigned char block[sizeof(hd_ring) + DUEL_CAPACITY * sizeof(duel_record)];
} ring_queue;

HD_DUEL(ring, ring_queue, hd_ring_format((hd_ring *)queue, sizeof(ring_queue), DUEL_CAPACITY, sizeof(duel_record)),
        hd_ring_push((hd_ring *)queue, record), hd_ring_pop((hd_ring *)queue, record))

/* The bare ping-pong: one atomic word that goes to and fro. The least that two processes can pay. */
typedef struct {
    _Alignas(64) _Atomic uint64_t ball;
} bare_ball;

static void bare_ping(void *there, void *back, uint32_t *trip_ns, uint32_t trips) {
    bare_ball *ball = there;
    (void)back;
    uint64_t before = duel_now_ns();
    for (uint64_t n = 0; n < trips; n++) {
        atomic_store_explicit(&ball->ball, 2 * n + 1, memory_order_release);
        while (atomic_load_explicit(&ball->ball, memory_order_acquire) != 2 * n + 2) {
        }
        uint64_t after = duel_now_ns();
        trip_ns[n] = (uint32_t)(after - before);
        before = after;
    }
}

static void bare_pong(void *there, void *back, uint32_t trips) {
    bare_ball *ball = there;
    (void)back;
    for (uint64_t n = 0; n < trips; n++) {
        while (atomic_load_explicit(&ball->ball, memory_order_acquire) != 2 * n + 1) {
        }
        atomic_store_explicit(&ball->ball, 2 * n + 2, memory_order_release);
    }
}

static void bare_make(void *memory) {
    atomic_store(&((bare_ball *)memory)->ball, 0);
}

static const struct duel duel_bare = {
    .bytes = sizeof(bare_ball), .make = bare_make, .ping = bare_ping, .pong = bare_pong};

#ifdef DUEL_BOOST
extern const struct duel duel_boost;
#endif

enum { TRIPS = 4000, RECORDS = 40000, SPRINTS = 9, FILLS = 64, QUEUE_ROOM = 1 << 20 };

struct stage { /* in shared memory */
    _Alignas(64) _Atomic uint32_t arrived[2];
    _Alignas(64) _Atomic uint32_t over;
    _Alignas(4096) unsigned char there[QUEUE_ROOM];
    _Alignas(4096) unsigned char back[QUEUE_ROOM];
};

/* Both processes meet here; each counts its own arrivals. */
static void meet(struct stage *stage, int me) {
    uint32_t mine = atomic_load(&stage->arrived[me]) + 1;
    atomic_store(&stage->arrived[me], mine);
    while (atomic_load(&stage->arrived[1 - me]) < mine)
        sched_yield(); /* the other may need this very processor to get here */
}

static int by_size(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static uint32_t trip_ns[TRIPS];

/* Mean of the middle half: as steady as the median, and finer than a clock that moves in steps. Of sorted trips. */
static double middle(const uint32_t *sorted, uint32_t count) {
    uint64_t sum = 0;
    for (uint32_t n = count / 4; n < count * 3 / 4; n++)
        sum += sorted[n];
    return (double)sum / (count * 3 / 4 - count / 4);
}

/* One round of trips, both sides; the leader prints the middle, p50, p99 and p99.9 in ns. */
static void round_trips(struct stage *stage, int me, const struct duel *duel, const char *name) {
    if (me == 0) {
        duel->make(stage->there);
        duel->make(stage->back);
    }
    meet(stage, me);
    if (me == 1) {
        duel->pong(stage->there, stage->back, TRIPS);
        return;
    }
    duel->ping(stage->there, stage->back, trip_ns, TRIPS);
    qsort(trip_ns, TRIPS, sizeof trip_ns[0], by_size);
    printf("\"%s\":[%.2f,%u,%u,%u]", name, middle(trip_ns, TRIPS), trip_ns[TRIPS / 2],
           trip_ns[TRIPS * 99 / 100], trip_ns[TRIPS * 999L / 1000]);
}

/* One round of throughput: the follower produces, the leader consumes and prints the records per second of the middle
 * one of several sprints, each too short for both processes to be kept from their processors in most of them. */
static void through(struct stage *stage, int me, const struct duel *duel, const char *name) {
    uint32_t took_ns[SPRINTS];
    for (int n = 0; n < SPRINTS; n++) {
        if (me == 0)
            duel->make(stage->there);
        meet(stage, me);
        if (me == 1) {
            duel->produce(stage->there, RECORDS);
        } else {
            uint64_t start = duel_now_ns();
            uint64_t sum = duel->consume(stage->there, RECORDS);
            took_ns[n] = (uint32_t)(duel_now_ns() - start);
            if (sum != (uint64_t)RECORDS * (RECORDS - 1) / 2) {
                fprintf(stderr, "%s lost or repeated records\n", name);
                exit(1);
            }
        }
        meet(stage, me);
    }
    if (me == 0) {
        qsort(took_ns, SPRINTS, sizeof took_ns[0], by_size);
        printf("\"%s\":%.0f", name, RECORDS * 1e9 / took_ns[SPRINTS / 2]);
    }
}

/* One round alone: the cost of a push and of a pop with nobody on the other side. */
static void alone(struct stage *stage, const struct duel *duel, const char *name) {
    uint64_t push = 0, pop = 0;
    uint32_t in = 0, out = 0;
    duel->make(stage->there);
    for (int n = 0; n < FILLS; n++) {
        uint64_t start = duel_now_ns();
        in += duel->fill(stage->there, DUEL_CAPACITY);
        uint64_t full = duel_now_ns();
        out += duel->drain(stage->there, DUEL_CAPACITY);
        push += full - start;
        pop += duel_now_ns() - full;
    }
    printf("\"%s\":[%.2f,%.2f]", name, (double)push / in, (double)pop / out);
}

static void one_round(struct stage *stage, int me) {
    if (me == 0)
        printf("{\"rtt\":{");
    round_trips(stage, me, &duel_bare, "before");
    if (me == 0)
        printf(",");
    round_trips(stage, me, &duel_ring, "ring");
    if (me == 0)
        printf(",");
    round_trips(stage, me, &duel_bare, "after");
#ifdef DUEL_BOOST
    if (me == 0)
        printf(",");
    round_trips(stage, me, &duel_boost, "boost");
#endif
    if (me == 0)
        printf("},\"items_per_s\":{");
    through(stage, me, &duel_ring, "ring");
#ifdef DUEL_BOOST
    if (me == 0)
        printf(",");
    through(stage, me, &duel_boost, "boost");
#endif
    meet(stage, me);
    if (me == 1)
        return;
    printf("},\"alone\":{");
    alone(stage, &duel_ring, "ring");
#ifdef DUEL_BOOST
    printf(",");
    alone(stage, &duel_boost, "boost");
#endif
    printf("}}");
}

static uint32_t clock_cost_ns(void) {
    uint64_t start = duel_now_ns();
    for (int n = 0; n < 9999; n++)
        duel_now_ns();
    return (uint32_t)((duel_now_ns() - start) / 10000);
}

/* Keep this process on the nth of the processors it may use; false when there are not so many. */
static bool pin(const cpu_set_t *allowed, int nth) {
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, allowed) && nth-- == 0) {
            cpu_set_t one;
            CPU_ZERO(&one);
            CPU_SET(cpu, &one);
            return sched_setaffinity(0, sizeof one, &one) == 0;
        }
    return false;
}

int main(int argc, char **argv) {
    double seconds = argc == 2 ? atof(argv[1]) : 0;
    cpu_set_t allowed;
    if (seconds <= 0) {
        fprintf(stderr, "usage: ring_duel SECONDS\n");
        return 2;
    }
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0 || CPU_COUNT(&allowed) < 2) {
        fprintf(stderr, "two processors are needed, one for each side\n");
        return 1;
    }
    struct stage *stage = mmap(NULL, sizeof *stage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (stage == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    uint64_t end = duel_now_ns() + (uint64_t)(seconds * 1e9);
    pid_t leader = getpid();
    pid_t follower = fork();
    if (follower < 0) {
        perror("fork");
        return 1;
    }
    int me = follower == 0;
    if (me == 1 && (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != leader))
        return 1;
    alarm((unsigned)(10 * seconds) + 30); /* a partner that died would be waited for in vain */
    pin(&allowed, me);
    if (me == 0)
        printf("{\"clock_ns\":%u,\"rounds\":[", clock_cost_ns());
    for (uint32_t rounds = 0;; rounds++) {
        if (me == 0 && rounds > 0)
            printf(",\n");
        one_round(stage, me);
        if (me == 0)
            atomic_store(&stage->over, duel_now_ns() >= end && rounds >= 2);
        meet(stage, me);
        if (atomic_load(&stage->over))
            break;
    }
    if (me == 1)
        return 0;
    printf("]}\n");
    int status;
    return waitpid(follower, &status, 0) == follower && status == 0 ? 0 : 1;
}
