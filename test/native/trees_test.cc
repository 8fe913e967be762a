// Trees in every layout, on every instruction set, against the plain walk: bit for bit.
#include "trees.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "sets.h"
#include "test.h"
#include "tree_forests.h"
#include "tree_packer.h"
#include "values.h"

#define FP_ISA fp::trees_test
#include "kernels/ranks.h"

namespace {

using test::Forest;
using test::ForestMaker;
using test::ForestShape;

template <typename T>
struct Packed {
  fp::TreePacker packer;
  fp::Arena<T> arena;
  fp::Trees<T> trees = {};
};

// As build_packed.cc does: what is taken is counted, then filled.
template <typename T>
void pack(const Forest<T>& forest, const fp::TreeKernels& kernels, Packed<T>& packed) {
  // Copies of just the numbers, so that a sanitizer sees a read past their end.
  const std::vector<T> nodes(forest.nodes), sets(forest.sets);
  fp::Trees<T>& trees = packed.trees;
  CHECK(packed.packer.analyse(fp::PlanNumbers(nodes.data()), forest.count(), fp::PlanNumbers(sets.data()), sets.size(),
                              kernels));
  packed.packer.pack(packed.arena, trees);
  CHECK(packed.arena.allocate());
  packed.packer.pack(packed.arena, trees);
  trees.leaves = forest.leaves.data();
  trees.targets = forest.targets.empty() ? nullptr : forest.targets.data();
  trees.count = forest.trees;
  trees.width = forest.width;
  trees.divisor = forest.divisor;
  trees.sum = forest.sum;
}

// In words: of one row, then of many.
template <typename T>
std::string layout_of(const fp::Trees<T>& trees) {
  std::string name;
  if (trees.whole != nullptr) {
    name = "whole";
  } else if (trees.jumps.trees != nullptr) {
    name = "jumps of " + std::to_string(trees.jumps.size);
  } else {
    name = std::string(trees.short_trees.depths != nullptr ? "near " : "") + (trees.slots.ranked ? "ranks" : "floats");
    if (trees.short_trees.codes != nullptr) name += ", sets";
  }
  return trees.sliced == nullptr ? name : name + ", sliced";
}

// Calls f(name, kernels, tree_kernels) for each set of this processor, with all that it has for trees and without.
template <typename T, typename F>
void each_kernels(F f) {
  test::each_set([&](const fp::InstructionSet& set) {
    const fp::TreeKernels best = fp::best_trees(set);
    const std::string name = set.name;
    f(name, test::table<T>(set), best);
    if (best.jump != nullptr) f(name + " without jumps", test::table<T>(set), fp::TreeKernels{best.slice, nullptr});
    if (best.slice != nullptr) f(name + " without slices", test::table<T>(set), fp::TreeKernels{nullptr, nullptr});
  });
}

// What is expected of kernels with jumps, of those with slices alone, and of those with neither.
struct Layouts {
  const char* jumps;
  const char* slices;
  const char* neither;
};

using Counts = std::vector<size_t>;
const Counts usual_counts = {0, 1, 2, 7, 8, 11, 12, 63, 64, 65, 128, 129, 256, 257};

template <typename T>
void check(const ForestShape& shape, const Layouts& layouts, const Counts& row_counts = usual_counts) {
  ForestMaker<T> maker(shape, 97);
  const Forest<T> forest = maker.make();
  const std::vector<T> x = maker.rows(row_counts.back()), wanted = test::walk(forest, x);
  each_kernels<T>([&](const std::string& name, const fp::Kernels<T>& kernels, const fp::TreeKernels& tree_kernels) {
    Packed<T> packed;
    pack(forest, tree_kernels, packed);
    const char* const expected = tree_kernels.jump != nullptr    ? layouts.jumps
                                 : tree_kernels.slice != nullptr ? layouts.slices
                                                                 : layouts.neither;
    const std::string found = layout_of(packed.trees);
    CHECK_THAT(found == expected, "%s, %zu leaves: %s, should be %s", name.c_str(), shape.leaves, found.c_str(),
               expected);
    for (const size_t rows : row_counts) {
      const std::vector<T> given(x.begin(), x.begin() + std::ptrdiff_t(rows * forest.features));
      std::vector<T> y(rows * forest.outputs, T(-7));
      fp::run_trees(packed.trees, kernels, tree_kernels, given.data(), forest.features, y.data(), forest.outputs, rows);
      size_t wrong = 0;
      for (size_t i = 0; i < y.size(); i++) wrong += size_t(!test::same(y[i], wanted[i]));
      CHECK_THAT(wrong == 0, "%s, %s, %zu rows: %zu of %zu numbers are wrong", name.c_str(), found.c_str(), rows, wrong,
                 y.size());
    }
  });
}

// For both element types: with doubles, thresholds are float32 and are not.
void check_all(ForestShape shape, const Layouts& floats, const Layouts& ranks,
               const Counts& row_counts = usual_counts) {
  check<float>(shape, floats, row_counts);
  check<double>(shape, ranks, row_counts);
  shape.floats = true;
  check<double>(shape, floats, row_counts);
}

ForestShape of_leaves(size_t leaves) {
  ForestShape shape;
  shape.leaves = leaves;
  return shape;
}

TEST("trees of few leaves: a single leaf, and up to the most of each layout") {
  // Of leaves alone there is no threshold that would be no float.
  const Layouts none = {"jumps of 32, sliced", "near floats, sliced", "near floats"};
  check_all(of_leaves(1), none, none);
  for (const size_t leaves : {2, 3, 31, 32}) {
    check_all(of_leaves(leaves), none, {"jumps of 32, sliced", "near ranks, sliced", "near ranks"});
  }
  for (const size_t leaves : {33, 63, 64}) {
    check_all(of_leaves(leaves), {"jumps of 64, sliced", "near floats, sliced", "near floats"},
              {"jumps of 64, sliced", "near ranks, sliced", "near ranks"});
  }
  for (const size_t leaves : {65, 255, 256}) {
    check_all(of_leaves(leaves), {"floats, sliced", "floats, sliced", "floats"},
              {"ranks, sliced", "ranks, sliced", "ranks"});
  }
  check_all(of_leaves(257), {"floats", "floats", "floats"}, {"ranks", "ranks", "ranks"});
}

TEST("trees with long ways to their leaves") {
  for (const size_t leaves : {2, 3, 6, 7, 10, 11, 18, 19, 32, 33, 34, 35, 64, 256, 600}) {
    for (const test::Ways ways : {test::Ways::chain, test::Ways::ladder}) {
      ForestShape shape = of_leaves(leaves);
      shape.ways = ways;
      if (ways == test::Ways::ladder) {
        shape.slots = 1;
        shape.thresholds = leaves - 1;
      }
      if (leaves > 256) {
        check_all(shape, {"floats", "floats", "floats"}, {"ranks", "ranks", "ranks"});
      } else if (leaves > 64) {
        check_all(shape, {"floats, sliced", "floats, sliced", "floats"}, {"ranks, sliced", "ranks, sliced", "ranks"});
      } else {
        const char* const jumps = leaves > 32 ? "jumps of 64, sliced" : "jumps of 32, sliced";
        check_all(shape, {jumps, "near floats, sliced", "near floats"}, {jumps, "near ranks, sliced", "near ranks"});
      }
    }
  }
}

TEST("trees of one slot and of as many as each layout takes") {
  for (const size_t slots : {1, 64, 65, 128, 129, 511, 512}) {
    ForestShape shape = of_leaves(32);
    shape.slots = slots;
    shape.thresholds = 3;
    if (slots > 511) {
      for (const bool nan : {true, false}) {
        shape.nan = nan;
        check_all(shape, {"whole", "whole", "whole"}, {"whole", "whole", "whole"});
      }
    } else if (slots > 128) {
      check_all(shape, {"near floats, sliced", "near floats, sliced", "near floats"},
                {"near ranks, sliced", "near ranks, sliced", "near ranks"});
    } else {
      const char* const jumps = slots > 64 ? "jumps of 64, sliced" : "jumps of 32, sliced";
      check_all(shape, {jumps, "near floats, sliced", "near floats"}, {jumps, "near ranks, sliced", "near ranks"});
    }
  }
}

TEST("slots of many thresholds, which become several") {
  for (const size_t thresholds : {15, 16, 17, 255, 256, 257, 4095, 4096}) {
    ForestShape shape = of_leaves(64);
    shape.slots = 3;
    shape.thresholds = thresholds;
    check_all(shape, {"jumps of 64, sliced", "near floats, sliced", "near floats"},
              {"jumps of 64, sliced", "near ranks, sliced", "near ranks"});
    // Of deep trees a slot has them all.
    shape.leaves = 300;
    check_all(shape, {"floats", "floats", "floats"}, {"ranks", "ranks", "ranks"});
  }
}

TEST("more thresholds than bytes tell apart in as many slots as there may be") {
  // 511 slots of 255 thresholds, and one too many of either.
  ForestShape shape = of_leaves(256);
  shape.slots = 511;
  shape.thresholds = 255;
  check<double>(shape, {"ranks, sliced", "ranks, sliced", "ranks"});
  shape.thresholds = 256;
  check<double>(shape, {"ranks", "ranks", "ranks"});
  check<float>(shape, {"floats", "floats", "floats"});
}

TEST("ranks of two bytes, and more thresholds than these tell apart") {
  for (const size_t thresholds : {65535, 65536, 65537}) {
    ForestShape shape = of_leaves(thresholds + 1);
    shape.slots = 1;
    shape.thresholds = thresholds;
    shape.least_trees = 1;
    check<double>(shape, {"ranks", "ranks", "ranks"});
  }
}

TEST("sets of categories, beside splits that compare and alone") {
  for (const size_t slots : {0, 4}) {
    for (const size_t categories : {1, 16, 17, 33, 254, 255, 300}) {
      ForestShape shape = of_leaves(40);
      shape.slots = slots;
      shape.set_slots = 3;
      shape.categories = categories;
      const bool sliced = categories <= 254;
      const char* const floats[] = {"near floats, sets, sliced", "near floats, sets"};
      const char* const ranks[] = {"near ranks, sets, sliced", "near ranks, sets"};
      const Layouts of_floats = {floats[!sliced], floats[!sliced], floats[1]};
      check_all(shape, of_floats, slots == 0 ? of_floats : Layouts{ranks[!sliced], ranks[!sliced], ranks[1]});
      shape.leaves = 300;
      check<float>(shape, {"floats, sets", "floats, sets", "floats, sets"});
    }
  }
}

TEST("a set of a great number beside many small ones is left as it is") {
  ForestShape shape = of_leaves(40);
  shape.slots = 2;
  shape.set_slots = 12;
  shape.categories = 65535 * fp::set_bits;
  check_all(shape, {"whole", "whole", "whole"}, {"whole", "whole", "whole"});
}

TEST("sets that lie in one another are left as they are, and take no longer") {
  Forest<double> forest;
  // From the last set on, each holds those after it, and many zeros.
  const size_t words = 65535, sets = words - 1;
  forest.sets.assign(2 * words, 0);
  for (size_t i = 0; i < sets; i++) forest.sets[i] = double(words);
  for (size_t i = sets; i-- > 0;) forest.nodes.insert(forest.nodes.end(), {0, double(i), 2, -1, 0, 0});
  forest.nodes.insert(forest.nodes.end(), {-1, 0, 0});
  forest.trees = 1;
  forest.targets = {0};
  for (size_t i = 0; i <= sets; i++) forest.leaves.push_back(double(i));
  const std::vector<double> x = {0, 1e6, 65534 * 16, 5, -1, 15};
  const std::vector<double> wanted = test::walk(forest, x);
  each_kernels<double>(
      [&](const std::string&, const fp::Kernels<double>& kernels, const fp::TreeKernels& tree_kernels) {
        Packed<double> packed;
        pack(forest, tree_kernels, packed);
        CHECK(layout_of(packed.trees) == "whole");
        std::vector<double> y(x.size());
        fp::run_trees(packed.trees, kernels, tree_kernels, x.data(), 1, y.data(), 1, x.size());
        CHECK(y == wanted);
      });
}

TEST("leaves of several values, in their places of the result, summed or side by side, in float32 too") {
  for (const fp::TreeSum sum : {fp::TreeSum::float64, fp::TreeSum::float32, fp::TreeSum::none}) {
    for (const size_t width : {1, 2, 3, 4, 9}) {
      for (const size_t outputs : {width, width + 3}) {
        for (const double divisor : {1, 7}) {
          for (const size_t leaves : {20, 300}) {
            ForestShape shape = of_leaves(leaves);
            shape.width = width;
            shape.outputs = outputs;
            shape.sum = sum;
            shape.divisor = divisor;
            shape.least_trees = 70;
            if (leaves > 256) {
              check_all(shape, {"floats", "floats", "floats"}, {"ranks", "ranks", "ranks"}, {1, 5});
            } else {
              check_all(shape, {"jumps of 32, sliced", "near floats, sliced", "near floats"},
                        {"jumps of 32, sliced", "near ranks, sliced", "near ranks"}, {1, 30});
            }
          }
        }
      }
    }
  }
}

// How many of a slot's thresholds are below a value, counted one by one; the slot's keys in order are its lowest level.
template <typename T>
size_t counted(const fp::Slots<T>& slots, const fp::Slot& slot, T value) {
  const T* const keys = slots.keys + slot.place + size_t(slot.blocks[slot.levels - 1]) * fp::key_block;
  size_t below = 0;
  for (size_t i = 0; i < slot.keys; i++) below += size_t(keys[i] < value);
  return below;
}

struct CountBelow {
  template <typename T>
  static size_t count(const T* keys, T value) {
    size_t below = 0;
    for (size_t i = 0; i < fp::key_block; i++) below += size_t(keys[i] < value);
    return below;
  }
};

template <typename T>
void check_byte_ranks(size_t thresholds) {
  ForestShape shape = of_leaves(16);
  shape.slots = 2;
  shape.thresholds = thresholds;
  ForestMaker<T> maker(shape, thresholds);
  const Forest<T> forest = maker.make();
  const size_t rows = 500, stride = 512;
  const std::vector<T> x = maker.rows(rows);
  each_kernels<T>([&](const std::string& name, const fp::Kernels<T>& kernels, const fp::TreeKernels& tree_kernels) {
    if (tree_kernels.slice == nullptr) return;
    Packed<T> packed;
    pack(forest, tree_kernels, packed);
    const fp::Slots<T>& slots = packed.trees.slots;
    std::vector<uint8_t> ranks(slots.count * stride);
    kernels.rank(slots, x.data(), forest.features, rows, ranks.data(), stride);
    for (size_t i = 0; i < slots.count; i++) {
      const fp::Slot& slot = slots.slots[i];
      CHECK(slot.keys == thresholds);
      for (size_t row = 0; row < rows; row++) {
        const T value = x[row * forest.features + slot.feature];
        const size_t wanted = value != value ? (i == 0 ? thresholds : 0) : counted(slots, slot, value);
        CHECK_THAT(ranks[i * stride + row] == wanted, "%s: %a has rank %d of %zu, should be %zu", name.c_str(),
                   double(value), ranks[i * stride + row], thresholds, wanted);
      }
    }
  });
}

TEST("ranks of bytes are how many thresholds are below") {
  for (const size_t thresholds : {1, 2, 15, 16, 17, 31, 32, 33, 239, 240, 241, 254, 255}) {
    check_byte_ranks<float>(thresholds);
    check_byte_ranks<double>(thresholds);
  }
}

TEST("the search tree of a slot finds how many of its thresholds are below") {
  for (const size_t thresholds : {1, 15, 16, 17, 255, 256, 257, 271, 272, 273, 4095, 4096, 4097, 65534, 65535}) {
    // Deep, and no floats, so that there are ranks and a slot has them all.
    ForestShape shape = of_leaves(300);
    shape.slots = 2;
    shape.thresholds = thresholds;
    shape.least_trees = 1;
    ForestMaker<double> maker(shape, thresholds);
    const Forest<double> forest = maker.make();
    Packed<double> packed;
    pack(forest, {nullptr, nullptr}, packed);
    const fp::Slots<double>& slots = packed.trees.slots;
    CHECK(slots.ranked && slots.count == 2);
    const std::vector<double> x = maker.rows(300);
    for (size_t i = 0; i < slots.count; i++) {
      const fp::Slot& slot = slots.slots[i];
      const double* const keys = slots.keys + slot.place + size_t(slot.blocks[slot.levels - 1]) * fp::key_block;
      CHECK(slot.keys == thresholds && slot.levels <= fp::most_levels);
      CHECK(std::is_sorted(keys, keys + thresholds, [](double a, double b) { return a <= b; }));
      for (const double value : x) {
        if (value != value) continue;
        const size_t found = fp::trees_test::keys_below<CountBelow>(slot, slots.keys, slot.levels, value);
        CHECK_THAT(found == counted(slots, slot, value), "%a among %zu thresholds: %zu", value, thresholds, found);
      }
    }
  }
}

}  // namespace
