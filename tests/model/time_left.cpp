#include "time_left.hpp"

#include <algorithm>
#include <limits>

namespace bufferpool::model {
namespace {

struct Timed {
  const char* name;
  double seconds;
};

// Of a core of its own, with gcc 12. `model list` fails where this names other models than there are.
constexpr Timed kTimed[] = {
    {"bitmap_take_give_one_word", 0.86},
    {"bitmap_take_always_finds", 0.4},
    {"bitmap_take_give_summary", 23},
    {"bitmap_claim_give_summary", 2.1},
    {"bitmap_several_words", 0.29},
    {"bitmap_several_of_shared_words", 88},
    {"bitmap_run_claim_against_take", 2.1},
    {"bitmap_given_twice_at_once", 0.01},
    {"bitmap_open_against_take", 0.01},
    {"hint_set_hides_nothing", 0.01},
    {"hint_set_of_one_place", 0.17},
    {"chunk_freeze_drop_seal", 0.01},
    {"chunk_share_drop_seal", 0.01},
    {"chunk_rewind_against_late_drop", 0.01},
    {"pool_death_against_last_slice", 0.01},
    {"pool_lease_against_drop", 0.01},
    {"buffer_fill_against_drops", 0.01},
    {"buffer_fill_with_a_slot_left", 0.02},
    {"buffer_move_against_drop", 0.01},
    {"buffer_end_against_drops", 0.01},
    {"slot_released_twice_at_once", 0.72},
    {"run_released_twice_at_once", 5.2},
    {"slot_released_twice_to_magazines", 79},
    {"block_released_twice_at_once", 0.01},
    {"failure_handler_set_against_failure", 0.01},
    {"owner_hand_over_between_threads", 85},
    {"quarantine_hand_over", 0.01},
    {"magazine_refill_and_flush", 248},
    {"magazine_flush_against_take", 448},
    {"thread_exit_against_refill", 34},
    {"magazine_asked_back", 62},
    {"magazine_of_scattered_slots_asked_back", 285},
    {"magazine_asked_for_a_slot", 0.4},
    {"magazine_asked_for_a_run", 0.02},
    {"pool_full_by_count", 0.01},
    {"pool_full_by_count_of_words", 0.01},
    {"pool_full_by_count_of_magazines", 0.03},
    {"pool_full_by_count_of_bits", 6.3},
    {"pool_extend_against_take", 0.05},
    {"pool_shrink_against_take", 0.01},
    {"slab_opened_for_the_first_time", 0.04},
    {"slab_take_give", 30},
    {"slab_changes_class_against_take", 4.1},
    {"slab_changes_class_against_release", 15},
    {"slab_of_one_block", 0.93},
    {"slab_given_whole", 1.8},
    {"slabs_against_slots_by_the_word", 3.4},
    {"slab_release_against_take", 85},
    {"slab_of_two_words_against_take", 21},
    {"slab_of_two_words_against_give", 6.8},
};

constexpr double mean_seconds() {
  double sum = 0;
  for (const Timed& timed : kTimed) sum += timed.seconds;
  return sum / std::size(kTimed);
}

}  // namespace

std::optional<double> full_seconds_of(const std::string& name) {
  const auto* const found = std::ranges::find(kTimed, name, &Timed::name);
  return found != std::end(kTimed) ? std::optional(found->seconds) : std::nullopt;
}

std::vector<std::string> timed_without_model(const Models& models) {
  std::vector<std::string> names;
  for (const Timed& timed : kTimed) {
    if (std::ranges::find(models, timed.name, &Model::name) == models.end()) {
      names.push_back(timed.name);
    }
  }
  return names;
}

TimeLeft::TimeLeft(const Models& models, double most_seconds)
    : most_seconds_(most_seconds != 0 ? most_seconds : std::numeric_limits<double>::max()) {
  for (const Model& model : models) {
    in_table_.push_back(full_seconds_of(model.name).value_or(mean_seconds()));
  }
}

void TimeLeft::note_end(double seconds) {
  ended_in_table_ += in_table_[running_++];
  ended_ += seconds;
}

double TimeLeft::when_running_for(double seconds) const {
  // Until the first has ended this run counts as quick as the table's.
  const double pace = ended_in_table_ != 0 ? ended_ / ended_in_table_ : 1;
  double left = -seconds;
  for (std::size_t i = running_; i < in_table_.size(); ++i) {
    left += std::min(in_table_[i] * pace, most_seconds_);
    if (i == running_) left = std::max(left, 0.0);  // it takes longer than it did
  }
  return left;
}

}  // namespace bufferpool::model
