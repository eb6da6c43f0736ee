// Free blocks strung together through their own first bytes, as an allocator gives or takes them in bulk.
//
//   root -> [ next | ... ] -> [ next | ... ] -> nothing
//
// What Boost.Container asks of an allocator's multiallocation_chain, whose names it has. Owns nothing.
#pragma once

#include <cstddef>
#include <iterator>
#include <new>
#include <utility>

namespace bufferpool::detail {

template <class T>
class AllocationChain {
  struct Link {
    Link* next;
  };

 public:
  using pointer = T*;
  using size_type = std::size_t;

  using pointer_pair = std::pair<pointer, pointer>;

  class iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using pointer = T*;
    using reference = T&;

    iterator() = default;
    [[nodiscard]] T& operator*() const noexcept { return *operator->(); }
    [[nodiscard]] T* operator->() const noexcept {
      return static_cast<T*>(static_cast<void*>(link_));
    }
    iterator& operator++() noexcept {
      link_ = link_->next;
      return *this;
    }
    iterator operator++(int) noexcept {
      const iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(iterator a, iterator b) noexcept { return a.link_ == b.link_; }
    friend bool operator!=(iterator a, iterator b) noexcept { return a.link_ != b.link_; }

   private:
    friend class AllocationChain;
    explicit iterator(Link* link) noexcept : link_(link) {}

    Link* link_ = nullptr;
  };

  AllocationChain() noexcept = default;
  AllocationChain(AllocationChain&& other) noexcept { splice_after(before_begin(), other); }
  AllocationChain& operator=(AllocationChain&& other) noexcept {
    if (this != &other) {
      clear();
      splice_after(before_begin(), other);
    }
    return *this;
  }
  ~AllocationChain() = default;

  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] size_type size() const noexcept { return size_; }
  [[nodiscard]] iterator before_begin() noexcept { return iterator(&root_); }
  [[nodiscard]] iterator begin() noexcept { return iterator(root_.next); }
  [[nodiscard]] iterator end() noexcept { return iterator(nullptr); }
  /// before_begin() if it is empty.
  [[nodiscard]] iterator last() noexcept { return iterator(last_); }

  /// Forgets the blocks.
  void clear() noexcept {
    root_.next = nullptr;
    last_ = &root_;
    size_ = 0;
  }

  iterator insert_after(iterator after, pointer block) noexcept {
    Link* const link = ::new (static_cast<void*>(block)) Link{nullptr};
    put_after(after.link_, link, link, 1);
    return iterator(link);
  }
  void push_front(pointer block) noexcept { insert_after(before_begin(), block); }
  void push_back(pointer block) noexcept { insert_after(last(), block); }

  pointer pop_front() noexcept {
    Link* const first = root_.next;
    cut_after(&root_, first, 1);
    return iterator(first).operator->();
  }

  /// The `count` blocks behind `before`, the last of which is `last`, come here from `other`.
  void splice_after(iterator after, AllocationChain& other, iterator before, iterator last,
                    size_type count) noexcept {
    if (count == 0) return;
    Link* const first = before.link_->next;
    other.cut_after(before.link_, last.link_, count);
    put_after(after.link_, first, last.link_, count);
  }
  void splice_after(iterator after, AllocationChain& other) noexcept {
    splice_after(after, other, other.before_begin(), other.last(), other.size());
  }

  /// The `count` blocks from `first` to `last`, strung together by another chain, come here.
  void incorporate_after(iterator after, pointer first, pointer last, size_type count) noexcept {
    if (count != 0) put_after(after.link_, link_in(first), link_in(last), count);
  }

  /// The first block and the last, strung together; the chain is empty then.
  pointer_pair extract_data() noexcept {
    if (empty()) return {nullptr, nullptr};
    const pointer_pair ends{begin().operator->(), last().operator->()};
    clear();
    return ends;
  }

 private:
  static Link* link_in(pointer block) noexcept {
    return std::launder(static_cast<Link*>(static_cast<void*>(block)));
  }

  void put_after(Link* after, Link* first, Link* last, size_type count) noexcept {
    last->next = after->next;
    after->next = first;
    if (last_ == after) last_ = last;
    size_ += count;
  }
  void cut_after(Link* before, Link* last, size_type count) noexcept {
    before->next = last->next;
    if (last_ == last) last_ = before;
    size_ -= count;
  }

  Link root_{nullptr};
  Link* last_ = &root_;
  size_type size_ = 0;
};

/// A chain of what an allocator has allocated and takes back, unless it is passed on.
template <class Allocator>
class AllocationBatch {
 public:
  using Chain = typename Allocator::multiallocation_chain;
  using TakeBack = void (Allocator::*)(Chain&) noexcept;

  AllocationBatch(Allocator& allocator, TakeBack take_back) noexcept
      : allocator_(allocator), take_back_(take_back) {}
  AllocationBatch(const AllocationBatch&) = delete;
  AllocationBatch& operator=(const AllocationBatch&) = delete;
  ~AllocationBatch() { (allocator_.*take_back_)(chain); }

  void pass_on(Chain& to) noexcept { to.splice_after(to.last(), chain); }

  Chain chain;

 private:
  Allocator& allocator_;
  TakeBack take_back_;
};

}  // namespace bufferpool::detail
