// A PoolResource in boost::container::pmr's containers.
#include "bufferpool/boost_resource.hpp"

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <string>
#include <vector>

#include <boost/container/pmr/map.hpp>
#include <boost/container/pmr/string.hpp>
#include <boost/container/pmr/vector.hpp>
#include <gtest/gtest.h>

#include "bufferpool/pool_allocator.hpp"
#include "support/resource_stats.hpp"
#include "support/threads.hpp"
#include "support/watched_resource.hpp"

namespace bufferpool::test {
namespace {

namespace bpmr = boost::container::pmr;

class BoostResourceTest : public ::testing::Test {
 protected:
  ~BoostResourceTest() override { EXPECT_TRUE(is_quiet(memory_.stats())); }

  WatchedResource upstream_;
  SlotPool pool_{{.slot_bytes = 64 * 1024, .slots = 256, .upstream = &upstream_}};
  PoolResource memory_{pool_};
};

TEST_F(BoostResourceTest, is_the_same_one_at_every_call_on_every_thread) {
  std::vector<bpmr::memory_resource*> seen(4);
  on_threads(4,
             [&](int thread) { seen[static_cast<std::size_t>(thread)] = boost_resource(memory_); });
  for (const auto* const resource : seen) EXPECT_EQ(resource, boost_resource(memory_));
  PoolResource other(pool_);
  EXPECT_TRUE(*boost_resource(memory_) == *boost_resource(memory_));
  EXPECT_FALSE(*boost_resource(memory_) == *boost_resource(other));
}

TEST_F(BoostResourceTest, lives_inside_of_the_pool_resource) {
  const auto* const begin = reinterpret_cast<const std::byte*>(&memory_);
  const auto* const adapter = reinterpret_cast<const std::byte*>(boost_resource(memory_));
  EXPECT_GE(adapter, begin);
  EXPECT_LT(adapter, begin + sizeof memory_);
}

TEST_F(BoostResourceTest, both_kinds_of_container_share_a_pool) {
  bpmr::vector<int> boosts(boost_resource(memory_));
  bpmr::map<int, bpmr::string> map(boost_resource(memory_));
  std::pmr::vector<std::pmr::string> standards(&memory_);
  std::vector<int, PoolAllocator<int>> direct(memory_);
  for (int i = 0; i < 1000; ++i) {
    boosts.push_back(i);
    map.emplace(i, "a text that is too long to be kept in a string itself");
    standards.emplace_back("a text that is too long to be kept in a string itself");
    direct.push_back(i);
  }
  EXPECT_EQ(boosts.back(), 999);
  EXPECT_STREQ(map.at(7).c_str(), "a text that is too long to be kept in a string itself");
  EXPECT_TRUE(memory_.owns(boosts.data()));
  EXPECT_TRUE(memory_.owns(standards.data()));
  EXPECT_EQ(map.begin()->second.get_allocator().resource(), boost_resource(memory_));
  EXPECT_EQ(sum_of(memory_.stats()).in_use, 1u + 1000 + 1000 + 1 + 1000 + 1);
  EXPECT_EQ(upstream_.calls(), 0u);
}

TEST_F(BoostResourceTest, honours_an_alignment_and_no_bytes) {
  bpmr::memory_resource& resource = *boost_resource(memory_);
  void* const block = resource.allocate(100, 8192);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % 8192, 0u);
  resource.deallocate(block, 100, 8192);
  resource.deallocate(resource.allocate(0, 1), 0, 1);
}

TEST_F(BoostResourceTest, what_it_allocated_the_pool_resource_takes_back) {
  memory_.deallocate(boost_resource(memory_)->allocate(100, 8), 100, 8);
}

}  // namespace
}  // namespace bufferpool::test
