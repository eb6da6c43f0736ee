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
    pool.lease_use_give();
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
  models.push_back(make_model<PoolDeath<GiveBack>>("pool_death_against_last_slice"));
  models.push_back(make_model<LeaseAgainstDrop>("pool_lease_against_drop"));
}

}  // namespace bufferpool::model
