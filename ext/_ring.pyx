"""Ring and Cell for Python: the headers ``ring.h`` and ``seqlock.h`` over any writable buffer.

Thin on purpose: it checks sizes, turns layout faults into RingLayoutError, and leaves the rest to the headers. It knows
nothing of names, files or ``/dev/shm`` (that is ``firmware_py/shared_memory.py``). Types: ``firmware_py/_ring.pyi``.
"""

from cpython.buffer cimport PyBUF_SIMPLE, PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_CheckExact, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport uint32_t, uint64_t
from posix.time cimport CLOCK_MONOTONIC, clock_gettime, timespec

from ring_c cimport *
from seqlock_c cimport *

from time import sleep

from firmware_py.errors import RingLayoutError

cdef int READ_ROUNDS = 100  # of HD_CELL_TRIES each, a pause of READ_PAUSE_S between
cdef double READ_PAUSE_S = 0.0002


cdef uint64_t monotonic_ns() noexcept nogil:
    cdef timespec now
    clock_gettime(CLOCK_MONOTONIC, &now)
    return <uint64_t>now.tv_sec * 1_000_000_000 + <uint64_t>now.tv_nsec


cdef uint32_t allowed_record_bytes(object record_bytes) except? 0:
    if not (8 <= record_bytes <= HD_RING_MAX_RECORD_BYTES) or record_bytes % 8:
        raise RingLayoutError(
            f"a record of {record_bytes} bytes: allowed is a multiple of 8 from 8 to {HD_RING_MAX_RECORD_BYTES}"
        )
    return <uint32_t>record_bytes


cdef uint32_t allowed_capacity(object capacity) except? 0:
    if not (1 <= capacity <= HD_RING_MAX_CAPACITY) or capacity & (capacity - 1):
        raise RingLayoutError(
            f"a ring of {capacity} records: allowed is a power of two from 1 to {HD_RING_MAX_CAPACITY}"
        )
    return <uint32_t>capacity


cdef object wrong_buffer(str what, object found, object expected):
    return RingLayoutError(f"a record of {found} bytes offered to {what} whose records have {expected} bytes")


cdef str ONE_RELEASE = "both sides must run the same release of hand-dance"


cdef str unaligned(str what, const Py_buffer *view):
    return (
        f"the {what}'s buffer begins {<size_t>view.buf % HD_RING_LINE} bytes past a multiple of {HD_RING_LINE}: "
        f"give it memory aligned to {HD_RING_LINE} bytes, such as an mmap"
    )


cdef str no_magic(str what, const Py_buffer *view, uint64_t magic):
    found = (<const unsigned char *>view.buf)[:8]
    return (
        f"no {what} in this buffer: it begins with {found!r}, expected {(<object>magic).to_bytes(8, 'little')!r}; "
        f"its owner has not made the {what} yet, or this is something else"
    )


