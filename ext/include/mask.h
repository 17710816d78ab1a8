/* The area of one hand in one camera frame, from the camera's own YUV: shape prior times colour evidence.
 *
 * Three things meet here. A shape: log-odds that a place belongs to the hand, drawn by the finder's landmarks on a
 * small grid that moves and grows with the hand. Colours: log-likelihood ratio of each colour under this hand and
 * under this room. A pose: where the grid lies in the frame now. Each cell of the frame is hand with probability
 * sigmoid(shape + colour); the area is the sum of these, which is smooth below one pixel. The pose follows by moving
 * and scaling the grid until the sum's centre and size stand to the shape's own as they did when the finder looked
 * (an expectation-maximisation, kin to Bradski's CAMSHIFT, 1998, with a learned kernel).
 *
 * A cell is 2x2 luma pixels with their one U and one V. Nothing here allocates, locks or keeps a global; a picture's
 * buffers are only read. Not here: when the finder runs, filtering, presence (Python).
 */
#ifndef HAND_DANCE_MASK_H
#define HAND_DANCE_MASK_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#define HD_GRID 96          /* cells across a shape's grid, which spans -1...1 of its own units both ways */
#define HD_BINS 32          /* levels of each of Y, U, V */
#define HD_COLOURS (HD_BINS * HD_BINS * HD_BINS)
#define HD_UNIT 8           /* log-odds are kept in eighths of a nat */
#define HD_NEVER (-127)     /* forearm and beyond the grid: never hand, never learnt from */
#define HD_CORE 16          /* shape log-odds from here up: surely inside */
#define HD_OUTSIDE (-12)    /* shape log-odds from here down: outside, the room close to the hand */
#define HD_TAKEN 12         /* shape and colour together, either way, from which a cell near the rim is learnt from */
#define HD_HAND_DOUBT 4e-5f /* share of the hand that any colour may yet have */
#define HD_ROOM_DOUBT 5e-5f /* and of the room */
#define HD_LINK 0.35f       /* chance from which cells outside the shape hand on that they hang together with it */
#define HD_TOP 1024         /* most cells across or down a picture: 2048 pixels */

typedef struct {
    const uint8_t *y, *u, *v;
    int width, height; /* pixels, even */
} hd_picture;

typedef struct {
    float x, y;  /* centre of the grid, in cells of the picture */
    float scale; /* cells of the picture from the grid's centre to its edge, > 0 */
} hd_pose;

typedef struct {
    int8_t odds[HD_GRID * HD_GRID];
} hd_shape;

typedef struct {
    float hand[HD_COLOURS], near_[HD_COLOURS], room[HD_COLOURS]; /* each sums to 1 once learnt, 0 before */
} hd_colours;

typedef struct {
    int8_t odds[HD_COLOURS];
} hd_colour_odds;

typedef struct {
    float mass;             /* cells that are hand */
    float x, y;             /* their centre, in cells */
    float expected;         /* cells that the shape alone expects inside the picture */
    float expected_x, expected_y;
    float visible;          /* share of the shape's expectation that lies inside the picture, 0...1 */
    float support;          /* mean colour probability where the hand surely is, 0...1 */
    float surround;         /* the same where it surely is not, close by */
    float radius;           /* root mean square distance from the centre, in cells */
    float left, top, right, bottom; /* where 1 % of the mass begins and ends, in cells */
} hd_measure;

/* What the shape and the colours gave when the finder looked: the pose is right when they give it again. */
typedef struct {
    float fill;   /* mass / expected */
    float dx, dy; /* (centre - expected centre) / scale */
} hd_reference;

static inline int hd_clampi(int v, int low, int high) { return v < low ? low : v > high ? high : v; }
static inline float hd_clampf(float v, float low, float high) { return v < low ? low : v > high ? high : v; }

static inline float hd_sigmoid(float nats) { return 1.0f / (1.0f + expf(-nats)); }

/* Sigmoid of -256...255 eighths of a nat. */
static inline void hd_sigmoid_table(float table[512]) {
    for (int i = 0; i < 512; i++) table[i] = hd_sigmoid((float)(i - 256) / HD_UNIT);
}

