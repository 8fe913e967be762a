// Sums by id, which are read in ascending order of ids without sorting: one bit for each id that occurred, and one for
// each 64 of those.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../arena.h"
#include "bytes.h"

namespace fp::text {

// One row: ascending ids, each with its weight. If a step only changes weights, the ids are those of the previous step.
struct Row {
  size_t count = 0;
  const int32_t* ids = nullptr;
  const double* weights = nullptr;
  Array<int32_t> own_ids;
  Array<double> own_weights;

  // Allocates that many weights, and with `with_ids` as many ids; the previous content is lost.
  [[nodiscard]] bool take(size_t pairs, bool with_ids) {
    count = pairs;
    if (own_weights.size() < pairs && !own_weights.allocate(2 * pairs)) return false;
    weights = own_weights.data();
    if (!with_ids) return true;
    if (own_ids.size() < pairs && !own_ids.allocate(2 * pairs)) return false;
    ids = own_ids.data();
    return true;
  }
};

class Tally {
 public:
  [[nodiscard]] bool create(size_t ids) {
    return sums_.allocate(ids) && met_.allocate(ids / 64 + 1) && groups_.allocate(ids / 4096 + 1);
  }

  void add(uint32_t id, int32_t weight) {
    const uint64_t bit = uint64_t(1) << id % 64;
    uint64_t& met = met_[id / 64];
    if ((met & bit) != 0) {
      sums_[id] += weight;
      return;
    }
    met |= bit;
    groups_[id / 4096] |= uint64_t(1) << id / 64 % 64;
    sums_[id] = weight;
    count_++;
  }

  // Writes the sums (with `binary`, 1 for each id), and clears them.
  [[nodiscard]] bool into(Row& row, bool binary) {
    const bool room = row.take(count_, true);
    int32_t* const ids = row.own_ids.data();
    double* const weights = row.own_weights.data();
    size_t at = 0;
    for (size_t group = 0; at < count_; group++) {
      for (uint64_t words = groups_[group]; words != 0; words &= words - 1) {
        const size_t word = 64 * group + lowest_bit(words);
        for (uint64_t bits = met_[word]; bits != 0; bits &= bits - 1, at++) {
          if (!room) continue;
          const size_t id = 64 * word + lowest_bit(bits);
          ids[at] = int32_t(id);
          weights[at] = binary ? 1 : sums_[id];
        }
        met_[word] = 0;
      }
      groups_[group] = 0;
    }
    count_ = 0;
    return room;
  }

 private:
  size_t count_ = 0;
  Array<int32_t> sums_;
  Array<uint64_t> met_, groups_;
};

}  // namespace fp::text
