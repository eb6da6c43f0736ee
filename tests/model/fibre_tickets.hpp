// Thread tickets for fibres: the library keeps a thread's ticket in thread-local variables, of which all
// fibres together have one set.
#pragma once

#include "model.hpp"

namespace bufferpool::model {

/// From now on each fibre has its own, empty ones, before each schedule.
void keep_tickets_apart();

/// So many threads run beside those of the model, and have the first indices.
void run_beside(unsigned threads);

/// What a thread's end does, which a fibre's does not by itself.
void end_this_thread();

}  // namespace bufferpool::model