/* U and V are binned four levels wide about grey, where colours of things lie; the rest falls into the end bins. */
static inline int hd_colour_bin(int y, int u, int v) {
    int bu = hd_clampi((u - 64) >> 2, 0, HD_BINS - 1), bv = hd_clampi((v - 64) >> 2, 0, HD_BINS - 1);
    return ((y >> 3) * HD_BINS + bu) * HD_BINS + bv;
}

static inline int hd_cell_bin(const hd_picture *p, int cx, int cy) {
    const uint8_t *row = p->y + (size_t)(2 * cy) * (size_t)p->width + 2 * cx;
    int luma = (row[0] + row[1] + row[p->width] + row[p->width + 1] + 2) >> 2;
    size_t at = (size_t)cy * (size_t)(p->width / 2) + (size_t)cx;
    return hd_colour_bin(luma, p->u[at], p->v[at]);
}

/* ---- the shape ------------------------------------------------------------------------------------------------ */

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

/* ---- the colours ---------------------------------------------------------------------------------------------- */

static inline void hd_share_in(float *kept, const uint32_t *counts, double total, float keep) {
    if (total <= 0) return;
    float gain = (float)((1.0 - keep) / total);
    for (int i = 0; i < HD_COLOURS; i++) kept[i] = kept[i] * keep + (float)counts[i] * gain;
}

/* Learn from a picture in which the finder saw this hand: its colours where the shape is sure, the room's close by
 * and further off. Near the rim, where the shape may be wrong, a cell belongs to the side that shape and the colours
 * known so far (NULL: none) give it together. Cells of the rival shape (NULL: none) and of this forearm teach nothing.
 * keep: 0...1, how much of what was known stays. counts: scratch of 3 * HD_COLOURS. */
static inline void hd_colours_learn(hd_colours *colours, const hd_picture *p, const hd_shape *shape,
                                    const hd_pose *pose, const hd_shape *rival, const hd_pose *rival_pose,
                                    const hd_colour_odds *known, float keep, uint32_t *counts) {
    int cells_x = p->width / 2, cells_y = p->height / 2, gate[4];
    uint32_t *hand = counts, *close = counts + HD_COLOURS, *room = counts + 2 * HD_COLOURS;
    double hands = 0, closes = 0, rooms = 0;
    memset(counts, 0, 3 * HD_COLOURS * sizeof *counts);
    hd_gate(pose, cells_x, cells_y, gate);
    for (int y = 0; y < cells_y; y++) {
        hd_scan own = hd_scan_at(pose, 0, y), other = {0, 0, -1};
        if (rival) other = hd_scan_at(rival_pose, 0, y);
        for (int x = 0; x < cells_x; x++) {
            if (rival && other.row >= 0 && hd_scan_odds(rival, &other, x) > 2 * HD_OUTSIDE) continue;
            int inside = y >= gate[1] && y < gate[3] && x >= gate[0] && x < gate[2];
            if (!inside) {
                if ((x ^ y) & 1) continue; /* half of the far room says as much as all of it */
                room[hd_cell_bin(p, x, y)]++, rooms++;
                continue;
            }
            int odds = hd_scan_odds(shape, &own, x);
            if (odds == HD_NEVER) continue;
            int bin = hd_cell_bin(p, x, y), both = known ? odds + known->odds[bin] : 0;
            if (odds >= HD_CORE || (odds > 2 * HD_OUTSIDE && both > HD_TAKEN)) hand[bin]++, hands++;
            else if (odds <= 2 * HD_OUTSIDE || both < -HD_TAKEN) close[bin]++, closes++;
        }
    }
    hd_share_in(colours->hand, hand, hands, keep);
    hd_share_in(colours->near_, close, closes, keep);
    hd_share_in(colours->room, room, rooms, keep);
}

/* [1 2 1] / 4 along one axis of the colour cube, in place. */
static inline void hd_blur_axis(float *cube, int stride) {
    for (int start = 0; start < HD_COLOURS; start++) {
        if ((start / stride) % HD_BINS) continue;
        float before = cube[start], here = before;
        for (int k = 0; k < HD_BINS; k++) {
            float *at = cube + start + k * stride;
            float after = k + 1 < HD_BINS ? at[stride] : here;
            *at = (before + 2.0f * here + after) * 0.25f;
            before = here;
            here = after;
        }
    }
}

