#include "bufferpool/thread_ticket.hpp"

#include <barrier>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace bufferpool::detail {
namespace {

std::uint64_t ticket_of_a_new_thread() {
  std::uint64_t ticket = kNoTicket;
  std::thread([&ticket] { ticket = claim_ticket(); }).join();
  return ticket;
}

TEST(ThreadTicket, a_thread_has_none_before_it_claims_one) {
  std::uint64_t before = 0;
  std::thread([&before] { before = this_thread_ticket; }).join();
  EXPECT_EQ(before, kNoTicket);
}

TEST(ThreadTicket, a_thread_keeps_its_ticket) {
  const std::uint64_t ticket = claim_ticket();
  EXPECT_LT(index_of_ticket(ticket), kThreadIndices);
  EXPECT_EQ(this_thread_ticket, ticket);
  EXPECT_EQ(claim_ticket(), ticket);
  EXPECT_TRUE(is_ticket_in_use(ticket));
}

TEST(ThreadTicket, that_of_an_ended_thread_is_out_of_use_for_ever) {
  const std::uint64_t ticket = ticket_of_a_new_thread();
  ASSERT_NE(ticket, kNoTicket);
  EXPECT_FALSE(is_ticket_in_use(ticket));
  EXPECT_EQ(index_of_ticket(ticket_of_a_new_thread()), index_of_ticket(ticket));
  EXPECT_FALSE(is_ticket_in_use(ticket));
}

TEST(ThreadTicket, a_new_thread_gets_the_lowest_free_index) {
  const std::uint32_t own = index_of_ticket(claim_ticket());
  const std::uint32_t first = index_of_ticket(ticket_of_a_new_thread());
  EXPECT_NE(first, own);
  EXPECT_LE(first, 1u);
}

TEST(ThreadTicket, no_ticket_is_given_twice) {
  std::set<std::uint64_t> tickets{claim_ticket()};
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(tickets.insert(ticket_of_a_new_thread()).second);
}

TEST(ThreadTicket, that_of_a_collector_is_in_use_and_no_threads) {
  EXPECT_TRUE(is_ticket_in_use(kCollectorTicket));
  EXPECT_GE(index_of_ticket(kCollectorTicket), kThreadIndices);
  EXPECT_GE(index_of_ticket(kNoTicket), kThreadIndices);
}

TEST(ThreadTicket, no_two_running_threads_have_the_same_and_beyond_the_last_there_is_none) {
  constexpr std::uint32_t kThreads = kThreadIndices + 20;
  static_cast<void>(claim_ticket());  // one index is this thread's
  std::barrier all_have_tried(kThreads);
  std::mutex mutex;
  std::multiset<std::uint32_t> indices;
  std::vector<std::thread> threads;
  for (std::uint32_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      const std::uint32_t index = index_of_ticket(claim_ticket());
      {
        const std::lock_guard lock(mutex);
        indices.insert(index);
      }
      all_have_tried.arrive_and_wait();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(indices.count(index_of_ticket(kNoTicket)), kThreads - (kThreadIndices - 1));
  indices.erase(index_of_ticket(kNoTicket));
  for (const std::uint32_t index : indices) EXPECT_EQ(indices.count(index), 1u) << index;
  EXPECT_EQ(indices.size(), kThreadIndices - 1);
}

/// Tells what its thread's ticket is, and whether it can get one, while the thread ends.
struct AtThreadEnd {
  std::uint64_t* ticket_then;
  std::uint64_t* claimed_then;
  ~AtThreadEnd() {
    *ticket_then = this_thread_ticket;
    *claimed_then = claim_ticket();
  }
};

TEST(ThreadTicket, a_thread_that_has_given_its_ticket_up_gets_none_any_more) {
  std::uint64_t ticket = kNoTicket;
  std::uint64_t ticket_then = 0;
  std::uint64_t claimed_then = 0;
  std::thread([&] {
    // Made before the ticket is claimed, hence destroyed after it was given up.
    static thread_local const AtThreadEnd at_end{&ticket_then, &claimed_then};
    static_cast<void>(at_end);
    ticket = claim_ticket();
  }).join();
  EXPECT_NE(ticket, kNoTicket);
  EXPECT_EQ(ticket_then, kNoTicket);
  EXPECT_EQ(claimed_then, kNoTicket);
  EXPECT_FALSE(is_ticket_in_use(ticket));
}

}  // namespace
}  // namespace bufferpool::detail
