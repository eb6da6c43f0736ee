// What the server and the load write in RESP.
#pragma once

#include <string>
#include <string_view>

namespace proxy {

inline void append_bulk(std::string& out, std::string_view bulk) {
  out.append("$").append(std::to_string(bulk.size())).append("\r\n").append(bulk).append("\r\n");
}

}  // namespace proxy
