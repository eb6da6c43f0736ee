#include "bufferpool/allocation_chain.hpp"

#include <cstddef>
#include <initializer_list>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace bufferpool::detail {
namespace {

struct Block {
  std::byte bytes[16];
};
using Chain = AllocationChain<Block>;

class AllocationChainTest : public ::testing::Test {
 protected:
  [[nodiscard]] Chain chain_of(std::initializer_list<std::size_t> numbers) {
    Chain chain;
    for (const std::size_t number : numbers) chain.push_back(&blocks_[number]);
    return chain;
  }
  [[nodiscard]] std::vector<std::size_t> numbers_in(Chain& chain) const {
    std::vector<std::size_t> numbers;
    for (const Block& block : chain)
      numbers.push_back(static_cast<std::size_t>(&block - &blocks_[0]));
    return numbers;
  }
  void expect(Chain& chain, const std::vector<std::size_t>& numbers) const {
    EXPECT_EQ(numbers_in(chain), numbers);
    EXPECT_EQ(chain.size(), numbers.size());
    EXPECT_EQ(chain.empty(), numbers.empty());
    const Chain::iterator last = chain.last();
    if (numbers.empty()) {
      EXPECT_TRUE(last == chain.before_begin());
    } else {
      EXPECT_EQ(last.operator->(), &blocks_[numbers.back()]);
    }
  }

  std::vector<Block> blocks_ = std::vector<Block>(8);
};

TEST_F(AllocationChainTest, blocks_come_at_both_ends_and_go_at_the_front) {
  Chain chain = chain_of({1, 2});
  chain.push_front(&blocks_[0]);
  expect(chain, {0, 1, 2});
  EXPECT_EQ(chain.pop_front(), &blocks_[0]);
  EXPECT_EQ(chain.pop_front(), &blocks_[1]);
  EXPECT_EQ(chain.pop_front(), &blocks_[2]);
  expect(chain, {});
}

TEST_F(AllocationChainTest, a_part_goes_from_one_chain_to_another) {
  Chain from = chain_of({0, 1, 2, 3});
  Chain to = chain_of({4, 5});
  Chain::iterator last = from.begin();
  ++last;
  ++last;
  to.splice_after(to.begin(), from, from.begin(), last, 2);
  expect(from, {0, 3});
  expect(to, {4, 1, 2, 5});
  to.splice_after(to.last(), from);
  expect(from, {});
  expect(to, {4, 1, 2, 5, 0, 3});
}

TEST_F(AllocationChainTest, the_last_block_may_go_and_others_follow_behind_the_one_before) {
  Chain from = chain_of({0, 1});
  Chain to;
  to.splice_after(to.before_begin(), from, from.begin(), from.last(), 1);
  expect(from, {0});
  from.push_back(&blocks_[2]);
  expect(from, {0, 2});
  expect(to, {1});
}

TEST_F(AllocationChainTest, what_one_chain_lets_go_of_another_takes_up) {
  Chain from = chain_of({3, 4, 5});
  const auto [first, last] = from.extract_data();
  expect(from, {});
  Chain to = chain_of({0});
  to.incorporate_after(to.last(), first, last, 3);
  expect(to, {0, 3, 4, 5});
  EXPECT_EQ(from.extract_data().first, nullptr);
}

TEST_F(AllocationChainTest, a_chain_that_was_moved_from_is_empty_and_may_be_used) {
  Chain from = chain_of({0, 1});
  Chain to = chain_of({7});
  to = std::move(from);
  expect(to, {0, 1});
  from.push_back(&blocks_[6]);  // NOLINT(bugprone-use-after-move): it is empty
  expect(from, {6});
}

}  // namespace
}  // namespace bufferpool::detail