/* Turn what was learnt into log-odds. scratch: 2 * HD_COLOURS. Returns how well colour alone tells this hand from the
 * room close to it, 0...1 (share of the hand kept less share of the surroundings taken). */
static inline float hd_colours_settle(const hd_colours *colours, hd_colour_odds *out, float *scratch) {
    /* A colour seen on neither side says little, one that only the room has says much: the hand's colours are all in
     * the hand, the room's may be anywhere. */
    const float hand_doubt = HD_HAND_DOUBT, room_doubt = HD_ROOM_DOUBT;
    float *hand = scratch, *other = scratch + HD_COLOURS, kept = 0, taken = 0;
    for (int i = 0; i < HD_COLOURS; i++) {
        hand[i] = colours->hand[i];
        other[i] = 0.75f * colours->near_[i] + 0.25f * colours->room[i];
    }
    for (int stride = 1; stride < HD_COLOURS; stride *= HD_BINS) {
        hd_blur_axis(hand, stride);
        hd_blur_axis(other, stride);
    }
    for (int i = 0; i < HD_COLOURS; i++) {
        float nats = logf((hand[i] + hand_doubt) / (other[i] + room_doubt));
        out->odds[i] = (int8_t)hd_clampi((int)lrintf(nats * HD_UNIT), -48, 48);
        if (colours->hand[i] > 0 || colours->near_[i] > 0) {
            float p = hd_sigmoid(nats);
            kept += colours->hand[i] * p;
            taken += colours->near_[i] * p;
        }
    }
    return hd_clampf(kept - taken, 0.0f, 1.0f);
}

/* ---- measuring ------------------------------------------------------------------------------------------------ */

/* Colour log-odds of the cells of `gate` into evidence (one per cell of the picture, row by row). */
static inline void hd_evidence(const hd_picture *p, const hd_colour_odds *colours, const int gate[4],
                               int8_t *evidence) {
    int cells_x = p->width / 2;
    for (int y = gate[1]; y < gate[3]; y++) {
        const uint8_t *top = p->y + (size_t)(2 * y) * (size_t)p->width, *low = top + p->width;
        const uint8_t *u = p->u + (size_t)y * (size_t)cells_x, *v = p->v + (size_t)y * (size_t)cells_x;
        int8_t *out = evidence + (size_t)y * (size_t)cells_x;
        for (int x = gate[0]; x < gate[2]; x++) {
            int luma = (top[2 * x] + top[2 * x + 1] + low[2 * x] + low[2 * x + 1] + 2) >> 2;
            out[x] = colours->odds[hd_colour_bin(luma, u[x], v[x])];
        }
    }
}

/* Where the running sum of n values passes `share` of their total, linear inside a value. */
static inline float hd_quantile(const float *values, int n, float share) {
    float total = 0, sum = 0;
    for (int i = 0; i < n; i++) total += values[i];
    float wanted = total * share;
    for (int i = 0; i < n; i++) {
        if (sum + values[i] >= wanted) return (float)i + (values[i] > 0 ? (wanted - sum) / values[i] : 0.0f);
        sum += values[i];
    }
    return (float)n;
}

/* Memory of one measurement: a probability for each cell of the gate, and which cells hang together with the core. */
typedef struct {
    float *chance;    /* cells of the picture, at least */
    uint8_t *reached; /* as many */
} hd_scratch;

static inline int hd_reach_of_row(const uint8_t *row, int i, int across) {
    return row[i] | (i > 0 ? row[i - 1] : 0) | (i + 1 < across ? row[i + 1] : 0);
}

/* First pass, downwards: the chance of each cell, what the shape alone expects, what colour says inside and close by,
 * and which cells hang together with the hand's core through cells above or left of them. */
