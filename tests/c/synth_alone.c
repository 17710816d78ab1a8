/* The synthesis headers and the engine with rings and cells allocated to the byte; run under AddressSanitizer and UBSan.
 *
 * What they sound like is measured from Python; here they are fed with the worst, and must stay in their bounds, finite, and
 * the same in blocks of any size. Exit 0 when all rules hold.
 */
#include <stdio.h>
#include <stdlib.h>

#include "backing_note.h"
#include "blocks.h"

static int broken;

#define MUST(holds)                                                                                                    \
    do {                                                                                                               \
        if (!(holds)) {                                                                                                \
            fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #holds);                                        \
            broken = 1;                                                                                                \
        }                                                                                                              \
    } while (0)

enum { RATE = 48000, T0 = 1000000000 };
#define DELAY_NS INT64_C(60000000)

static const hd_patch breathy = {
    .partials = HD_PARTIALS,
    .partial = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
    .dark = 0.5f, .bright = 1.0f, .loud_bright = 0.5f, .bite = 0.5f, .swell = 4.0f, .level = 0.2f, .unison = 8, .detune_cents = 20.0f,
    .attack_s = 0.015f, .decay_s = 0.4f, .sustain = 0.8f, .release_s = 0.06f,
    .vibrato_hz = 5.0f, .vibrato_cents = 30.0f, .vibrato_delay_s = 0.1f, .vibrato_rise_s = 0.2f,
    .breath = 0.05f, .breath_onset = 0.2f, .room_wet = 0.2f, .room_s = 1.5f, .room_treble = 0.5f,
};

static const hd_patch sawing = {
    .partials = 1, .partial = {1}, .dark = 0.5f, .bright = 1.0f, .swell = 1.0f, .level = 0.2f, .wave = HD_WAVE_SQUARE, .unison = 8,
    .attack_s = 0.002f, .decay_s = 0.4f, .sustain = 0.8f, .release_s = 0.06f, .detune_cents = 50.0f,
    .vibrato_hz = 12.0f, .vibrato_cents = 100.0f, .cutoff_closed = 0.5f, .cutoff_open = 64.0f, .resonance = 8.0f,
    .chorus = 1.0f, .chorus_hz = 8.0f, .chorus_s = 0.006f, .echo = 1.0f, .echo_s = 1.3f, .echo_feedback = 0.9f,
    .room_wet = 0.2f, .room_s = 10.0f, .room_treble = 1.0f,
};

static const hd_patch struck = {
    .partials = HD_PARTIALS, .partial = {1, 1, 1, 1}, .dark = 1.0f, .bright = 1.0f, .swell = 1.0f, .level = 0.5f, .vowel = HD_VOWEL_OO, .unison = 1,
    .attack_s = 0.002f, .decay_s = 0.4f, .sustain = 1.0f, .release_s = 0.06f, .ring_s = 0.1f, .ring_fall = 2.0f,
    .echo = 1.0f, .echo_s = 0.01f, .echo_feedback = 0.9f,
};

static const hd_patch *const patches[] = {&breathy, &sawing, &struck};
enum { PATCHES = sizeof patches / sizeof patches[0] };

static hd_ring *new_ring(uint32_t capacity, uint32_t record_bytes) {
    size_t bytes = hd_ring_bytes(capacity, record_bytes);
    hd_ring *ring = aligned_alloc(64, bytes);
    if (ring == NULL || hd_ring_format(ring, bytes, capacity, record_bytes) != HD_RING_FINE)
        exit(3);
    hd_ring_open_producer(ring);
    hd_ring_open_consumer(ring);
    return ring;
}

static hd_cell *new_cell(uint32_t record_bytes) {
    hd_cell *cell = aligned_alloc(64, hd_cell_bytes(record_bytes));
    if (cell == NULL || hd_cell_format(cell, hd_cell_bytes(record_bytes), record_bytes) != HD_RING_FINE)
        exit(3);
    return cell;
}

