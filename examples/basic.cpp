// Append to a buffer, freeze it, send the slice to another thread, which drops it.
#include <cstring>
#include <iostream>
#include <string_view>
#include <thread>

#include <bufferpool/buffer_pool.hpp>

namespace {

void append(bufferpool::BufferPool& buffer, std::string_view text) {
  std::memcpy(buffer.fill(text.size()).data(), text.data(), text.size());
}

}  // namespace

int main() {
  // One pool for the process: 64 MiB are reserved, and committed as they are used.
  bufferpool::SlotPool pool({.slot_bytes = 64 * 1024, .slots = 1024});

  // One buffer a connection. It takes a slot with its first byte.
  bufferpool::BufferPool buffer(pool);
  append(buffer, "hello, ");
  append(buffer, "world");
  bufferpool::Slice frame = buffer.freeze();
  append(buffer, "the next message");  // the frame does not mind

  std::thread consumer([frame = std::move(frame)] {
    std::cout << std::string_view(frame) << " (" << frame.size() << " bytes)\n";
  });  // the frame is dropped there
  consumer.join();

  buffer.clear();
  buffer.release_idle();  // the connection waits for its peer: it holds no memory meanwhile
  std::cout << "slots taken: " << pool.stats().taken_slots << '\n';
  return pool.stats().taken_slots == 0 ? 0 : 1;
}