cdef class Ring:
    """A single-producer single-consumer queue of fixed-size records over a shared buffer.

    A process that takes a side calls ``open_producer`` or ``open_consumer`` before its first push or pop: that sets
    right what a killed predecessor left half done.

    Parameters
    ----------
    buffer
        Writable, C-contiguous, aligned to 64 bytes; kept exported as long as this object lives.
    capacity
        Number of slots, a power of two: make a new, empty ring here. None: attach to the ring that is here.
    record_bytes
        Bytes of one record, a multiple of 8.

    Raises
    ------
    RingLayoutError
        The buffer is too small or not aligned, or what it holds is no ring of this version and record size.
    """

    def __cinit__(self, buffer, *, capacity=None, record_bytes=64):
        cdef uint32_t expected = allowed_record_bytes(record_bytes)
        cdef uint32_t slots = 0 if capacity is None else allowed_capacity(capacity)
        PyObject_GetBuffer(buffer, &self.view, PyBUF_SIMPLE | PyBUF_WRITABLE)
        self.exported = True
        self.ring = <hd_ring *>self.view.buf
        self.size = expected
        cdef size_t size = <size_t>self.view.len
        cdef int fault = (
            hd_ring_check(self.ring, size, expected) if capacity is None
            else hd_ring_format(self.ring, size, slots, expected)
        )
        if fault != HD_RING_FINE:
            raise RingLayoutError(self.fault_sentence(fault, slots))

    def __dealloc__(self):
        if self.exported:
            PyBuffer_Release(&self.view)

    cdef str fault_sentence(self, int fault, uint32_t slots):
        if fault == HD_RING_UNALIGNED:
            return unaligned("ring", &self.view)
        if fault == HD_RING_SHORT:
            if slots == 0 and self.view.len >= <Py_ssize_t>sizeof(hd_ring):
                slots = self.ring.capacity
            needed = hd_ring_bytes(slots, <uint32_t>self.size) if slots else sizeof(hd_ring)
            return f"the ring's buffer has {self.view.len} bytes: {needed} are needed"
        if fault == HD_RING_NO_MAGIC:
            return no_magic("ring", &self.view, HD_RING_MAGIC)
        if fault == HD_RING_OTHER_VERSION:
            return (
                f"a ring of layout version {self.ring.version} with a header of {self.ring.header_bytes} bytes, "
                f"expected version {HD_RING_VERSION} with {sizeof(hd_ring)}: {ONE_RELEASE}"
            )
        if fault == HD_RING_BAD_RECORD:
            return f"a ring of {self.ring.record_bytes}-byte records, expected {self.size}-byte records"
        if fault == HD_RING_BAD_CAPACITY:
            return f"a ring of {self.ring.capacity} slots: allowed is a power of two from 1 to {HD_RING_MAX_CAPACITY}"
        return "the ring's indices contradict each other: something has written over them; make the ring anew"

    @staticmethod
    def bytes_needed(capacity, record_bytes=64):
        """Bytes of buffer for so many records of so many bytes: header and slots, a multiple of 64."""
        return hd_ring_bytes(allowed_capacity(capacity), allowed_record_bytes(record_bytes))

    @property
    def capacity(self):
        """Number of slots, a power of two."""
        return self.ring.capacity

    @property
    def record_bytes(self):
        """Bytes of one record."""
        return self.size

    @property
    def producer_epoch(self):
        """How often a producer has opened this ring; 0: none yet."""
        return hd_ring_producer_epoch(self.ring)

    @property
    def consumer_epoch(self):
        """How often a consumer has opened this ring; 0: none yet."""
        return hd_ring_consumer_epoch(self.ring)

    @property
    def producer_heartbeat_ns(self):
        """CLOCK_MONOTONIC of the producer's last ``beat_producer``; 0: none yet."""
        return hd_ring_producer_heartbeat_ns(self.ring)

    @property
    def consumer_heartbeat_ns(self):
        """CLOCK_MONOTONIC of the consumer's last ``beat_consumer``; 0: none yet."""
        return hd_ring_consumer_heartbeat_ns(self.ring)

    @property
    def drops(self):
        """Records refused because the ring was full, over all producers' lives."""
        return hd_ring_drops(self.ring)

    def open_producer(self):
        """Become the producer, new or returning after a death; returns the new epoch, 1 for the first."""
        return hd_ring_open_producer(self.ring)

    def open_consumer(self):
        """Become the consumer, new or returning after a death; returns the new epoch, 1 for the first."""
        return hd_ring_open_consumer(self.ring)

    def beat_producer(self):
        """Leave a sign of life of the producer: the time now."""
        hd_ring_beat_producer(self.ring, monotonic_ns())

    def beat_consumer(self):
        """Leave a sign of life of the consumer: the time now."""
        hd_ring_beat_consumer(self.ring, monotonic_ns())

    def push(self, record):
        """Copy one record in; never waits.

        Parameters
        ----------
        record
            bytes, or any C-contiguous buffer (a NumPy record, say), of exactly ``record_bytes`` bytes.

        Returns
        -------
        bool
            False when the ring was full: the drop is counted and the records in it are kept.

        Raises
        ------
        RingLayoutError
            The record has another size.
        """
        cdef Py_buffer view
        if PyBytes_CheckExact(record):
            if PyBytes_GET_SIZE(record) != self.size:
                raise wrong_buffer("a ring", PyBytes_GET_SIZE(record), self.size)
            return hd_ring_push(self.ring, PyBytes_AS_STRING(record)) != 0
        PyObject_GetBuffer(record, &view, PyBUF_SIMPLE)
        try:
            if view.len != self.size:
                raise wrong_buffer("a ring", view.len, self.size)
            return hd_ring_push(self.ring, view.buf) != 0
        finally:
            PyBuffer_Release(&view)

    def pop(self):
        """Copy the oldest record out, as bytes; None when the ring is empty. Never waits."""
        cdef const void *slot = hd_ring_front(self.ring)
        if slot == NULL:
            return None
        record = PyBytes_FromStringAndSize(NULL, self.size)
        hd_ring_copy(PyBytes_AS_STRING(record), slot, <uint32_t>self.size)
        hd_ring_release(self.ring)
        return record

    def pop_into(self, out):
        """Copy the oldest records out, as many as are there and fit.

        Parameters
        ----------
        out
            Writable C-contiguous buffer, such as an array of HAND_SAMPLE; what is beyond its last whole record is left
            alone.

        Returns
        -------
        int
            Number of records copied, 0 when the ring is empty.
        """
        cdef Py_buffer view
        cdef char *to
        cdef Py_ssize_t room
        cdef Py_ssize_t count = 0
        PyObject_GetBuffer(out, &view, PyBUF_SIMPLE | PyBUF_WRITABLE)
        try:
            if view.len < self.size:
                raise RingLayoutError(f"a buffer of {view.len} bytes cannot hold one record of {self.size} bytes")
            to = <char *>view.buf
            room = view.len // self.size
            while count < room and hd_ring_pop(self.ring, to):
                to += self.size
                count += 1
            return count
        finally:
            PyBuffer_Release(&view)

    def discard(self):
        """Drop all that is in the ring now, unread; returns how many records that were. Only for the consumer."""
        return hd_ring_discard(self.ring)

    def __len__(self):
        return hd_ring_fill(self.ring)

    def __bool__(self):
        return True  # an empty ring is still a ring: ``if ring`` must not ask how full it is


