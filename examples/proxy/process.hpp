// What the kernel knows about this process: its memory and its limits.
#pragma once

#include <cstdint>

namespace proxy {

std::uint64_t resident_bytes();
std::uint64_t peak_resident_bytes();

/// Allows this many open descriptors, or as many as the hard limit permits; returns how many that
/// is.
std::uint64_t allow_descriptors(std::uint64_t wanted);

/// What a process needs beside one descriptor per connection.
inline constexpr std::uint64_t spare_descriptors = 64;

}  // namespace proxy
