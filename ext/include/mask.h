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

#include "mask_colours.h"
#include "mask_shape.h"

#define HD_LINK 0.35f       /* chance from which cells outside the shape hand on that they hang together with it */
#define HD_TOP 1024         /* most cells across or down a picture: 2048 pixels */

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
