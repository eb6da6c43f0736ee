// Does the cost of an operation depend on the number of slots? The same work on pools from 8 to
// 2^20 slots.
#pragma once

namespace seed_bench {

/// Registers `scale_allocate/<slots>`, `scale_burst/<slots>` and `scale_buffer/<slots>`.
void register_scale_benchmarks();

}  // namespace seed_bench
