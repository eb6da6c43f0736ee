// What the load's client number `connection` sends and must receive. Both are functions of the
// connection, the key and the sequence number, so that a swapped, stale, torn or repeated reply
// does not go unseen.
#pragma once

#include <cstdint>
#include <string>

namespace proxy {

class Workload {
 public:
  /// `run` sets the keys of this run apart from those of others on the same server.
  struct Identity {
    std::uint64_t run = 0;
    std::uint64_t connection = 0;
  };

  Workload(Identity identity, std::uint64_t value_bytes) noexcept
      : identity_(identity), value_bytes_(value_bytes) {}

  /// No command is longer, and no reply.
  static constexpr std::uint64_t longest_frame(std::uint64_t value_bytes) noexcept {
    return value_bytes + 256;  // the farewell, with its four keys, is shorter
  }

  void append_command(std::uint64_t sequence, std::string& out) const;
  void append_reply(std::uint64_t sequence, std::string& out) const;

  /// The last command removes what `sequences` commands have left behind.
  void append_farewell(std::string& out) const;
  void append_farewell_reply(std::uint64_t sequences, std::string& out) const;

 private:
  std::string key(std::uint64_t number) const;
  void append_value(std::uint64_t key, std::uint64_t sequence, std::string& out) const;

  Identity identity_;
  std::uint64_t value_bytes_;
};

}  // namespace proxy