static hd_engine *new_engine(int rate_hz, const hd_patch *patch) {
    hd_engine *engine = malloc(sizeof *engine);
    hd_pitch_map map = hd_pitch_map_of(0.02, 0.2, 36, 96, 0xAB5, 0.85, 15, 0.025, 440, 0.5);
    if (engine == NULL)
        exit(3);
    hd_engine_init(engine, rate_hz, DELAY_NS, &map, patch, HD_HANDS);
    engine->hands.ring = new_ring(256, sizeof(hd_hand_sample));
    engine->tape = new_ring(16, sizeof(hd_tape_block));
    engine->control = new_cell(sizeof(hd_control));
    engine->status = new_cell(sizeof(hd_status));
    return engine;
}

static void free_engine(hd_engine *engine) {
    free(engine->hands.ring);
    free(engine->tape);
    free(engine->control);
    free(engine->status);
    free(engine);
}

static uint64_t seed = 88172645463325252u;

static uint64_t random_bits(void) { /* xorshift64, G. Marsaglia 2003 */
    seed ^= seed << 13;
    seed ^= seed >> 7;
    return seed ^= seed << 17;
}

static hd_hand_sample hand_at(int frame) {
    hd_hand_sample sample = {.t_capture_ns = (uint64_t)(T0 - DELAY_NS + frame * INT64_C(16666667)),
                             .frame = (uint32_t)frame,
                             .flags = (uint16_t)(frame % 40 < 33 ? HD_PRESENT | HD_SECOND_HAND : 0)};
    for (int h = 0; h < HD_HANDS; h++)
        sample.hands[h] = (hd_hand){.area = 0.02f + 0.0014f * (float)(frame * (h + 1) % 130), .y = 0.3f, .openness = 0.6f};
    return sample;
}

/* Any 64 bytes may lie in shared memory: noise, and noise that is almost a sample. */
static void any_bytes_for_hand_samples_leave_the_sound_finite_and_in_range(void) {
    for (int p = 0; p < 2 * PATCHES; p++) {
        int rate = p % 2 ? 96000 : 22050;
        hd_engine *engine = new_engine(rate, patches[p / 2]);
        hd_control wanted = {.t0_ns = T0};
        hd_cell_write(engine->control, &wanted);
        int16_t *out = malloc(128 * 4);
        MUST(out != NULL);
        for (int n = 0; n < 3000; n++) {
            hd_hand_sample sample = hand_at(n * 128 * 60 / rate);
            uint64_t *words = (uint64_t *)&sample;
            if (random_bits() % 2)
                words[random_bits() % 8] = random_bits();
            if (random_bits() % 8 == 0)
                for (int w = 0; w < 8; w++)
                    words[w] = random_bits();
            hd_ring_push(engine->hands.ring, &sample);
            hd_engine_render(engine, out, 128, (int64_t)T0 + (n - 50) * INT64_C(128000000000) / rate); /* from before t0 on */
            hd_engine_report(engine, 1);
            while (hd_ring_front(engine->tape) != NULL)
                hd_ring_release(engine->tape);
        }
        MUST(engine->hands.bad_samples > 300);
        MUST(engine->peak > 0.01f && engine->peak < 1.0f);
        for (int h = 0; h < HD_HANDS; h++)
            MUST(isfinite(engine->hands.hands[h].pitch) && isfinite(engine->hands.hands[h].loudness));
        free(out);
        free_engine(engine);
    }
}

/* Any bytes in the control cell: times and levels that nobody means. */
static void any_wishes_leave_the_engine_in_its_bounds(void) {
    hd_engine *engine = new_engine(RATE, &sawing);
    int16_t *out = malloc(333 * 4);
    MUST(out != NULL);
    for (int n = 0; n < 4000; n++) {
        hd_control wanted;
        uint64_t *words = (uint64_t *)&wanted;
        for (size_t w = 0; w < sizeof wanted / 8; w++)
            words[w] = random_bits();
        wanted.t0_ns = n % 3 ? T0 : (uint64_t)T0 + random_bits() % UINT64_C(100000000000);
        if (n % 5)
            wanted.stop_ns = wanted.t0_ns + random_bits() % UINT64_C(10000000000);
        hd_cell_write(engine->control, &wanted);
        hd_hand_sample sample = hand_at(n);
        hd_ring_push(engine->hands.ring, &sample);
        hd_engine_render(engine, out, 333, (int64_t)T0 + (int64_t)(random_bits() % UINT64_C(4000000000)));
        hd_engine_report(engine, 1);
        while (hd_ring_front(engine->tape) != NULL) {
            const hd_tape_block *block = hd_ring_front(engine->tape);
            MUST(block->frames <= HD_TAPE_FRAMES && block->first_frame >= 0);
            hd_ring_release(engine->tape);
        }
    }
    MUST(engine->peak < 1.0f);
    free(out);
    free_engine(engine);
}

