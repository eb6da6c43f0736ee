// A first-in first-out queue that owns no memory while it is empty, which std::deque does. The
// nodes of all queues of one thread come from one store and return to it, so that a steady state
// allocates nothing. Neither is thread-safe; a queue is emptied before its store goes.
#pragma once

#include <cstddef>
#include <utility>

namespace proxy {

template <class T>
class NodeStore {
 public:
  struct Node {
    T value;
    Node* next = nullptr;
  };

  NodeStore() = default;
  NodeStore(const NodeStore&) = delete;
  NodeStore& operator=(const NodeStore&) = delete;
  ~NodeStore() {
    while (free_ != nullptr) delete std::exchange(free_, free_->next);
  }

  Node* take(T&& value) {
    if (free_ == nullptr) return new Node{std::move(value)};
    Node* node = std::exchange(free_, free_->next);
    node->value = std::move(value);
    node->next = nullptr;
    return node;
  }

  void give(Node* node) noexcept {
    node->value = T();
    node->next = std::exchange(free_, node);
  }

 private:
  Node* free_ = nullptr;
};

template <class T>
class Queue {
 public:
  using Node = typename NodeStore<T>::Node;

  explicit Queue(NodeStore<T>& store) noexcept : store_(&store) {}
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;
  ~Queue() { clear(); }

  bool empty() const noexcept { return first_ == nullptr; }
  T& front() noexcept { return first_->value; }
  Node* first() noexcept { return first_; }

  void push(T&& value) {
    Node* node = store_->take(std::move(value));
    (first_ == nullptr ? first_ : last_->next) = node;
    last_ = node;
  }

  void pop() noexcept { store_->give(std::exchange(first_, first_->next)); }

  T pop_second() noexcept {
    Node* const second = first_->next;
    T value = std::move(second->value);
    first_->next = second->next;
    if (last_ == second) last_ = first_;
    store_->give(second);
    return value;
  }

  void clear() noexcept {
    while (!empty()) pop();
  }

 private:
  NodeStore<T>* store_;
  Node* first_ = nullptr;
  Node* last_ = nullptr;
};

}  // namespace proxy