cdef class Cell:
    """The latest record of one writer, for any number of readers, over a shared buffer.

    Parameters
    ----------
    buffer
        Writable, C-contiguous, aligned to 64 bytes; kept exported as long as this object lives.
    record_bytes
        Bytes of the record, a multiple of 8.
    create
        Make a new cell here, its record all zeros. False: attach to the cell that is here.

    Raises
    ------
    RingLayoutError
        The buffer is too small or not aligned, or what it holds is no cell of this version and record size.
    """

    def __cinit__(self, buffer, *, record_bytes, create=False):
        cdef uint32_t expected = allowed_record_bytes(record_bytes)
        PyObject_GetBuffer(buffer, &self.view, PyBUF_SIMPLE | PyBUF_WRITABLE)
        self.exported = True
        self.cell = <hd_cell *>self.view.buf
        self.size = expected
        cdef size_t size = <size_t>self.view.len
        cdef int fault = (
            hd_cell_format(self.cell, size, expected) if create else hd_cell_check(self.cell, size, expected)
        )
        if fault != HD_RING_FINE:
            raise RingLayoutError(self.fault_sentence(fault))

    def __dealloc__(self):
        if self.exported:
            PyBuffer_Release(&self.view)

    cdef str fault_sentence(self, int fault):
        if fault == HD_RING_UNALIGNED:
            return unaligned("cell", &self.view)
        if fault == HD_RING_SHORT:
            return f"the cell's buffer has {self.view.len} bytes: {hd_cell_bytes(<uint32_t>self.size)} are needed"
        if fault == HD_RING_NO_MAGIC:
            return no_magic("cell", &self.view, HD_CELL_MAGIC)
        if fault == HD_RING_OTHER_VERSION:
            return f"a cell of layout version {self.cell.version}, expected {HD_CELL_VERSION}: {ONE_RELEASE}"
        return f"a cell of {self.cell.record_bytes}-byte records, expected {self.size}-byte records"

    @staticmethod
    def bytes_needed(record_bytes):
        """Bytes of buffer for a record of so many bytes, a multiple of 64."""
        return hd_cell_bytes(allowed_record_bytes(record_bytes))

    @property
    def record_bytes(self):
        """Bytes of the record."""
        return self.size

    @property
    def writes(self):
        """How many records were ever written; 0: the record is all zeros."""
        return hd_cell_writes(self.cell)

    def write(self, record):
        """Put a new record in; never waits, whatever the readers do.

        Parameters
        ----------
        record
            bytes, or any C-contiguous buffer, of exactly ``record_bytes`` bytes.

        Raises
        ------
        RingLayoutError
            The record has another size.
        """
        cdef Py_buffer view
        PyObject_GetBuffer(record, &view, PyBUF_SIMPLE)
        try:
            if view.len != self.size:
                raise wrong_buffer("a cell", view.len, self.size)
            hd_cell_write(self.cell, view.buf)
        finally:
            PyBuffer_Release(&view)

    def read(self):
        """Copy the latest whole record out, as bytes; all zeros before the first one.

        A writer that was killed half way does not matter: the record before stands.

        Raises
        ------
        TimeoutError
            The writer overtook every reading for 20 ms: it writes without any pause.
        """
        record = PyBytes_FromStringAndSize(NULL, self.size)
        for _ in range(READ_ROUNDS):
            if hd_cell_read(self.cell, PyBytes_AS_STRING(record)):
                return record
            sleep(READ_PAUSE_S)
        raise TimeoutError(f"the cell's writer overtook {READ_ROUNDS} readings in a row: it writes without any pause")
