"""What ``ext/include/ring.h`` declares: the meaning and the invariants stand there."""

from libc.stdint cimport uint32_t, uint64_t


cdef extern from "ring.h" nogil:
    enum hd_ring_fault:
        HD_RING_FINE
        HD_RING_UNALIGNED
        HD_RING_SHORT
        HD_RING_NO_MAGIC
        HD_RING_OTHER_VERSION
        HD_RING_BAD_RECORD
        HD_RING_BAD_CAPACITY
        HD_RING_BAD_INDEX

    const uint64_t HD_RING_MAGIC
    const uint32_t HD_RING_VERSION
    const uint32_t HD_RING_LINE
    const uint32_t HD_RING_MAX_CAPACITY
    const uint32_t HD_RING_MAX_RECORD_BYTES

    ctypedef struct hd_ring:
        uint32_t version
        uint32_t record_bytes
        uint32_t capacity
        uint32_t header_bytes

    size_t hd_ring_bytes(uint32_t capacity, uint32_t record_bytes) noexcept
    int hd_ring_format(hd_ring *ring, size_t bytes, uint32_t capacity, uint32_t record_bytes) noexcept
    int hd_ring_check(const hd_ring *ring, size_t bytes, uint32_t record_bytes) noexcept

    uint64_t hd_ring_open_producer(hd_ring *ring) noexcept
    void hd_ring_beat_producer(hd_ring *ring, uint64_t now_ns) noexcept
    void hd_ring_count_drop(hd_ring *ring) noexcept
    void *hd_ring_reserve(hd_ring *ring) noexcept
    void hd_ring_commit(hd_ring *ring) noexcept
    bint hd_ring_push(hd_ring *ring, const void *record) noexcept

    uint64_t hd_ring_open_consumer(hd_ring *ring) noexcept
    void hd_ring_beat_consumer(hd_ring *ring, uint64_t now_ns) noexcept
    const void *hd_ring_front(hd_ring *ring) noexcept
    void hd_ring_release(hd_ring *ring) noexcept
    bint hd_ring_pop(hd_ring *ring, void *record) noexcept
    void hd_ring_copy(void *to, const void *source, uint32_t record_bytes) noexcept
    uint32_t hd_ring_discard(hd_ring *ring) noexcept

    uint32_t hd_ring_fill(const hd_ring *ring) noexcept
    uint64_t hd_ring_drops(const hd_ring *ring) noexcept
    uint64_t hd_ring_producer_epoch(const hd_ring *ring) noexcept
    uint64_t hd_ring_consumer_epoch(const hd_ring *ring) noexcept
    uint64_t hd_ring_producer_heartbeat_ns(const hd_ring *ring) noexcept
    uint64_t hd_ring_consumer_heartbeat_ns(const hd_ring *ring) noexcept
