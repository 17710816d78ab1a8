"""The compiled measurement of a hand's area: a thin layer over ``ext/include/mask.h``, which explains it.

``Shape`` and ``Colours`` are made where the finder runs; ``Mask`` takes a copy of both and measures every frame.
"""

from libc.stdint cimport int8_t, uint8_t, uint32_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy, memset

from _mask_c cimport (
    HD_COLOURS, HD_GRID, HD_TOP, hd_colour_odds, hd_colours, hd_colours_learn, hd_colours_settle, hd_ease_table,
    hd_evidence, hd_follow, hd_gate, hd_measure, hd_measure_at, hd_picture, hd_picture_of_mask, hd_pose, hd_reference,
    hd_scratch, hd_shape, hd_shape_draw, hd_shape_whole, hd_sigmoid_table,
)

cdef enum:
    MOST_STEPS = 6
    FIRST_ROUNDS = 8

cdef float SETTLED = 0.004  # a pose that moves less than this share of its scale has arrived
cdef float SIGMOID[512]
hd_sigmoid_table(SIGMOID)


cdef int picture_of(const uint8_t[:, ::1] i420, hd_picture *out) except -1:
    cdef int width = <int>i420.shape[1], height = <int>(i420.shape[0] * 2 // 3)
    if width < 2 or height < 2 or width % 2 or height % 2 or i420.shape[0] * 2 != height * 3:
        raise ValueError(f"an I420 picture has even width and height, found shape ({i420.shape[0]}, {width})")
    if width > 2 * HD_TOP or height > 2 * HD_TOP:
        raise ValueError(f"a picture may be {2 * HD_TOP} pixels wide and high at most, found {width}x{height}")
    out.y = &i420[0, 0]
    out.u = out.y + <size_t>width * height
    out.v = out.u + <size_t>(width // 2) * (height // 2)
    out.width = width
    out.height = height
    return 0


cdef class Shape:
    """Log-odds that a place belongs to a hand, on a grid that spans -1…1 of its own units both ways."""

    cdef hd_shape *_shape

    def __cinit__(self):
        self._shape = <hd_shape *>malloc(HD_GRID * HD_GRID)
        if self._shape is NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self._shape)

    def __init__(self, const float[:, ::1] capsules, float breadth, wrist):
        """Draw a hand.

        capsules: float32, shape (n, 6), each x0 y0 r0 x1 y1 r1 in grid units. breadth: of the palm, in grid units.
        wrist: x, y, dx, dy: a point and the unit direction towards the forearm.
        """
        cdef float line[4]
        if capsules.shape[0] < 1 or capsules.shape[1] != 6 or not breadth > 0:
            raise ValueError("a shape needs at least one capsule of six numbers and a palm breadth above 0")
        line[0], line[1], line[2], line[3] = wrist
        cdef int n = <int>capsules.shape[0]
        with nogil:
            hd_shape_draw(self._shape, &capsules[0, 0], n, breadth, line)

    @property
    def odds(self):
        """A copy as a memoryview of int8, shape (96, 96), in eighths of a nat; -127 is never."""
        return memoryview(<bytes>(<char *>self._shape)[:HD_GRID * HD_GRID]).cast("b", (HD_GRID, HD_GRID))


cdef class Colours:
    """The colours of one hand and of the room around it, with forgetting."""

    cdef hd_colours *_colours
    cdef hd_colour_odds *_odds
    cdef uint32_t *_scratch
    cdef readonly bint known

    def __cinit__(self):
        self._colours = <hd_colours *>calloc(3 * HD_COLOURS, sizeof(float))
        self._odds = <hd_colour_odds *>calloc(HD_COLOURS, 1)
        self._scratch = <uint32_t *>malloc(3 * HD_COLOURS * sizeof(uint32_t))
        if self._colours is NULL or self._odds is NULL or self._scratch is NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self._colours)
        free(self._odds)
        free(self._scratch)

    def learn(self, const uint8_t[:, ::1] i420, Shape shape not None, pose, *, float keep,
              Shape rival=None, rival_pose=None):
        """Learn from a frame in which the hand has this shape and pose (x, y, scale in cells of 2x2 pixels).

        keep: share of what was known that stays, 0…1. Returns how well colour alone now tells the hand from what
        is close to it, 0…1.
        """
        cdef hd_picture picture
        cdef hd_pose own, other
        cdef hd_shape *rival_shape = NULL
        cdef float quality
        picture_of(i420, &picture)
        own.x, own.y, own.scale = pose
        other = own
        if rival is not None:
            other.x, other.y, other.scale = rival_pose
            rival_shape = rival._shape
        cdef int rounds = 1 if self.known else FIRST_ROUNDS, k
        with nogil:
            for k in range(rounds):  # at first nothing is known of the rim: go over the same frame until it settles
                hd_colours_learn(self._colours, &picture, shape._shape, &own, rival_shape, &other,
                                 self._odds if rounds == 1 or k else NULL, keep if rounds == 1 else 0, self._scratch)
                quality = hd_colours_settle(self._colours, self._odds, <float *>self._scratch)
        self.known = True
        return quality

    def forget(self):
        """Know nothing again."""
        memset(self._colours, 0, 3 * HD_COLOURS * sizeof(float))
        memset(self._odds, 0, HD_COLOURS)
        self.known = False

    @property
    def odds(self):
        """A copy as bytes: int8 log-odds in eighths of a nat, by luma, U and V bin."""
        return <bytes>(<char *>self._odds)[:HD_COLOURS]


