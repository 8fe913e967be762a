// Random trees, rows that come near to their thresholds, and the plain walk that layouts are compared with.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "random.h"
#include "tree_layouts.h"

namespace test {

// Nodes in preorder, as a plan has them.
template <typename T>
struct Forest {
  std::vector<T> nodes, sets, leaves;
  std::vector<int32_t> targets;  // of none where trees are not added
  size_t features = 1, trees = 0, width = 1, outputs = 1;
  T divisor = 1;
  fp::TreeSum sum = fp::TreeSum::float64;

  size_t count() const { return nodes.size() / 3; }
};

// Where the leaves of a tree are: anywhere; one beside each split; or one on the left of each, with rising thresholds,
// so that rows come to all of them.
enum class Ways { any, chain, ladder };

// What a random forest has. A slot is a feature and a kind of split, each with thresholds of its own; those of sets
// come after those that compare. Each threshold of each slot is in some tree.
struct ForestShape {
  size_t leaves = 32;  // of each tree
  size_t slots = 4, thresholds = 8;
  size_t set_slots = 0, categories = 20;  // of a set, the last one of the first set included
  Ways ways = Ways::any;
  bool floats = false;  // thresholds are float32
  bool nan = true;      // every other slot takes NaN to the left
  size_t least_trees = 20;
  size_t width = 1, outputs = 1;
  fp::TreeSum sum = fp::TreeSum::float64;
  double divisor = 1;
};

template <typename T>
class ForestMaker {
 public:
  ForestMaker(const ForestShape& shape, uint64_t seed) : shape_(shape), random_(seed) {
    // Slots of a feature come in pairs, one of each kind.
    const size_t per_feature = shape.nan ? 2 : 1;
    const size_t compared = (shape.slots + per_feature - 1) / per_feature;
    forest_.features = compared + shape.set_slots;
    if (forest_.features == 0) forest_.features = 1;
    set_feature_ = compared;
    thresholds_.resize(shape.slots);
    for (auto& pool : thresholds_) {
      for (size_t i = 0; i < shape.thresholds; i++) {
        // Rising, so that each is another one, and on both sides of 0.
        const double place = (double(i) - double(shape.thresholds / 2)) * 2 + 0.9 * random_.uniform();
        pool.push_back(T(shape.floats ? double(float(place)) : place + 1e-9));
      }
    }
    if (shape.thresholds > 3) {
      for (auto& pool : thresholds_) pool[shape.thresholds / 2] = T(random_.below(2) == 0 ? 0.0 : -0.0);
    }
  }

  Forest<T> make() {
    const size_t splits = shape_.leaves - 1, wanted = shape_.slots * shape_.thresholds + 4 * shape_.set_slots;
    size_t trees = shape_.least_trees;
    if (splits > 0 && trees * splits < 2 * wanted) trees = (2 * wanted + splits - 1) / splits;
    while (forest_.trees < trees) add_tree(shape_.leaves);
    // A leaf alone is a tree as well.
    add_tree(1);
    forest_.width = shape_.width;
    forest_.outputs = shape_.sum == fp::TreeSum::none ? forest_.trees * shape_.width : shape_.outputs;
    forest_.sum = shape_.sum;
    forest_.divisor = T(shape_.divisor);
    if (shape_.sum != fp::TreeSum::none) {
      const int choices = int(shape_.outputs - shape_.width + 1);
      for (size_t i = 0; i < forest_.trees; i++) forest_.targets.push_back(random_.below(choices));
    }
    size_t leaves = 0;
    for (size_t i = 0; i < forest_.count(); i++) leaves += size_t(forest_.nodes[3 * i] == T(-1));
    forest_.leaves = random_.uniforms<T>(leaves * shape_.width);
    return forest_;
  }

  // Thresholds and numbers beside them, zeros, infinities and NaN; of sets, members and what is near to them.
  std::vector<T> rows(size_t count) {
    std::vector<T> x;
    for (size_t row = 0; row < count; row++) {
      for (size_t feature = 0; feature < forest_.features; feature++) {
        x.push_back(feature < set_feature_ ? compared_value(feature) : set_value());
      }
    }
    return x;
  }

 private:
  void add_tree(size_t leaves) {
    forest_.trees++;
    // Leaves below each part that is still to come.
    std::vector<size_t> waiting = {leaves};
    while (!waiting.empty()) {
      const size_t below = waiting.back();
      waiting.pop_back();
      if (below == 1) {
        forest_.nodes.insert(forest_.nodes.end(), {T(-1), T(0), T(0)});
        continue;
      }
      add_split();
      const size_t ends[] = {1, below - 1};
      const size_t left = shape_.ways == Ways::any ? 1 + size_t(random_.below(int(below - 1)))
                                                   : ends[shape_.ways == Ways::chain ? random_.below(2) : 0];
      waiting.push_back(below - left);
      waiting.push_back(left);
    }
  }

  void add_split() {
    const size_t slot = next_++ % (shape_.slots + shape_.set_slots), turn = next_ / (shape_.slots + shape_.set_slots);
    const int32_t takes_nan = shape_.nan && slot % 2 == 1 ? 1 : 0;
    if (slot < shape_.slots) {
      const size_t feature = shape_.nan ? slot / 2 : slot;
      const T threshold = thresholds_[slot][turn % shape_.thresholds];
      forest_.nodes.insert(forest_.nodes.end(), {T(feature), threshold, T(takes_nan)});
      return;
    }
    const size_t feature = set_feature_ + slot - shape_.slots;
    if (turn < 4 || places_.empty()) add_set();
    const T place = T(places_[size_t(random_.below(int(places_.size())))]);
    forest_.nodes.insert(forest_.nodes.end(), {T(feature), turn < 4 ? T(places_.back()) : place, T(2 + takes_nan)});
  }

