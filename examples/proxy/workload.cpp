#include "workload.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "resp_text.hpp"

namespace proxy {
namespace {

constexpr std::uint64_t keys = 4;
/// Of each four commands: a SET, a GET of the same key, a GET of the key set least recently, an
/// ECHO or PING.
constexpr std::uint64_t round_commands = 4;

std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

}  // namespace

std::string Workload::key(std::uint64_t number) const {
  return "load:" + std::to_string(identity_.run) + ":" + std::to_string(identity_.connection) +
         ":" + std::to_string(number);
}

/// As a bulk string of any bytes, CR and LF among them.
void Workload::append_value(std::uint64_t key, std::uint64_t sequence, std::string& out) const {
  out.append("$").append(std::to_string(value_bytes_)).append("\r\n");
  const std::size_t start = out.size();
  out.resize(start + value_bytes_);
  std::uint64_t state = mix(identity_.run ^ mix(identity_.connection ^ mix(key ^ mix(sequence))));
  for (std::size_t i = 0; i < value_bytes_; i += sizeof state) {
    state += 0x9e3779b97f4a7c15u;
    const std::uint64_t word = mix(state);
    std::memcpy(out.data() + start + i, &word, std::min(sizeof word, out.size() - start - i));
  }
  out.append("\r\n");
}

void Workload::append_command(std::uint64_t sequence, std::string& out) const {
  const std::uint64_t round = sequence / round_commands;
  switch (sequence % round_commands) {
    case 0:
      out += "*3\r\n$3\r\nSET\r\n";
      append_bulk(out, key(round % keys));
      return append_value(round % keys, sequence, out);
    case 1:
      out += "*2\r\n$3\r\nGET\r\n";
      return append_bulk(out, key(round % keys));
    case 2:
      out += "*2\r\n$3\r\nGET\r\n";
      return append_bulk(out, key((round + 1) % keys));
    default:
      out += round % 2 == 0 ? "*2\r\n$4\r\nECHO\r\n" : "*2\r\n$4\r\nPING\r\n";
      return append_value(keys, sequence, out);
  }
}

void Workload::append_reply(std::uint64_t sequence, std::string& out) const {
  const std::uint64_t round = sequence / round_commands;
  switch (sequence % round_commands) {
    case 0:
      out += "+OK\r\n";
      return;
    case 1:
      return append_value(round % keys, sequence - 1, out);
    case 2:
      if (round + 1 < keys) return void(out += "$-1\r\n");
      return append_value((round + 1) % keys, (round + 1 - keys) * round_commands, out);
    default:
      return append_value(keys, sequence, out);
  }
}

void Workload::append_farewell(std::string& out) const {
  out.append("*").append(std::to_string(1 + keys)).append("\r\n$3\r\nDEL\r\n");
  for (std::uint64_t i = 0; i < keys; ++i) append_bulk(out, key(i));
}

void Workload::append_farewell_reply(std::uint64_t sequences, std::string& out) const {
  const std::uint64_t sets = (sequences + round_commands - 1) / round_commands;
  out.append(":").append(std::to_string(std::min(sets, keys))).append("\r\n");
}

}  // namespace proxy