cdef class Mask:
    """One hand, measured frame by frame: its own copy of a shape and of colours, and the pose that follows."""

    cdef hd_shape *_shape
    cdef hd_colour_odds *_odds
    cdef int8_t *_evidence
    cdef hd_scratch _scratch
    cdef int8_t _ease[256]
    cdef Py_ssize_t _cells
    cdef float _whole
    cdef hd_pose _pose
    cdef hd_reference _reference
    cdef hd_measure _measure

    def __cinit__(self):
        self._shape = <hd_shape *>malloc(HD_GRID * HD_GRID)
        self._odds = <hd_colour_odds *>calloc(HD_COLOURS, 1)
        if self._shape is NULL or self._odds is NULL:
            raise MemoryError
        memset(self._shape, -127, HD_GRID * HD_GRID)
        self._pose.scale = 1
        self._reference.fill = 1
        hd_ease_table(self._ease, 1, 1)

    def __dealloc__(self):
        free(self._shape)
        free(self._odds)
        self._free_scratch()

    def adopt(self, Shape shape not None, odds=None, *, float outside=1, float inside=1):
        """Measure by this shape from now on, and by these colours (bytes of ``Colours.odds``); None keeps those known.

        outside, inside: what is left of the shape's log-odds beyond its rim and within, 0…1; less where colours tell.
        """
        hd_ease_table(self._ease, outside, inside)
        memcpy(self._shape, shape._shape, HD_GRID * HD_GRID)
        self._whole = hd_shape_whole(self._shape, SIGMOID)
        cdef const unsigned char[::1] table
        if odds is not None:
            table = odds
            if table.shape[0] != HD_COLOURS:
                raise ValueError(f"colours are {HD_COLOURS} bytes, found {table.shape[0]}")
            memcpy(self._odds, &table[0], HD_COLOURS)

    @property
    def pose(self):
        """Centre x, y and scale of the grid, in cells of 2x2 pixels."""
        return self._pose.x, self._pose.y, self._pose.scale

    @pose.setter
    def pose(self, value):
        x, y, scale = value
        if not (scale > 0 and x == x and y == y):
            raise ValueError(f"a pose needs numbers and a scale above 0, found {value}")
        self._pose.x, self._pose.y, self._pose.scale = x, y, scale

    def set_reference(self, float fill, float dx, float dy):
        """Say how the measure stands to the shape's expectation when the pose is right."""
        self._reference.fill = fill if fill > 0.05 else 0.05
        self._reference.dx = dx
        self._reference.dy = dy

    @property
    def standing(self):
        """How the last measure stands to the shape's expectation: fill, dx, dy as ``set_reference`` takes them."""
        if not (self._measure.expected > 0 and self._measure.mass > 0):
            return 1.0, 0.0, 0.0
        return (
            self._measure.mass / self._measure.expected,
            (self._measure.x - self._measure.expected_x) / self._pose.scale,
            (self._measure.y - self._measure.expected_y) / self._pose.scale,
        )

    def measure(self, const uint8_t[:, ::1] i420, Mask rival=None, int steps=0, float reach=0.25):
        """Measure a frame at the pose, after at most ``steps`` steps of following it.

        reach: how far the pose may go in all, as a share of its scale. Cells that the rival's shape claims more
        strongly are its own. The answers are the properties.
        """
        cdef hd_picture picture
        picture_of(i420, &picture)
        self._room_for(<Py_ssize_t>(picture.width // 2) * (picture.height // 2))
        cdef hd_shape *rival_shape = NULL
        cdef hd_pose rival_pose = self._pose
        if rival is not None and rival is not self:
            rival_shape = rival._shape
            rival_pose = rival._pose
        with nogil:
            self._run(&picture, rival_shape, &rival_pose, min(steps, MOST_STEPS), reach)

    cdef void _run(self, const hd_picture *p, const hd_shape *rival, const hd_pose *rival_pose, int steps,
                   float reach) noexcept nogil:
        cdef int cells_x = p.width // 2, cells_y = p.height // 2, k
        cdef int seen[4]
        cdef int gate[4]
        cdef hd_pose wide = self._pose, start = self._pose
        if steps:
            wide.scale *= 1.3  # room to follow in without making evidence again
        hd_gate(&wide, cells_x, cells_y, seen)
        hd_evidence(p, self._odds, seen, self._evidence)
        for k in range(steps + 1):
            hd_gate(&self._pose, cells_x, cells_y, gate)
            if gate[0] < seen[0] or gate[1] < seen[1] or gate[2] > seen[2] or gate[3] > seen[3]:
                wide = self._pose
                wide.scale *= 1.3
                hd_gate(&wide, cells_x, cells_y, seen)
                hd_evidence(p, self._odds, seen, self._evidence)
            hd_measure_at(self._evidence, cells_x, gate, self._shape, &self._pose, rival, rival_pose, self._ease,
                          SIGMOID, self._whole, &self._scratch, &self._measure)
            if k == steps or hd_follow(&self._measure, &self._reference, &start, reach, &self._pose) < SETTLED:
                break

    def picture(self, const uint8_t[:, ::1] i420, Mask rival=None):
        """Measure a frame at the pose and return what counted as hand, for people.

        Returns a memoryview of uint8, 0…255, shape (height / 2, width / 2).
        """
        self.measure(i420, rival)
        cdef int cells_x = <int>(i420.shape[1] // 2), cells_y = <int>(i420.shape[0] // 3)
        cdef int gate[4]
        cdef bytearray out = bytearray(cells_x * cells_y)
        hd_gate(&self._pose, cells_x, cells_y, gate)
        hd_picture_of_mask(cells_x, cells_y, gate, &self._scratch, <uint8_t *><char *>out)
        return memoryview(out).cast("B", (cells_y, cells_x))

    cdef int _room_for(self, Py_ssize_t cells) except -1:
        if cells == self._cells:
            return 0
        self._free_scratch()
        self._evidence = <int8_t *>calloc(cells, 1)
        self._scratch.chance = <float *>calloc(cells, sizeof(float))
        self._scratch.reached = <uint8_t *>calloc(cells, 1)
        if self._evidence is NULL or self._scratch.chance is NULL or self._scratch.reached is NULL:
            self._free_scratch()
            raise MemoryError
        self._cells = cells
        return 0

    cdef void _free_scratch(self) noexcept:
        free(self._evidence)
        free(self._scratch.chance)
        free(self._scratch.reached)
        self._evidence = NULL
        self._scratch.chance = NULL
        self._scratch.reached = NULL
        self._cells = 0

    @property
    def mass(self):
        """Cells of 2x2 pixels that are hand."""
        return self._measure.mass

    @property
    def centre(self):
        """Centre x, y of the hand, in cells."""
        return self._measure.x, self._measure.y

    @property
    def visible(self):
        """Share of the shape that lies inside the frame, 0…1."""
        return self._measure.visible

    @property
    def support(self):
        """Mean probability, by colour alone, that the shape's surest places are hand, 0…1."""
        return self._measure.support

    @property
    def surround(self):
        """The same of places close by that the shape says are not hand, 0…1."""
        return self._measure.surround

    @property
    def fill(self):
        """Mass over the mass that the shape alone expects."""
        return self._measure.mass / self._measure.expected if self._measure.expected > 0 else 0.0

    @property
    def radius(self):
        """Root mean square distance of the hand's cells from their centre, in cells."""
        return self._measure.radius

    @property
    def box(self):
        """Left, top, right, bottom of the hand in cells."""
        return self._measure.left, self._measure.top, self._measure.right, self._measure.bottom