  void add_set() {
    const size_t most = places_.empty() ? shape_.categories : 1 + size_t(random_.below(int(shape_.categories)));
    // Where sets are large, all but the first have few members.
    const size_t words = (most < 1000 || places_.empty() ? most + fp::set_bits - 1 : fp::set_bits) / fp::set_bits;
    places_.push_back(forest_.sets.size());
    forest_.sets.push_back(T(words));
    for (size_t i = 0; i < words; i++) forest_.sets.push_back(T(random_.below(1 << 16)));
    // The last one is a member, and none after it.
    const uint32_t last = uint32_t(1) << ((most - 1) % fp::set_bits);
    if (most <= words * fp::set_bits) forest_.sets.back() = T((uint32_t(forest_.sets.back()) & (last - 1)) | last);
  }

  T compared_value(size_t feature) {
    using Limits = std::numeric_limits<T>;
    const T edges[] = {T(0),
                       T(-0.0),
                       Limits::infinity(),
                       -Limits::infinity(),
                       Limits::quiet_NaN(),
                       Limits::max(),
                       Limits::min(),
                       Limits::denorm_min(),
                       -Limits::max(),
                       -Limits::denorm_min(),
                       T(1e6),
                       -Limits::quiet_NaN()};
    if (thresholds_.empty()) return T(random_.uniform());
    size_t slot = shape_.nan ? 2 * feature + size_t(random_.below(2)) : feature;
    if (slot >= thresholds_.size()) slot = thresholds_.size() - 1;
    const auto& pool = thresholds_[slot];
    const T threshold = pool[size_t(random_.next()) % pool.size()];
    switch (random_.below(6)) {
      case 0:
        return edges[random_.below(int(sizeof edges / sizeof *edges))];
      case 1:
        return threshold;
      case 2:
        return std::nextafter(threshold, Limits::infinity());
      case 3:
        return std::nextafter(threshold, -Limits::infinity());
      default:
        return threshold + T(random_.uniform());
    }
  }

  T set_value() {
    const T edges[] = {T(-0.0),
                       T(-0.5),
                       T(-1),
                       T(0.9),
                       std::numeric_limits<T>::quiet_NaN(),
                       T(1e9),
                       T(1e30),
                       -std::numeric_limits<T>::infinity(),
                       std::numeric_limits<T>::infinity()};
    if (random_.below(4) == 0) return edges[random_.below(int(sizeof edges / sizeof *edges))];
    const size_t reach = random_.below(3) == 0 ? shape_.categories + 40 : 40;
    return T(random_.below(int(reach))) + T(random_.below(3) == 0 ? 0.5 : 0);
  }

  const ForestShape shape_;
  Random random_;
  Forest<T> forest_;
  std::vector<std::vector<T>> thresholds_;
  std::vector<size_t> places_;  // of sets
  size_t set_feature_ = 0, next_ = 0;
};

// By the definition of a split.
template <typename T>
bool goes_left(const Forest<T>& forest, const T* node, T value) {
  const int kind = int(node[2]);
  if (value != value) return kind % 2 == 1;
  if (kind < 2) return value <= node[1];
  const T* const set = &forest.sets[size_t(node[1])];
  const double member = std::trunc(double(value));
  if (!(member >= 0 && member < double(fp::set_bits) * double(set[0]))) return false;
  const size_t bit = size_t(member);
  return (int64_t(set[1 + bit / fp::set_bits]) >> bit % fp::set_bits) % 2 == 1;
}

// Node by node: what is on the right of a split comes after as many leaves as splits, and one more.
template <typename T>
std::vector<T> walk(const Forest<T>& forest, const std::vector<T>& x) {
  const size_t rows = x.size() / forest.features;
  std::vector<T> y(rows * forest.outputs, T(0));
  std::vector<size_t> leaf_numbers(forest.count()), rights(forest.count()), roots, open;
  size_t leaves = 0;
  bool begins = true;
  for (size_t i = 0; i < forest.count(); i++) {
    if (begins) roots.push_back(i);
    begins = false;
    if (forest.nodes[3 * i] != T(-1)) {
      open.push_back(i);
      continue;
    }
    leaf_numbers[i] = leaves++;
    begins = open.empty();
    if (begins) continue;
    rights[open.back()] = i + 1;
    open.pop_back();
  }
  for (size_t row = 0; row < rows; row++) {
    T* const result = &y[row * forest.outputs];
    for (size_t tree = 0; tree < roots.size(); tree++) {
      size_t at = roots[tree];
      while (forest.nodes[3 * at] != T(-1)) {
        const T* const node = &forest.nodes[3 * at];
        at = goes_left(forest, node, x[row * forest.features + size_t(node[0])]) ? at + 1 : rights[at];
      }
      for (size_t k = 0; k < forest.width; k++) {
        const T value = forest.leaves[leaf_numbers[at] * forest.width + k];
        if (forest.sum == fp::TreeSum::none) {
          result[tree * forest.width + k] = value;
        } else {
          T& total = result[size_t(forest.targets[tree]) + k];
          total = forest.sum == fp::TreeSum::float32 ? T(float(total) + float(value)) : total + value;
        }
      }
    }
    for (size_t i = 0; forest.divisor != T(1) && i < forest.outputs; i++) {
      result[i] =
          forest.sum == fp::TreeSum::float32 ? T(float(result[i]) / float(forest.divisor)) : result[i] / forest.divisor;
    }
  }
  return y;
}

}  // namespace test
