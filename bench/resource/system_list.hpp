// Systems as a value: what a file of systems hands to those that register rows.
#pragma once

namespace resource_bench {

template <class... Systems>
struct SystemList {};

/// Calls `visit.template operator()<System>()` for each.
template <class Visitor, class... Systems>
void for_each_of(SystemList<Systems...>, const Visitor& visit) {
  (visit.template operator()<Systems>(), ...);
}

}  // namespace resource_bench
