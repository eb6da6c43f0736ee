// The systems whose libraries may be missing: an empty list for those that are. No other file asks.
#pragma once

#include "system_list.hpp"

#ifdef BENCH_WITH_TBB
#include "tbb_systems.hpp"
#else
namespace resource_bench {
using TbbSystems = SystemList<>;
}
#endif

#ifdef BENCH_WITH_FOONATHAN
#include "foonathan_systems.hpp"
#else
namespace resource_bench {
using FoonathanSystems = SystemList<>;
}
#endif
