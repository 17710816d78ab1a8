// ring.h and seqlock.h are usable from C++ as they are: one record through each.
#include <array>

#include "ring.h"
#include "seqlock.h"

alignas(64) static unsigned char block[4096];

int main() {
    const std::array<uint64_t, 8> in = {1, 2, 3, 4, 5, 6, 7, 8};
    std::array<uint64_t, 8> out = {};
    hd_ring *ring = reinterpret_cast<hd_ring *>(block);
    hd_cell *cell = reinterpret_cast<hd_cell *>(block + 2048);
    if (hd_ring_format(ring, 2048, 4, sizeof in) != HD_RING_FINE)
        return 1;
    if (!hd_ring_push(ring, in.data()) || !hd_ring_pop(ring, out.data()) || out != in)
        return 2;
    out = {};
    if (hd_cell_format(cell, 2048, sizeof in) != HD_RING_FINE)
        return 3;
    hd_cell_write(cell, in.data());
    return hd_cell_read(cell, out.data()) && out == in ? 0 : 4;
}
