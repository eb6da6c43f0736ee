// The clients of one thread, found by id. An id of a client that is gone finds nothing, ever.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "envelope.hpp"

namespace proxy {

template <class Client>
class ClientTable {
 public:
  explicit ClientTable(std::uint32_t lane) noexcept : lane_(lane) {}

  /// The id that the next add() gives to its client.
  ClientId next_id() {
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(places_.size()));
      places_.emplace_back();
    }
    return {lane_, free_.back(), places_[free_.back()].generation};
  }

  void add(ClientId id, std::unique_ptr<Client> client) {
    free_.pop_back();
    places_[id.index].client = std::move(client);
  }

  Client* find(ClientId id) noexcept {
    Place& place = places_[id.index];
    return place.generation == id.generation ? place.client.get() : nullptr;
  }

  void erase(ClientId id) {
    Place& place = places_[id.index];
    ++place.generation;
    place.client.reset();
    free_.push_back(id.index);
  }

  /// The client for which `value` is largest, and not 0; there is one.
  template <class Function>
  ClientId max_by(Function value) {
    ClientId found;
    std::size_t most = 0;
    for_each([&](ClientId id) {
      const std::size_t of_this = std::invoke(value, *find(id));
      if (of_this <= most) return;
      most = of_this;
      found = id;
    });
    return found;
  }

  template <class Function>
  void for_each(Function function) {
    for (std::size_t i = 0; i < places_.size(); ++i) {
      if (places_[i].client)
        function(ClientId{lane_, static_cast<std::uint32_t>(i), places_[i].generation});
    }
  }

 private:
  struct Place {
    std::unique_ptr<Client> client;
    std::uint32_t generation = 0;
  };

  std::uint32_t lane_;
  std::vector<Place> places_;
  std::vector<std::uint32_t> free_;
};

}  // namespace proxy
