// Text that waits to be written to a socket without waiting for the peer.
#pragma once

#include <cstddef>
#include <string>

#include <boost/asio/buffer.hpp>

#include "socket.hpp"

namespace proxy {

class TextOutput {
 public:
  /// To append to.
  std::string& text() noexcept { return text_; }

  /// No error: everything is written, and the text is empty. would_block: the peer takes no more
  /// now.
  ErrorCode write_to(Socket& socket) {
    ErrorCode error;
    while (written_ < text_.size() && !error) {
      written_ +=
          socket.write_some(asio::buffer(text_.data() + written_, text_.size() - written_), error);
    }
    if (!error) {
      text_.clear();
      written_ = 0;
    }
    return error;
  }

 private:
  std::string text_;
  std::size_t written_ = 0;
};

}  // namespace proxy
