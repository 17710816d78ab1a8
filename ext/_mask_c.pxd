# Declarations of ext/include/mask.h. Meaning and units of every field and function stand there.

from libc.stdint cimport int8_t, uint8_t, uint32_t

cdef extern from "mask.h" nogil:
    enum:
        HD_GRID
        HD_COLOURS
        HD_TOP

    ctypedef struct hd_picture:
        const uint8_t *y
        const uint8_t *u
        const uint8_t *v
        int width
        int height

    ctypedef struct hd_pose:
        float x
        float y
        float scale

    ctypedef struct hd_shape:
        int8_t odds[1]

    ctypedef struct hd_colours:
        float hand[1]

    ctypedef struct hd_colour_odds:
        int8_t odds[1]

    ctypedef struct hd_measure:
        float mass
        float x
        float y
        float expected
        float expected_x
        float expected_y
        float visible
        float support
        float surround
        float radius
        float left
        float top
        float right
        float bottom

    ctypedef struct hd_scratch:
        float *chance
        uint8_t *reached

    ctypedef struct hd_reference:
        float fill
        float dx
        float dy

    void hd_sigmoid_table(float *table) noexcept
    void hd_shape_draw(hd_shape *shape, const float *capsules, int n, float breadth, const float *wrist) noexcept
    void hd_ease_table(int8_t *table, float outside, float inside) noexcept
    float hd_shape_whole(const hd_shape *shape, const float *sigmoid) noexcept
    void hd_colours_learn(hd_colours *colours, const hd_picture *p, const hd_shape *shape, const hd_pose *pose,
                          const hd_shape *rival, const hd_pose *rival_pose, const hd_colour_odds *known, float keep,
                          uint32_t *counts) noexcept
    float hd_colours_settle(const hd_colours *colours, hd_colour_odds *out, float *scratch) noexcept
    void hd_gate(const hd_pose *pose, int cells_x, int cells_y, int *gate) noexcept
    void hd_evidence(const hd_picture *p, const hd_colour_odds *colours, const int *gate, int8_t *evidence) noexcept
    void hd_measure_at(const int8_t *evidence, int cells_x, const int *gate, const hd_shape *shape,
                       const hd_pose *pose, const hd_shape *rival, const hd_pose *rival_pose,
                       const int8_t *ease, const float *sigmoid, float whole, const hd_scratch *scratch,
                       hd_measure *out) noexcept
    float hd_follow(const hd_measure *m, const hd_reference *reference, const hd_pose *start, float reach,
                    hd_pose *pose) noexcept
    void hd_picture_of_mask(int cells_x, int cells_y, const int *gate, const hd_scratch *scratch, uint8_t *out) noexcept