static void blocks_of_any_size_hold_the_same_sound(void) {
    enum { FRAMES = 48000 };
    const int sizes[] = {4096, 32, 1, 77};
    int16_t *first = calloc(FRAMES, 4), *other = calloc(FRAMES, 4);
    hd_hand_sample samples[70];
    hd_pitch_map map = hd_pitch_map_of(0.02, 0.2, 36, 96, 0xFFF, 0.85, 15, 0.025, 440, 0.5);
    hd_engine *engine = malloc(sizeof *engine);
    MUST(first != NULL && other != NULL && engine != NULL);
    for (int n = 0; n < 70; n++)
        samples[n] = hand_at(n);
    for (size_t turn = 0; turn < PATCHES * sizeof sizes / sizeof sizes[0]; turn++) {
        size_t s = turn % (sizeof sizes / sizeof sizes[0]);
        int16_t *out = s == 0 ? first : other;
        hd_engine_init(engine, RATE, DELAY_NS, &map, patches[turn / (sizeof sizes / sizeof sizes[0])], HD_HANDS);
        engine->hands.samples = samples;
        engine->hands.count = 70;
        engine->t0_ns = T0;
        hd_engine_stop_at(engine, FRAMES);
        int done = 0, made = 1;
        while (made > 0 && done < FRAMES) {
            int room = FRAMES - done < sizes[s] ? FRAMES - done : sizes[s];
            made = hd_engine_advance(engine, out + 2 * done, room);
            done += made;
        }
        MUST(done == FRAMES && engine->ended);
        MUST(s == 0 || memcmp(first, other, FRAMES * 4) == 0);
    }
    free(engine);
    free(first);
    free(other);
}

static void frames_and_nanoseconds_agree_for_days_and_before_zero(void) {
    for (int64_t frame = -RATE * INT64_C(100); frame < RATE * INT64_C(86400) * 3; frame += 98765431) {
        MUST(hd_frame_of_ns(hd_ns_of_frame(frame, RATE), RATE) == frame);
        MUST(hd_frame_of_ns(hd_ns_of_frame(frame, 44100), 44100) == frame);
    }
    MUST(hd_ns_of_frame(-1, RATE) == -20834 && hd_ns_of_frame(RATE, RATE) == 1000000000);
}

static void notes_that_begin_or_end_outside_the_mix_stay_inside(void) {
    enum { FRAMES = 1000 };
    float *mix = calloc(FRAMES, 2 * sizeof(float));
    MUST(mix != NULL);
    for (int kind = 0; kind < HD_NOTE_TONES; kind++)
        for (int64_t first = -2000; first < 2000; first += 333)
            hd_note_add(mix, FRAMES, first, kind, 0.0 + 127.0 * (double)(first & 1), 0.02, 1.0f, 0.3f, RATE);
    for (int key = 0; key < 128; key++)
        for (int64_t first = -2000; first < 2000; first += 333)
            hd_drum_add(mix, FRAMES, first, key, 1.0f, RATE);
    for (int i = 0; i < 2 * FRAMES; i++)
        MUST(isfinite(mix[i]));
    free(mix);
}

static void the_limiter_is_continuous_and_never_reaches_full_scale(void) {
    float before = -2e9f;
    for (float x = -40.0f; x <= 40.0f; x += 0.001f) {
        float y = hd_limit(x);
        MUST(fabsf(y) < 1.0f && (y >= before));
        before = y;
    }
    MUST(hd_to_16_bits(NAN) == 0);
    MUST(hd_to_16_bits(INFINITY) > 30000 && hd_to_16_bits(-INFINITY) < -30000);
    MUST(hd_to_16_bits(1e30f) > 30000 && hd_to_16_bits(1e30f) <= 32767);
}

