// Who takes part in resource_bench, in the order of the table.
#pragma once

#include "optional_systems.hpp"
#include "std_monotonic.hpp"
#include "system_list.hpp"
#include "systems.hpp"

namespace resource_bench {

using OwnSystems = SystemList<PoolResourceSystem, PoolAllocatorSystem>;
using StandardSystems =
    SystemList<NewDelete, NewDeleteResource, StdUnsynchronized, StdSynchronized, StdMonotonic>;
using BoostSystems = SystemList<BoostUnsynchronized, BoostSynchronized, BoostPool>;

/// Calls `visit.template operator()<System>()` for each.
template <class Visitor>
void for_each_system(const Visitor& visit) {
  for_each_of(OwnSystems{}, visit);
  for_each_of(StandardSystems{}, visit);
  for_each_of(BoostSystems{}, visit);
  for_each_of(TbbSystems{}, visit);
  for_each_of(FoonathanSystems{}, visit);
}

}  // namespace resource_bench
