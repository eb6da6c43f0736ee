// One thread, from its beginning to its end: does a random mix of operations, and finds what it gives back as it
// or whoever sent it left it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "bufferpool/buffer_pool.hpp"
#include "ground.hpp"
#include "holding.hpp"
#include "tally.hpp"

namespace bufferpool::stress {

class Worker {
 public:
  /// `number`: of all threads that there ever are in the run.
  Worker(Ground& ground, std::uint64_t number);

  /// At the end sends or gives back what it holds.
  Tally work(std::uint64_t operations);

 private:
  void step();
  [[nodiscard]] bool perform(Operation operation);
  [[nodiscard]] bool take_slot();
  [[nodiscard]] bool take_run();
  [[nodiscard]] bool extend_run();
  [[nodiscard]] bool allocate_block();
  [[nodiscard]] bool freeze_slice();
  [[nodiscard]] bool split_slice();
  [[nodiscard]] bool send();
  [[nodiscard]] bool receive();
  [[nodiscard]] bool give_back_any();

  [[nodiscard]] Stamp next_stamp() noexcept;
  void keep_slots(void* pointer, std::uint64_t slots);
  void keep_slice(Slice slice, Stamp stamp);
  [[nodiscard]] Mailbox& any_mailbox();
  [[nodiscard]] Holding* any_of(Holding::Kind kind);
  [[nodiscard]] Holding take_any();

  Ground& ground_;
  BufferPool buffer_;
  std::mt19937_64 random_;
  std::uint64_t last_stamp_;
  std::size_t most_held_;
  std::vector<Holding> held_;
  Tally tally_;
};

/// Looks whether the stamp is whole, says so if not, and gives the memory back.
void give_back(Ground& ground, Holding holding, Tally& tally);

}  // namespace bufferpool::stress
