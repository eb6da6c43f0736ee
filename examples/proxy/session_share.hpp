// What the sessions of one thread have in common.
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "command.hpp"
#include "envelope.hpp"
#include "limits.hpp"
#include "slice_queue.hpp"
#include <bufferpool/buffer.hpp>
#include <bufferpool/slice.hpp>

namespace proxy {

template <bufferpool::FillBuffer Buffer>
struct SessionShare {
  Limits limits;
  Vouched vouched;
  std::size_t held_bytes = 0;  // of all of them, as far as they are counted
  Buffer answers;              // for the answers that the proxy gives itself
  SliceQueue::Store slices;
  std::vector<Envelope> outgoing;  // to the upstream connection

  bufferpool::Slice make_answer(std::initializer_list<std::string_view> parts) {
    for (const std::string_view part : parts) {
      std::ranges::copy(std::as_bytes(std::span(part)), answers.fill(part.size()).begin());
    }
    bufferpool::Slice answer = answers.freeze();
    answers.release_idle();
    return answer;
  }
};

}  // namespace proxy
