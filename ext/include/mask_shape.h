/* The shape of a hand as log-odds on a small grid, drawn from capsules, and the pose that lays it over a picture.
 *
 * The units that the colours and the measuring share are here too. A cell is 2x2 luma pixels with their one U and V.
 * Nothing here allocates, locks or keeps a global. Not here: colours (mask_colours.h), measuring (mask.h).
 */
#ifndef HAND_DANCE_MASK_SHAPE_H
#define HAND_DANCE_MASK_SHAPE_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

#define HD_GRID 96          /* cells across a shape's grid, which spans -1...1 of its own units both ways */
#define HD_UNIT 8           /* log-odds are kept in eighths of a nat */
#define HD_NEVER (-127)     /* forearm and beyond the grid: never hand, never learnt from */
#define HD_CORE 16          /* shape log-odds from here up: surely inside */
#define HD_OUTSIDE (-12)    /* shape log-odds from here down: outside, the room close to the hand */

typedef struct {
    float x, y;  /* centre of the grid, in cells of the picture */
    float scale; /* cells of the picture from the grid's centre to its edge, > 0 */
} hd_pose;

typedef struct {
    int8_t odds[HD_GRID * HD_GRID];
} hd_shape;

static inline int hd_clampi(int v, int low, int high) { return v < low ? low : v > high ? high : v; }
static inline float hd_clampf(float v, float low, float high) { return v < low ? low : v > high ? high : v; }

static inline float hd_sigmoid(float nats) { return 1.0f / (1.0f + expf(-nats)); }

/* Sigmoid of -256...255 eighths of a nat. */
static inline void hd_sigmoid_table(float table[512]) {
    for (int i = 0; i < 512; i++) table[i] = hd_sigmoid((float)(i - 256) / HD_UNIT);
}


/* Signed distance to the union of n capsules; each x0 y0 r0 x1 y1 r1, radius linear from end to end. */
static inline float hd_capsules_distance(const float *capsules, int n, float x, float y) {
    float nearest = 1e9f;
    for (int i = 0; i < n; i++) {
        const float *c = capsules + 6 * i;
        float ax = c[3] - c[0], ay = c[4] - c[1], px = x - c[0], py = y - c[1];
        float length2 = ax * ax + ay * ay;
        float t = length2 > 1e-12f ? hd_clampf((px * ax + py * ay) / length2, 0.0f, 1.0f) : 0.0f;
        float qx = px - t * ax, qy = py - t * ay;
        float d = sqrtf(qx * qx + qy * qy) - (c[2] + t * (c[5] - c[2]));
        if (d < nearest) nearest = d;
    }
    return nearest;
}

/* Log-odds in nats at a signed distance in palm breadths: sure a tenth of a breadth inside; outside falling fast at
 * first, then slowly, so that a strong colour still wins where a finger has moved since the finder looked. */
static inline float hd_profile(float d) {
    if (d < -0.10f) return 3.0f;
    if (d < 0.0f) return d * -30.0f;
    if (d < 0.12f) return d * -16.0f;
    return -1.92f - (d - 0.12f) * 9.0f;
}

/* Draw the shape of a hand made of n capsules. breadth: of its palm, in grid units. wrist: a point and the unit
 * direction towards the forearm; beyond it nothing is hand. */
