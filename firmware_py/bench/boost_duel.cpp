// boost::lockfree::spsc_queue in the ring's benchmark: 64-byte records, compile-time capacity, placed in shared memory.
#include <boost/lockfree/spsc_queue.hpp>
#include <new>

#include "duel.h"

using boost_queue = boost::lockfree::spsc_queue<duel_record, boost::lockfree::capacity<DUEL_CAPACITY>>;

extern "C" {
HD_DUEL(boost, boost_queue, new (queue) boost_queue, queue->push(*record), queue->pop(*record))
}
