/* Runs mask.h over pictures and poses of every odd kind; built with AddressSanitizer and UBSan by test_mask_c.py.
 * PLANT_* give it a buffer that is too short, to prove that the sanitizers look. */
#include <stdio.h>
#include <stdlib.h>

#include "mask.h"

#define CHECK(condition)                                                   \
    do {                                                                   \
        if (!(condition)) {                                                \
            fprintf(stderr, "line %d: %s\n", __LINE__, #condition);        \
            exit(1);                                                       \
        }                                                                  \
    } while (0)

static uint32_t seed = 1;

static float chance(float low, float high) {
    seed = seed * 1664525u + 1013904223u;
    return low + (high - low) * (float)(seed >> 8) / 16777216.0f;
}

static void measure_once(const hd_picture *picture, const hd_shape *shape, const hd_shape *rival,
                         const hd_colour_odds *odds, hd_pose pose, int steps) {
    int cells_x = picture->width / 2, cells_y = picture->height / 2, gate[4];
    size_t cells = (size_t)cells_x * (size_t)cells_y, evidence_cells = cells, scratch_cells = cells;
    float sigmoid[512];
    int8_t ease[256];
#ifdef PLANT_SHORT_EVIDENCE
    evidence_cells = cells - 1;
#endif
#ifdef PLANT_SHORT_SCRATCH
    scratch_cells = cells - 1;
#endif
    int8_t *evidence = calloc(evidence_cells, 1);
    hd_scratch scratch = {calloc(scratch_cells, sizeof(float)), calloc(scratch_cells, 1)};
    hd_pose rival_pose = {chance(-10, 40), chance(-10, 40), chance(0.1f, 60)}, start = pose;
    hd_reference reference = {chance(0.05f, 2), chance(-1, 1), chance(-1, 1)};
    hd_measure m;
    hd_sigmoid_table(sigmoid);
    hd_ease_table(ease, chance(0, 1), chance(0, 1));
    float whole = hd_shape_whole(shape, sigmoid);
    CHECK(whole >= 0 && whole <= 4);
    for (int k = 0; k <= steps; k++) {
        hd_gate(&pose, cells_x, cells_y, gate);
        hd_evidence(picture, odds, gate, evidence);
        hd_measure_at(evidence, cells_x, gate, shape, &pose, rival, &rival_pose, ease, sigmoid, whole, &scratch, &m);
        CHECK(m.mass >= 0 && m.mass <= (float)cells * 1.001f);
        CHECK(m.visible >= 0 && m.visible <= 1);
        CHECK(m.support >= 0 && m.support <= 1 && m.surround >= 0 && m.surround <= 1);
        CHECK(m.left <= m.right && m.top <= m.bottom && m.right <= (float)cells_x && m.bottom <= (float)cells_y);
        hd_follow(&m, &reference, &start, 0.3f, &pose);
        CHECK(pose.scale > 0 && pose.x == pose.x && pose.y == pose.y);
        CHECK(hypotf(pose.x - start.x, pose.y - start.y) <= 0.301f * start.scale + 1e-2f);
    }
    hd_gate(&pose, cells_x, cells_y, gate);
    hd_evidence(picture, odds, gate, evidence);
    hd_measure_at(evidence, cells_x, gate, shape, &pose, NULL, NULL, ease, sigmoid, whole, &scratch, &m);
    uint8_t *shown = malloc(cells);
    hd_picture_of_mask(cells_x, cells_y, gate, &scratch, shown);
    free(shown);
    free(evidence);
    free(scratch.chance);
    free(scratch.reached);
}

int main(void) {
    static const int sizes[][2] = {{2, 2}, {2, 40}, {40, 2}, {66, 50}, {320, 240}, {2048, 6}};
    hd_colours *colours = calloc(1, sizeof *colours);
    hd_colour_odds *odds = calloc(1, sizeof *odds);
    uint32_t *scratch = malloc(3 * HD_COLOURS * sizeof *scratch);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        int width = sizes[s][0], height = sizes[s][1];
        size_t bytes = (size_t)width * (size_t)height * 3 / 2;
        uint8_t *i420 = malloc(bytes);
        for (size_t k = 0; k < bytes; k++) i420[k] = (uint8_t)chance(0, 256);
        hd_picture picture = {i420, i420 + (size_t)width * (size_t)height,
                              i420 + (size_t)width * (size_t)height * 5 / 4, width, height};
        for (int round = 0; round < 30; round++) {
            float capsules[12], wrist[4] = {chance(-1, 1), chance(-1, 1), 0, 1};
            hd_shape shape, rival;
            for (int k = 0; k < 12; k++) capsules[k] = chance(-1.5f, 1.5f);
            hd_shape_draw(&shape, capsules, 2, chance(0.01f, 1), wrist);
            hd_shape_draw(&rival, capsules, 1, chance(0.01f, 1), wrist);
            hd_pose pose = {chance(-50, (float)width), chance(-50, (float)height), chance(0.01f, 400)};
            hd_pose other = {chance(-50, (float)width), chance(-50, (float)height), chance(0.01f, 400)};
            if (round < 3) {
                hd_colours_learn(colours, &picture, &shape, &pose, round ? &rival : NULL, &other,
                                 round > 1 ? odds : NULL, 0.5f, scratch);
                float quality = hd_colours_settle(colours, odds, (float *)scratch);
                CHECK(quality >= 0 && quality <= 1);
            }
            measure_once(&picture, &shape, round % 2 ? &rival : NULL, odds, pose, round % 6);
        }
        hd_pose everywhere = {(float)width / 4, (float)height / 4, 4096};
        hd_shape whole;
        float disc[6] = {0, 0, 0.5f, 0, 0, 0.5f}, far[4] = {0, 9, 0, 1};
        hd_shape_draw(&whole, disc, 1, 0.5f, far);
        measure_once(&picture, &whole, NULL, odds, everywhere, 0);
        free(i420);
    }
    free(colours);
    free(odds);
    free(scratch);
    puts("ok");
    return 0;
}