static inline void hd_shape_draw(hd_shape *shape, const float *capsules, int n, float breadth, const float wrist[4]) {
    enum { HALF = HD_GRID / 2 };
    float distance[HALF + 1][HALF + 1]; /* at every second grid line; linear between */
    for (int j = 0; j <= HALF; j++)
        for (int i = 0; i <= HALF; i++)
            distance[j][i] = hd_capsules_distance(capsules, n, (float)i * 2 / HALF - 1, (float)j * 2 / HALF - 1);
    for (int j = 0; j < HD_GRID; j++)
        for (int i = 0; i < HD_GRID; i++) {
            float fx = (float)(i & 1) * 0.5f + 0.25f, fy = (float)(j & 1) * 0.5f + 0.25f;
            const float *a = distance[j / 2] + i / 2, *b = distance[j / 2 + 1] + i / 2;
            float d = (a[0] * (1 - fx) + a[1] * fx) * (1 - fy) + (b[0] * (1 - fx) + b[1] * fx) * fy;
            float x = ((float)i + 0.5f) * 2.0f / HD_GRID - 1.0f, y = ((float)j + 0.5f) * 2.0f / HD_GRID - 1.0f;
            float beyond = ((x - wrist[0]) * wrist[2] + (y - wrist[1]) * wrist[3]) / breadth;
            float nats = hd_profile(d / breadth);
            if (beyond > 0.0f) nats -= beyond * 60.0f;
            shape->odds[j * HD_GRID + i] =
                beyond > 0.15f ? HD_NEVER : (int8_t)hd_clampi((int)lrintf(nats * HD_UNIT), HD_NEVER + 1, 127);
        }
}

/* Where colour tells hand from room, the shape need not: the weight of each of its log-odds -128...127 in a chance.
 * outside, inside: what is left of it beyond the rim and within, 0...1. */
static inline void hd_ease_table(int8_t table[256], float outside, float inside) {
    for (int i = 0; i < 256; i++) {
        int odds = i - 128;
        float eased = odds > 0            ? (float)odds * inside
                      : odds < HD_OUTSIDE ? (float)HD_OUTSIDE + (float)(odds - HD_OUTSIDE) * outside
                                          : (float)odds;
        table[i] = (int8_t)lrintf(eased);
    }
}

/* One row of a shape laid over a row of cells: `at` is -1 outside the grid, else the row's first grid cell. */
typedef struct {
    int32_t x16, step16; /* 16.16 grid column of the first cell, and per cell */
    int row;             /* offset of the grid row, or -1 */
} hd_scan;

static inline hd_scan hd_scan_at(const hd_pose *pose, int x0, int y) {
    float per_cell = (float)HD_GRID / (2.0f * pose->scale);
    float gy = ((float)y + 0.5f - pose->y) * per_cell + HD_GRID / 2.0f;
    float gx = ((float)x0 + 0.5f - pose->x) * per_cell + HD_GRID / 2.0f;
    hd_scan s;
    s.row = gy < 0.0f || gy >= (float)HD_GRID ? -1 : (int)gy * HD_GRID;
    s.x16 = (int32_t)(hd_clampf(gx, -30000.0f, 30000.0f) * 65536.0f);
    s.step16 = (int32_t)(hd_clampf(per_cell, 0.0f, 30.0f) * 65536.0f);
    return s;
}

static inline int hd_scan_odds(const hd_shape *shape, const hd_scan *s, int i) {
    int32_t column = (int32_t)((s->x16 + (int64_t)i * s->step16) >> 16);
    return s->row < 0 || column < 0 || column >= HD_GRID ? HD_NEVER : shape->odds[s->row + column];
}

/* The cells of a picture that the grid covers: x0...x1, y0...y1, ends not included; empty when x0 >= x1. */
static inline void hd_gate(const hd_pose *pose, int cells_x, int cells_y, int gate[4]) {
    float s = pose->scale;
    gate[0] = hd_clampi((int)floorf(hd_clampf(pose->x - s, -1e6f, 1e6f)), 0, cells_x);
    gate[1] = hd_clampi((int)floorf(hd_clampf(pose->y - s, -1e6f, 1e6f)), 0, cells_y);
    gate[2] = hd_clampi((int)ceilf(hd_clampf(pose->x + s, -1e6f, 1e6f)), 0, cells_x);
    gate[3] = hd_clampi((int)ceilf(hd_clampf(pose->y + s, -1e6f, 1e6f)), 0, cells_y);
}

/* The shape's own expectation on a picture without edges, in squares of the grid's unit. */
static inline float hd_shape_whole(const hd_shape *shape, const float sigmoid[512]) {
    float sum = 0;
    for (int i = 0; i < HD_GRID * HD_GRID; i++)
        if (shape->odds[i] != HD_NEVER) sum += sigmoid[256 + shape->odds[i]];
    return sum * 4.0f / (HD_GRID * HD_GRID);
}

#endif
