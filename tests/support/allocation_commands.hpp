// What PoolAllocator::allocation_command() can be asked for: boost::container::allocation_type, for tests
// that do without Boost.
#pragma once

namespace bufferpool::test {

inline constexpr unsigned kAllocateNew = 0x01;
inline constexpr unsigned kExpandForward = 0x02;
inline constexpr unsigned kExpandBackward = 0x04;
inline constexpr unsigned kShrinkInPlace = 0x08;
inline constexpr unsigned kNothrow = 0x10;
inline constexpr unsigned kTryShrinkInPlace = 0x40;

}  // namespace bufferpool::test
