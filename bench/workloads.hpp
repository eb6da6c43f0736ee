// The workloads of the original: in each of 1,000 rounds append, freeze, append the same again,
// freeze, and let go of both slices. They differ in who drops a slice. run() returns when all
// slices have been dropped, so that the memory may go. A workload's own threads exist before the
// first run.
#pragma once

#include <cstddef>
#include <thread>

#include "append.hpp"
#include "handoff_workers.hpp"
#include "keeper_threads.hpp"
#include "message_script.hpp"
#include "placement.hpp"

namespace seed_bench {

/// The filling thread drops.
template <MessageMemory Memory>
class Single {
 public:
  void run(Memory& memory, const MessageScript& script) {
    for (std::size_t round = 0; round < rounds; ++round) {
      append_message(memory, script.input_of(round), script.message_bytes[round]);
      const auto first = memory.freeze();
      append_message(memory, script.input_of(round), script.message_bytes[round]);
      const auto second = memory.freeze();
      touch(first);
      touch(second);
    }
  }

 private:
  bench::Placement placement_{bench::Placement::Cores::first};
};

/// `Single` through a cursor that lives in registers.
template <MessageMemory Memory>
class SingleAppender {
 public:
  void run(Memory& memory, const MessageScript& script) {
    for (std::size_t round = 0; round < rounds; ++round) {
      append_message_through_appender(memory, script.input_of(round), script.message_bytes[round]);
      const auto first = memory.freeze();
      append_message_through_appender(memory, script.input_of(round), script.message_bytes[round]);
      const auto second = memory.freeze();
      touch(first);
      touch(second);
    }
  }

 private:
  bench::Placement placement_{bench::Placement::Cores::first};
};

/// A new thread for each slice drops it; nobody waits before the last round.
template <MessageMemory Memory>
class Multi {
 public:
  void run(Memory& memory, const MessageScript& script) {
    for (std::size_t round = 0; round < rounds; ++round) {
      append_message(memory, script.input_of(round), script.message_bytes[round]);
      keepers_.keep(memory.freeze());
      append_message(memory, script.input_of(round), script.message_bytes[round]);
      keepers_.keep(memory.freeze());
    }
    keepers_.wait_until_gone();
  }

 private:
  DetachedKeepers keepers_;
};

/// A new thread for each slice drops it; the round ends when both did.
template <MessageMemory Memory>
class MultiWait {
 public:
  void run(Memory& memory, const MessageScript& script) {
    for (std::size_t round = 0; round < rounds; ++round) {
      append_message(memory, script.input_of(round), script.message_bytes[round]);
      std::thread first = joinable_keeper(memory.freeze());
      append_message(memory, script.input_of(round), script.message_bytes[round]);
      std::thread second = joinable_keeper(memory.freeze());
      first.join();
      second.join();
    }
  }
};

/// Threads created beforehand drop, each fed through a bounded queue. The filling thread has a core
/// to itself, as an I/O thread of a proxy: what is compared is memory, not scheduling.
template <MessageMemory Memory>
class Handoff {
 public:
  void run(Memory& memory, const MessageScript& script) {
    const bench::Placement placement(bench::Placement::Cores::first);
    for (std::size_t round = 0; round < rounds; ++round) {
      append_message(memory, script.input_of(round), script.message_bytes[round]);
      workers_.send(memory.freeze());
      append_message(memory, script.input_of(round), script.message_bytes[round]);
      workers_.send(memory.freeze());
    }
    workers_.wait_until_dropped();
  }

 private:
  HandoffWorkers<SliceOf<Memory>> workers_;
};

}  // namespace seed_bench
