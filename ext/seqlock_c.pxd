"""What ``ext/include/seqlock.h`` declares: the meaning and the invariants stand there."""

from libc.stdint cimport uint32_t, uint64_t


cdef extern from "seqlock.h" nogil:
    const uint64_t HD_CELL_MAGIC
    const uint32_t HD_CELL_VERSION
    const int HD_CELL_TRIES

    ctypedef struct hd_cell:
        uint32_t version
        uint32_t record_bytes

    size_t hd_cell_bytes(uint32_t record_bytes) noexcept
    int hd_cell_format(hd_cell *cell, size_t bytes, uint32_t record_bytes) noexcept
    int hd_cell_check(const hd_cell *cell, size_t bytes, uint32_t record_bytes) noexcept
    void hd_cell_write(hd_cell *cell, const void *record) noexcept
    bint hd_cell_read(const hd_cell *cell, void *record) noexcept
    uint64_t hd_cell_writes(const hd_cell *cell) noexcept
