// Models of who gives a slot back and who frees a pool: LiveCount, RefCount, and the chunks of a pool.
#include "commands.hpp"
#include "shared_models.hpp"

namespace bufferpool::model {
namespace {

using detail::Chunk;
using detail::LiveCount;

/// A slice is copied: one more reference, made by one who holds one.
struct ShareDropSeal {
  static constexpr unsigned kThreads = 2;

  ShareDropSeal() { live.start(); }

  void thread(unsigned index) {
    if (index == 1) {
      if (live.seal(1)) take_over();
      return;
    }
    live.add();
    for (int copy = 0; copy < 2; ++copy) {
      check(payload.bytes[0].get() == 0, "a slice was overwritten");
      if (live.drop()) take_over();
    }
  }
  void take_over() {
    payload.bytes[0].set(9);
    owners.set(owners.get() + 1);
  }
  void finish() { check(owners.get() == 1, "not exactly one gave the slot back"); }

  LiveCount live;
  Payload<1> payload;
  Var<int> owners{0};
};

/// Two threads give the same block back at the same instant: both may go on, but then it is had once.
struct TwoReleasesOfABlock {
  static constexpr unsigned kThreads = 2;

  TwoReleasesOfABlock() { check(state.hold(4), "set-up"); }

  void thread(unsigned index) { went_on[index] = state.unhold(4); }
  void finish() {
    check(went_on[0] + went_on[1] >= 1, "nobody gave the block back");
    check(state.hold(4), "the block is lost");
    check(!state.hold(4), "two hold the same block");
  }

  detail::BlockState state;
  std::array<int, 2> went_on{};
};

/// The owner writes a chunk again from its start if no slice is alive; the last drop may come late.
struct RewindAgainstDrop {
  static constexpr unsigned kThreads = 3;

  RewindAgainstDrop() { live.start(); }

  void thread(unsigned index) {
    if (index != 2) {
      check(payload.bytes[0].get() == 0, "a slice was overwritten");
      gave_back[index] = live.drop();
      return;
    }
    if (live.all_dropped(2)) payload.bytes[0].set(1);
    gave_back[2] = live.seal(2);
  }
  void finish() const {
    check(gave_back[0] + gave_back[1] + gave_back[2] == 1, "not exactly one gave the slot back");
  }

  LiveCount live;
  Payload<1> payload;
  std::array<int, 3> gave_back{};
};

/// Of two who release the same slot one wins, also while a third takes it again as soon as it is free.
struct TwoReleases {
  static constexpr unsigned kThreads = 3;

  TwoReleases() { live.hold(1); }

  void thread(unsigned index) {
    if (index == 2) {
      if (bitmap.take(1).mask == 0) return;
      payload.use(0);
      return;  // and keeps it
    }
    if (!live.unhold(1)) return;
    won[index] = 1;
    payload.use(0);
    check(bitmap.give(0, 1), "a slot that was held was free");
  }
  void finish() const { check(won[0] + won[1] == 1, "not exactly one release succeeded"); }

  Words<1> words{{0}};
  AtomicBitmap bitmap = AtomicBitmap::view(words.words, 64);
  LiveCount live;
  Payload<1> payload;
  std::array<int, 2> won{};
};

/// A slice that is dropped gives its chunk back, and another thread leases it for its own bytes.
struct LeaseAgainstDrop {
  static constexpr unsigned kThreads = 2;

  LeaseAgainstDrop() : chunk(pool.core->try_lease(1)) {
    static_cast<void>(chunk->live.seal(1));  // one slice is alive
  }

  void thread(unsigned index) {
    if (index == 0) {
      pool.use(pool.core->data_of(*chunk));
      return chunk->drop();
    }
    Chunk* const leased = pool.core->try_lease(1);
    if (leased == nullptr) return;
    pool.use(pool.core->data_of(*leased));
    if (leased->live.seal(0)) leased->give_back();
  }
  void finish() { check(pool.count_allocatable() == 1, "a slot is lost"); }

  Pool<1, 1> pool;
  Chunk* chunk;
};

}  // namespace

void add_chunk_models(Models& models) {
  models.push_back(make_model<FreezeDropSeal<LiveCount>>("chunk_freeze_drop_seal"));
  models.push_back(make_model<ShareDropSeal>("chunk_share_drop_seal"));
  models.push_back(make_model<RewindAgainstDrop>("chunk_rewind_against_late_drop"));
  models.push_back(make_model<TwoReleases>("slot_released_twice_at_once"));
  models.push_back(make_model<TwoReleasesOfABlock>("block_released_twice_at_once"));
  models.push_back(make_model<PoolDeath<GiveBack>>("pool_death_against_last_slice"));
  models.push_back(make_model<LeaseAgainstDrop>("pool_lease_against_drop"));
}

}  // namespace bufferpool::model
