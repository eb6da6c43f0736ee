// Messages of 1 byte to 1 MiB through one buffer: a header says how long the body is. The bytes come in
// pieces that end anywhere, as from a socket; whole messages are frozen without a copy.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <vector>

#include <bufferpool/buffer_pool.hpp>

namespace {

constexpr std::size_t kHeaderBytes = sizeof(std::uint32_t);

std::vector<std::byte> make_stream(const std::vector<std::uint32_t>& lengths) {
  std::vector<std::byte> stream;
  for (const std::uint32_t length : lengths) {
    const std::size_t at = stream.size();
    stream.resize(at + kHeaderBytes + length, static_cast<std::byte>(length));
    std::memcpy(stream.data() + at, &length, kHeaderBytes);
  }
  return stream;
}

/// The next whole message in the buffer, or an empty slice.
bufferpool::Slice next_message(bufferpool::BufferPool& buffer) {
  std::uint32_t length = 0;
  if (buffer.size() < kHeaderBytes) return {};
  std::memcpy(&length, buffer.filled().data(), kHeaderBytes);
  if (buffer.size() < kHeaderBytes + length) return {};
  return buffer.freeze(kHeaderBytes + length);
}

}  // namespace

int main() {
  const std::vector<std::uint32_t> lengths{1,       20,        200, 5'000, 65'000,
                                           100'000, 1'048'576, 3,   70'000};
  const std::vector<std::byte> stream = make_stream(lengths);
  bufferpool::BufferPool buffer(16 * 1024 * 1024);

  std::vector<bufferpool::Slice> messages;
  for (std::size_t at = 0; at < stream.size();) {
    const std::size_t arrived = std::min<std::size_t>(1'460, stream.size() - at);
    std::memcpy(buffer.prepare(4'096).data(), stream.data() + at, arrived);
    buffer.commit(arrived);
    at += arrived;
    for (auto message = next_message(buffer); !message.empty(); message = next_message(buffer)) {
      messages.push_back(std::move(message));
    }
  }
  for (const auto& message : messages) std::cout << message.size() - kHeaderBytes << ' ';
  std::cout << "bytes; " << buffer.stats().bytes_moved << " bytes were moved\n";
  return messages.size() == lengths.size() ? 0 : 1;
}
