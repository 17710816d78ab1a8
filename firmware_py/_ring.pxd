# Ring and Cell for other compiled modules: they reach the shared memory itself and use the headers' functions on it.
# Whoever takes `ring` or `cell` must keep the object alive.

from libc.stdint cimport uint32_t

from ring_c cimport hd_ring
from seqlock_c cimport hd_cell


cdef class Ring:
    cdef hd_ring *ring  # formatted and checked; its records have `size` bytes
    cdef Py_ssize_t size
    cdef Py_buffer view
    cdef bint exported

    cdef str fault_sentence(self, int fault, uint32_t slots)


cdef class Cell:
    cdef hd_cell *cell  # formatted and checked; its record has `size` bytes
    cdef Py_ssize_t size
    cdef Py_buffer view
    cdef bint exported

    cdef str fault_sentence(self, int fault)