static void the_scale_is_found_from_any_pitch(void) {
    for (uint32_t scale = 1; scale <= 0xFFF; scale++)
        for (double pitch = -3.0; pitch < 14.0; pitch += 0.25) {
            int step = hd_scale_nearest(scale, pitch);
            MUST(hd_in_scale(scale, step));
            for (int other = -14; other < 28; other++)
                MUST(!hd_in_scale(scale, other) || fabs(pitch - step) <= fabs(pitch - other));
        }
}

/* Pitches that leap anywhere from tick to tick, in ticks of any length: bounded, and in their memory. */
static void saws_that_leap_stay_bounded(void) {
    hd_saws *saws = calloc(1, sizeof *saws);
    hd_blep *blep = malloc(sizeof *blep);
    MUST(saws != NULL && blep != NULL);
    hd_blep_init(blep);
    for (int n = 0; n < 20000; n++) {
        double step[HD_LANES];
        float gain[HD_LANES], out[HD_SAW_FRAMES];
        for (int l = 0; l < HD_LANES; l++) {
            step[l] = (double)(random_bits() % 1000) / 2000.0;
            gain[l] = (float)(random_bits() % 3) - 1.0f;
        }
        int frames = 1 + (int)(random_bits() % HD_SAW_FRAMES);
        hd_saws_run(saws, blep, HD_LANES, step, gain, out, frames);
        for (int i = 0; i < frames; i++)
            MUST(fabsf(out[i]) < 8.0f * HD_LANES);
    }
    free(saws);
    free(blep);
}

/* Numbers too small for the processor's fast path make it many times slower: no tail and no long note may meet
 * one. Only x86 tells that it did; its flag has no name in the standard. */
static void what_dies_away_never_meets_a_number_too_small(void) {
#if defined(__SSE2__) && !defined(__SANITIZE_ADDRESS__)
    for (int p = 0; p < PATCHES; p++) {
        hd_engine *engine = new_engine(RATE, patches[p]);
        hd_control wanted = {.t0_ns = T0};
        hd_cell_write(engine->control, &wanted);
        int16_t *out = malloc(800 * 4);
        MUST(out != NULL);
        unsigned flags;
        __asm__ volatile("stmxcsr %0" : "=m"(flags));
        flags &= ~0x3fu;
        __asm__ volatile("ldmxcsr %0" : : "m"(flags) : "memory");
        for (int n = 0; n < 2 * 60 * 30; n++) { /* half a minute held, as long of silence */
            hd_hand_sample sample = hand_at(n);
            sample.flags = n < 60 * 30 ? HD_PRESENT : 0;
            sample.hands[0] = (hd_hand){.area = 0.05f, .y = 0.3f, .openness = 0.6f};
            hd_ring_push(engine->hands.ring, &sample);
            hd_engine_render(engine, out, 800, (int64_t)T0 + n * INT64_C(16666667));
            while (hd_ring_front(engine->tape) != NULL)
                hd_ring_release(engine->tape);
        }
        __asm__ volatile("stmxcsr %0" : "=m"(flags) : : "memory");
        MUST((flags & 2u) == 0); /* "denormal operand" since it was cleared */
        MUST(engine->peak > 0.01f);
        free(out);
        free_engine(engine);
    }
#endif
}

int main(void) {
    what_dies_away_never_meets_a_number_too_small();
    saws_that_leap_stay_bounded();
    any_bytes_for_hand_samples_leave_the_sound_finite_and_in_range();
    any_wishes_leave_the_engine_in_its_bounds();
    blocks_of_any_size_hold_the_same_sound();
    frames_and_nanoseconds_agree_for_days_and_before_zero();
    notes_that_begin_or_end_outside_the_mix_stay_inside();
    the_limiter_is_continuous_and_never_reaches_full_scale();
    the_scale_is_found_from_any_pitch();
    return broken;
}