static inline void hd_weigh(const int8_t *evidence, int cells_x, const int gate[4], const hd_shape *shape,
                            const hd_pose *pose, const hd_shape *rival, const hd_pose *rival_pose,
                            const int8_t ease[256], const float sigmoid[512], const hd_scratch *scratch,
                            hd_measure *out) {
    int across = gate[2] - gate[0], down = gate[3] - gate[1];
    float expected = 0, ex = 0, ey = 0, support = 0, core = 0, surround = 0, ring = 0;
    for (int j = 0; j < down; j++) {
        int y = gate[1] + j;
        const int8_t *row = evidence + (size_t)y * (size_t)cells_x + gate[0];
        float *chance = scratch->chance + (size_t)j * (size_t)across;
        uint8_t *reached = scratch->reached + (size_t)j * (size_t)across, left = 0;
        hd_scan own = hd_scan_at(pose, gate[0], y), other = {0, 0, -1};
        float row_expected = 0, row_ex = 0;
        if (own.row < 0) {
            memset(chance, 0, (size_t)across * sizeof *chance);
            memset(reached, 0, (size_t)across);
            continue;
        }
        if (rival) other = hd_scan_at(rival_pose, gate[0], y);
        for (int i = 0; i < across; i++) {
            int odds = hd_scan_odds(shape, &own, i);
            if (odds == HD_NEVER || (other.row >= 0 && hd_scan_odds(rival, &other, i) > odds)) {
                chance[i] = 0;
                reached[i] = left = 0;
                continue;
            }
            float p = sigmoid[256 + ease[128 + odds] + row[i]], e = sigmoid[256 + odds];
            chance[i] = p;
            row_expected += e;
            row_ex += e * (float)i;
            if (odds >= HD_CORE) support += sigmoid[256 + row[i]], core += 1;
            else if (odds <= 2 * HD_OUTSIDE) surround += sigmoid[256 + row[i]], ring += 1;
            if (odds > 0) left = 1;
            else if (p < HD_LINK) left = 0;
            else if (!left) left = j > 0 ? (uint8_t)hd_reach_of_row(reached - across, i, across) : 0;
            reached[i] = left;
        }
        expected += row_expected;
        ex += row_ex;
        ey += row_expected * (float)j;
    }
    out->expected = expected;
    out->support = core > 0 ? support / core : 0.0f;
    out->surround = ring > 0 ? surround / ring : 0.0f;
    if (expected > 0) {
        out->expected_x = ex / expected + (float)gate[0] + 0.5f;
        out->expected_y = ey / expected + (float)gate[1] + 0.5f;
    }
}

/* Second pass, upwards: what hangs together through cells below or right of it, and the sums over all of that. A cell
 * beside the region counts too: edges are shared between hand and room. */
static inline void hd_gather(const int gate[4], const hd_scratch *scratch, hd_measure *out) {
    float columns[HD_TOP], rows[HD_TOP];
    int across = gate[2] - gate[0], down = gate[3] - gate[1];
    float mass = 0, mx = 0, my = 0, m2 = 0;
    memset(columns, 0, (size_t)across * sizeof *columns);
    for (int j = down - 1; j >= 0; j--) {
        const float *chance = scratch->chance + (size_t)j * (size_t)across;
        uint8_t *reached = scratch->reached + (size_t)j * (size_t)across, right = 0;
        float row_mass = 0, row_x = 0, row_x2 = 0, fy = (float)j;
        for (int i = across - 1; i >= 0; i--) {
            float p = chance[i], fx = (float)i;
            int beside = right | (j + 1 < down ? hd_reach_of_row(reached + across, i, across) : 0);
            if (!reached[i] && beside && p >= HD_LINK) reached[i] = 1;
            right = reached[i];
            if (!(right | beside | (i > 0 ? reached[i - 1] : 0) | (j > 0 ? reached[i - across] : 0))) continue;
            row_mass += p;
            row_x += p * fx;
            row_x2 += p * fx * fx;
            columns[i] += p;
        }
        rows[j] = row_mass;
        mass += row_mass;
        mx += row_x;
        my += row_mass * fy;
        m2 += row_x2 + row_mass * fy * fy;
    }
    out->mass = mass;
    if (mass <= 0) return;
    float cx = mx / mass, cy = my / mass;
    out->x = cx + (float)gate[0] + 0.5f;
    out->y = cy + (float)gate[1] + 0.5f;
    out->radius = sqrtf(hd_clampf(m2 / mass - cx * cx - cy * cy, 0.0f, 1e9f));
    out->left = (float)gate[0] + hd_quantile(columns, across, 0.01f);
    out->right = (float)gate[0] + hd_quantile(columns, across, 0.99f);
    out->top = (float)gate[1] + hd_quantile(rows, down, 0.01f);
    out->bottom = (float)gate[1] + hd_quantile(rows, down, 0.99f);
}

