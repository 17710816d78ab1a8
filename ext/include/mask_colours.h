/* The colours of one hand and of the room around it: learnt where the finder saw which is which, kept as log-odds.
 *
 * Nothing here allocates, locks or keeps a global; a picture's buffers are only read. Not here: where the hand is
 * (mask_shape.h), what it measures (mask.h).
 */
#ifndef HAND_DANCE_MASK_COLOURS_H
#define HAND_DANCE_MASK_COLOURS_H

#include <string.h>

#include "mask_shape.h"

#define HD_BINS 32          /* levels of each of Y, U, V */
#define HD_COLOURS (HD_BINS * HD_BINS * HD_BINS)
#define HD_TAKEN 18         /* shape and colour together, either way, from which a cell near the rim is learnt from */
#define HD_HAND_DOUBT 4e-5f /* share of the hand that any colour may yet have */
#define HD_ROOM_DOUBT 5e-5f /* and of the room */

typedef struct {
    const uint8_t *y, *u, *v;
    int width, height; /* pixels, even */
} hd_picture;

typedef struct {
    float hand[HD_COLOURS], near_[HD_COLOURS], room[HD_COLOURS]; /* each sums to 1 once learnt, 0 before */
} hd_colours;

typedef struct {
    int8_t odds[HD_COLOURS];
} hd_colour_odds;

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

#endif