/* Measure the hand with the grid at `pose`, over the cells of `gate`, which evidence was made for. whole: of
 * hd_shape_whole. */
static inline void hd_measure_at(const int8_t *evidence, int cells_x, const int gate[4], const hd_shape *shape,
                                 const hd_pose *pose, const hd_shape *rival, const hd_pose *rival_pose,
                                 const int8_t ease[256], const float sigmoid[512], float whole,
                                 const hd_scratch *scratch, hd_measure *out) {
    memset(out, 0, sizeof *out);
    if (gate[2] <= gate[0] || gate[3] <= gate[1] || gate[2] - gate[0] > HD_TOP || gate[3] - gate[1] > HD_TOP) return;
    hd_weigh(evidence, cells_x, gate, shape, pose, rival, rival_pose, ease, sigmoid, scratch, out);
    hd_gather(gate, scratch, out);
    out->visible = whole > 0 ? hd_clampf(out->expected / (whole * pose->scale * pose->scale), 0.0f, 1.0f) : 0.0f;
}

/* The last measurement as a picture for people, 0...255 for each cell: what counted as hand. */
static inline void hd_picture_of_mask(int cells_x, int cells_y, const int gate[4], const hd_scratch *scratch,
                                      uint8_t *out) {
    int across = gate[2] - gate[0];
    memset(out, 0, (size_t)cells_x * (size_t)cells_y);
    for (int y = gate[1]; y < gate[3]; y++)
        for (int x = gate[0]; x < gate[2]; x++) {
            size_t at = (size_t)(y - gate[1]) * (size_t)across + (size_t)(x - gate[0]);
            if (scratch->reached[at])
                out[(size_t)y * (size_t)cells_x + (size_t)x] = (uint8_t)(255.0f * scratch->chance[at] + 0.5f);
        }
}

/* The shape's own expectation on a picture without edges, in squares of the grid's unit. */
static inline float hd_shape_whole(const hd_shape *shape, const float sigmoid[512]) {
    float sum = 0;
    for (int i = 0; i < HD_GRID * HD_GRID; i++)
        if (shape->odds[i] != HD_NEVER) sum += sigmoid[256 + shape->odds[i]];
    return sum * 4.0f / (HD_GRID * HD_GRID);
}

/* One step of the pose towards where the measure stands to its expectation as the reference says, no further than
 * `reach` scales from `start` in all: a hand does not jump, but its colours may be found elsewhere too. Returns how
 * far it went, as a share of the scale. */
static inline float hd_follow(const hd_measure *m, const hd_reference *reference, const hd_pose *start, float reach,
                              hd_pose *pose) {
    if (m->mass <= 0 || m->expected <= 0) return 0;
    hd_pose to = *pose;
    to.x += m->x - m->expected_x - reference->dx * pose->scale;
    to.y += m->y - m->expected_y - reference->dy * pose->scale;
    to.scale *= hd_clampf(sqrtf(m->mass / (m->expected * reference->fill)), 0.8f, 1.25f);
    float far = hypotf(to.x - start->x, to.y - start->y), most = reach * start->scale;
    if (far > most) {
        to.x = start->x + (to.x - start->x) * most / far;
        to.y = start->y + (to.y - start->y) * most / far;
    }
    to.scale = hd_clampf(to.scale, start->scale * 0.6f, start->scale * 1.6f);
    float went = (fabsf(to.x - pose->x) + fabsf(to.y - pose->y)) / pose->scale + fabsf(to.scale / pose->scale - 1.0f);
    *pose = to;
    return went;
}

#endif
