#include "tree_packer.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace fp {
namespace {

// The integer that a value equals, if it is from `least` to below `end`.
template <typename T>
bool whole(T value, int64_t least, int64_t end, int64_t& number) {
  if (!(value >= T(least) && value < T(end))) return false;
  number = int64_t(value);
  return T(number) == value;
}

template <typename T>
bool is_leaf(const T* node) {
  return node[0] == T(-1);
}

int32_t bits_for(size_t count) {
  int32_t bits = 0;
  while (count >> bits != 0) bits++;
  return bits;
}

// The number of blocks in each level of a search tree, the lowest level last. Returns the number of levels. The last
// block of a level has space for one more key, so that values above all keys end there; a level has a key for each
// block below it except the last.
uint32_t blocks_of_levels(size_t keys, size_t* blocks) {
  size_t upward[most_levels];
  uint32_t levels = 0;
  for (size_t left = keys;; left = upward[levels - 1] - 1) {
    upward[levels++] = left / key_block + 1;
    if (upward[levels - 1] == 1) break;
  }
  for (uint32_t level = 0; level < levels; level++) blocks[level] = upward[levels - 1 - level];
  return levels;
}

}  // namespace

template <typename T>
const char* check_trees(const T* nodes, size_t count, size_t features, const T* sets, size_t set_count, size_t& trees,
                        size_t& leaves) {
  trees = leaves = 0;
  for (size_t i = 0; i < set_count; i++) {
    int64_t bits = 0;
    if (!whole(sets[i], 0, int64_t(1) << set_bits, bits)) return "sets hold a number that has no 16 bits";
  }
  // The number of subtrees that are still missing in the current tree.
  size_t wanted = 0;
  for (size_t i = 0; i < count; i++, nodes += node_fields) {
    if (wanted == 0) {
      trees++;
      wanted = 1;
    }
    if (is_leaf(nodes)) {
      leaves++;
      wanted--;
      continue;
    }
    wanted++;
    int64_t feature = 0, kind = 0, place = 0;
    if (!whole(nodes[0], 0, int64_t(features < size_t(most_features) ? features : size_t(most_features)), feature)) {
      return "a tree splits by a feature that is not there";
    }
    if (!whole(nodes[2], 0, int64_t(Split::count), kind)) return "a split is of an unknown kind";
    if (std::isnan(nodes[1])) return "a threshold is NaN";
    if (Split(kind) == Split::at_most || Split(kind) == Split::at_most_or_nan) continue;
    if (!whole(nodes[1], 0, int64_t(set_count), place) || size_t(sets[place]) >= set_count - size_t(place)) {
      return "a split's set is not among the sets";
    }
  }
  return wanted == 0 ? nullptr : "the last tree does not end";
}

size_t TreePacker::find(const Key& key) const {
  const uint32_t hash = (uint32_t(key.feature) * 4 + uint32_t(key.kind)) * 0x9e3779b1u;
  for (size_t bucket = hash >> 22;; bucket = (bucket + 1) % buckets) {
    const size_t slot = table_[bucket];
    if (slot == 0 || keys_[slot - 1] == key) return bucket;
  }
}

bool TreePacker::analyse(PlanNumbers nodes, size_t count, PlanNumbers sets, size_t set_count,
                         const TreeKernels& kernels) {
  nodes_ = nodes;
  words_of_sets_ = sets;
  set_count_ = set_count;
  count_ = count;
  if (!sizes_.allocate(count) || !depths_.allocate(count) || !table_.allocate(buckets) || !keys_.allocate(most_slots)) {
    return false;
  }
  measure();
  find_keys();
  if (has_sets() && !whole_ && !find_sets()) return false;
  if (!first_slot_.allocate(features_ + 1)) return false;
  const bool small = kernels.slice != nullptr && most_nodes_ < 2 * most_sliced_leaves;
  slots_ = features_;
  if (!whole_ && (small || !floats_)) {
    if (!sort_thresholds()) return false;
    sliced_ = small && divide(most_byte_ranks) <= most_slots && categories_ + 2 <= most_sliced_codes &&
              count_ + set_splits_ <= INT32_MAX;
    ranked_ = !floats_;
    whole_ = ranked_ && !sliced_ && divide(most_ranks) > most_slots;
  }
  if (!sliced_ && !ranked_) divide(count_);
  jumps_ = kernels.jump != nullptr && sliced_ && !has_sets() && most_nodes_ < 2 * most_jump_leaves &&
           slots_ <= most_jump_slots;
  if (!jumps_ && (most_nodes_ >> (31 - bits_for(slots_)) != 0 || count_ + trees_ > INT32_MAX)) whole_ = true;
  if (whole_) sliced_ = ranked_ = jumps_ = false;
  return waiting_.allocate(most_depth_);
}

// Returns the number of slots if each has at most that many thresholds.
size_t TreePacker::divide(size_t most) {
  part_ = most;
  for (size_t i = 0; i < features_; i++) {
    const size_t thresholds = is_set(keys_[i]) || first_threshold_.size() == 0 ? 0 : threshold_count(i);
    first_slot_[i + 1] = first_slot_[i] + (thresholds > most ? (thresholds + most - 1) / most : 1);
  }
  return slots_ = first_slot_[features_];
}

TreePacker::Place TreePacker::place_of(size_t node) const {
  const Key key = key_of(node);
  const size_t i = size_t(table_[find(key)]) - 1;
  if (is_set(key) || first_threshold_.size() == 0) return {first_slot_[i], 0};
  const double* const first = thresholds_of(i);
  const size_t rank = size_t(std::lower_bound(first, first + threshold_count(i), threshold(node)) - first);
  return {first_slot_[i] + rank / part_, rank % part_};
}

// Goes backwards, because the children of a node follow it.
void TreePacker::measure() {
  for (size_t i = count_; i-- > 0;) {
    sizes_[i] = 1;
    if (is_leaf(i)) continue;
    const size_t left = i + 1, right = left + size_t(sizes_[left]);
    sizes_[i] = 1 + sizes_[left] + sizes_[right];
    depths_[i] = 1 + std::max(depths_[left], depths_[right]);
  }
  for (size_t root = 0; root < count_; root += size_t(sizes_[root])) {
    trees_++;
    most_nodes_ = std::max(most_nodes_, size_t(sizes_[root]));
    most_depth_ = std::max(most_depth_, size_t(depths_[root]));
  }
}

void TreePacker::find_keys() {
  for (size_t i = 0; i < count_; i++) {
    if (is_leaf(i)) continue;
    const Key key = key_of(i);
    set_splits_ += size_t(is_set(key));
    if (!is_set(key)) floats_ = floats_ && double(float(threshold(i))) == threshold(i);
    if (whole_) continue;
    const size_t bucket = find(key);
    if (table_[bucket] != 0) continue;
    whole_ = features_ == most_slots;
    if (whole_) continue;
    keys_[features_++] = key;
    table_[bucket] = uint16_t(features_);
  }
}

bool TreePacker::find_sets() {
  const PlanNumbers& sets = words_of_sets_;
  if (!set_numbers_.allocate(set_count_)) return false;
  // Overlapping sets have more words in total than there are; whole nodes are used for them.
  size_t words_left = set_count_;
  for (size_t i = 0; i < count_; i++) {
    if (is_leaf(i) || !is_set(key_of(i))) continue;
    const size_t place = size_t(threshold(i));
    if (set_numbers_[place] != 0) continue;
    set_numbers_[place] = int32_t(++sets_);
    const size_t words = size_t(sets[place]);
    if (words >= words_left) {
      whole_ = true;
      return true;
    }
    words_left -= words + 1;
    for (size_t bit = words * set_bits; bit > categories_; bit--) {
      if ((uint32_t(sets[place + 1 + (bit - 1) / set_bits]) >> ((bit - 1) % set_bits) & 1) != 0) categories_ = bit;
    }
  }
  set_words_ = categories_ + 2 <= most_sliced_codes ? sliced_set_bytes / sizeof(uint32_t) : (categories_ + 2) / 32 + 1;
  // Sets of equal length need too much memory if a few categories have large numbers.
  constexpr size_t most_growth = 8, most_small = 1 << 16;
  if (sets_ * set_words_ > most_growth * set_count_ + most_small || sets_ * set_words_ > INT32_MAX) whole_ = true;
  return true;
}

bool TreePacker::sort_thresholds() {
  Array<size_t> ends;
  if (!first_threshold_.allocate(features_ + 1) || !ends.allocate(features_ + 1)) return false;
  const auto each = [&](auto visit) {
    for (size_t i = 0; i < count_; i++) {
      if (is_leaf(i)) continue;
      const Key key = key_of(i);
      if (!is_set(key)) visit(size_t(table_[find(key)]) - 1, threshold(i));
    }
  };
  each([&](size_t slot, double) { first_threshold_[slot + 1]++; });
  for (size_t slot = 0; slot < features_; slot++) {
    first_threshold_[slot + 1] += first_threshold_[slot];
    ends[slot] = first_threshold_[slot];
  }
  if (!thresholds_.allocate(first_threshold_[features_] + 1)) return false;
  each([&](size_t slot, double threshold) { thresholds_[ends[slot]++] = threshold; });
  size_t end = 0;
  for (size_t slot = 0; slot < features_; slot++) {
    double* const first = thresholds_.data() + first_threshold_[slot];
    double* const last = thresholds_.data() + ends[slot];
    // With our own comparison: that of the C++ library would have to be linked.
    const auto is_less = [](double a, double b) { return a < b; };
    std::make_heap(first, last, is_less);
    std::sort_heap(first, last, is_less);
    first_threshold_[slot] = end;
    for (const double* from = first; from < last; from++) {
      if (from == first || *from != thresholds_[end - 1]) thresholds_[end++] = *from;
    }
  }
  first_threshold_[features_] = end;
  return true;
}

template <typename T>
void TreePacker::pack(Arena<T>& arena, Trees<T>& trees) {
  if (whole_) {
    T* const sets = arena.take(set_count_);
    trees.sets = sets;
    for (size_t i = 0; sets != nullptr && i < set_count_; i++) sets[i] = T(words_of_sets_[i]);
    WholeNode<T>* const to = take<WholeNode<T>>(arena, count_);
    int32_t* const roots = take<int32_t>(arena, trees_);
    trees.whole = to;
    trees.roots = roots;
    if (to != nullptr) pack_whole(to, roots);
    return;
  }
  Slot* const slots = take<Slot>(arena, slots_);
  const size_t key_count = pack_slots(slots);
  T* const keys = arena.take(key_count);
  trees.slots = {slots, keys, slots_, ranked_};
  if (keys != nullptr && key_count > 0) pack_keys(slots, keys, key_count);
  if (has_sets()) {
    uint32_t* const to = take<uint32_t>(arena, sets_ * set_words_);
    trees.codes = to;
    if (to != nullptr) pack_sets(to);
  }
  if (sliced_) {
    SlicedNode* const to = take<SlicedNode>(arena, count_ + set_splits_);
    int32_t* const first_nodes = take<int32_t>(arena, trees_);
    int32_t* const first_leaves = take<int32_t>(arena, trees_);
    trees.sliced = to;
    trees.sliced_trees = first_nodes;
    trees.first_leaves = first_leaves;
    if (to != nullptr) pack_sliced(to, first_nodes, first_leaves);
  }
  if (jumps_) {
    const bool half = most_nodes_ < most_jump_leaves && slots_ <= most_jump_slots / 2;
    const size_t size = half ? most_jump_leaves / 2 : most_jump_leaves;
    uint8_t* const to = take<uint8_t>(arena, trees_ * jump_arrays * size);
    trees.jumps = {to, size, most_depth_ == 0 ? 0 : int32_t(most_depth_) - 1};
    if (to != nullptr) pack_jumps(size, to);
    return;
  }
  ShortNode* const to = take<ShortNode>(arena, count_ + trees_);
  int32_t* const roots = take<int32_t>(arena, trees_);
  uint8_t* const depths = most_nodes_ < 2 * most_jump_leaves ? take<uint8_t>(arena, trees_) : nullptr;
  trees.short_trees = {to, roots, depths, trees.codes, bits_for(slots_)};
  if (to != nullptr) pack_short(to, roots, depths);
}

// Returns the number of keys; `to` may be null.
size_t TreePacker::pack_slots(Slot* to) const {
  const bool ranks = sliced_ || ranked_;
  size_t key_count = 0, blocks[most_levels];
  each_slot([&](size_t slot, size_t i, size_t first) {
    const Key& key = keys_[i];
    Slot of = {};
    of.feature = uint32_t(key.feature);
    if (is_set(key)) {
      of.keys = uint32_t(categories_);
      of.nan_rank = of.keys + uint32_t(key.kind == int32_t(Split::in_set_or_nan));
    } else {
      of.keys = ranks ? uint32_t(std::min(threshold_count(i) - first, part_)) : 1;
      of.nan_rank = key.kind == int32_t(Split::at_most_or_nan) ? 0 : of.keys;
      of.levels = ranks ? blocks_of_levels(of.keys, blocks) : 1;
      of.place = uint32_t(key_count);
      size_t before = 0;
      for (uint32_t level = 0; ranks && level < of.levels; level++) {
        of.blocks[level] = uint32_t(before);
        before += blocks[level];
      }
      key_count += before * key_block;
    }
    if (to != nullptr) to[slot] = of;
  });
  return key_count;
}

template <typename T>
void TreePacker::pack_keys(const Slot* slots, T* keys, size_t count) const {
  for (size_t i = 0; i < count; i++) keys[i] = std::numeric_limits<T>::quiet_NaN();
  each_slot([&](size_t slot, size_t i, size_t first) {
    const Slot& of = slots[slot];
    if (is_set(keys_[i])) return;
    const double* const sorted = thresholds_of(i) + first;
    // A key is the last key of the block below it.
    size_t step = 1;
    for (uint32_t level = of.levels; level-- > 0; step *= key_block) {
      T* const to = keys + of.place + size_t(of.blocks[level]) * key_block;
      for (size_t j = 0; (j + 1) * step <= size_t(of.keys); j++) to[j] = T(sorted[(j + 1) * step - 1]);
    }
  });
}

void TreePacker::pack_sets(uint32_t* to) const {
  const PlanNumbers& sets = words_of_sets_;
  for (size_t place = 0; place < set_numbers_.size(); place++) {
    if (set_numbers_[place] == 0) continue;
    uint32_t* const set = to + size_t(set_numbers_[place] - 1) * set_words_;
    for (size_t i = 0; i < size_t(sets[place]) && i * set_bits < categories_; i++) {
      set[i / 2] |= uint32_t(sets[place + 1 + i]) << (i % 2 * set_bits);
    }
    set[(categories_ + 1) / 32] |= uint32_t(1) << (categories_ + 1) % 32;
  }
}

template <typename T>
void TreePacker::pack_whole(WholeNode<T>* to, int32_t* roots) const {
  int32_t leaves = 0;
  int32_t open = -1;  // the innermost split whose left side is being packed; `next` links it to the one around it
  bool begins = true;
  for (size_t i = 0; i < count_; i++) {
    if (begins) *roots++ = int32_t(i);
    begins = false;
    if (!is_leaf(i)) {
      const Key key = key_of(i);
      to[i] = {T(threshold(i)), key.feature | int32_t(uint32_t(key.kind) << kind_shift), open};
      open = int32_t(i);
      continue;
    }
    to[i] = {T(0), 0, -1 - leaves++};
    // The left side of this split ends here: the next node is on its right, and the splits around it stay open.
    if (open < 0) {
      begins = true;
      continue;
    }
    const int32_t outer = to[open].next;
    to[open].next = int32_t(i) + 1;
    open = outer;
  }
}

// The larger child comes first: rows are more likely to go there, and find it in the same cache line.
void TreePacker::pack_short(ShortNode* to, int32_t* roots, uint8_t* depths) {
  const int32_t slot_bits = bits_for(slots_);
  int32_t leaves = 0;
  size_t free = 0, waits = 0;
  Waiting here = {};
  for (size_t i = 0; i < count_; i++) {
    if (waits == 0 && here.at == here.below) {  // the beginning of a tree
      // A root is the second of two places, so that the children of each split share a cache line.
      here = {free + 1, free + 2};
      free += size_t(sizes_[i]) + 1;
      if (depths != nullptr) *depths++ = uint8_t(depths_[i]);
      *roots++ = int32_t(here.at);
    }
    ShortNode& node = to[here.at];
    if (is_leaf(i)) {
      std::memcpy(&node.threshold, &leaves, sizeof leaves);
      leaves++;
      node.word = uint32_t(slots_);
      here = waits == 0 ? Waiting{} : waiting_[--waits];
      continue;
    }
    const Key key = key_of(i);
    const Place place = place_of(i);
    if (is_set(key)) {
      const uint32_t first_word = uint32_t(size_t(set_numbers_[size_t(threshold(i))] - 1) * set_words_);
      std::memcpy(&node.threshold, &first_word, sizeof first_word);
    } else {
      node.threshold = ranked_ ? float(place.rank) : float(threshold(i));
    }
    const size_t way = has_sets() ? (here.below - here.at) << 1 | size_t(is_set(key)) : here.below - here.at;
    node.word = uint32_t(way << slot_bits | place.slot);
    const size_t pair = here.below;
    const size_t left = size_t(sizes_[i + 1]), right = size_t(sizes_[i]) - 1 - left;
    waiting_[waits++] = {pair + 1, left < right ? pair + 2 : pair + 1 + left};
    here = {pair, left < right ? pair + 1 + right : pair + 2};
  }
}

void TreePacker::pack_sliced(SlicedNode* to, int32_t* first_nodes, int32_t* first_leaves) const {
  int32_t leaves = 0, at = 0;
  size_t wanted = 0;
  for (size_t i = 0; i < count_; i++) {
    if (wanted == 0) {
      *first_nodes++ = at;
      *first_leaves++ = leaves;
      wanted = 1;
    }
    if (is_leaf(i)) {
      to[at++] = {0, 0, SlicedNode::leaf};
      leaves++;
      wanted--;
      continue;
    }
    wanted++;
    const Place place = place_of(i);
    if (is_set(key_of(i))) {
      to[at++] = {uint16_t(place.slot), 0, SlicedNode::in_set};
      const uint32_t set = uint32_t(set_numbers_[size_t(threshold(i))] - 1);
      std::memcpy(&to[at++], &set, sizeof set);
    } else {
      to[at++] = {uint16_t(place.slot), uint8_t(place.rank), SlicedNode::at_most};
    }
  }
}

void TreePacker::pack_jumps(size_t size, uint8_t* to) const {
  size_t i = 0;
  for (size_t tree = 0; tree < trees_; tree++, to += jump_arrays * size) {
    uint8_t* const slots = to;
    uint8_t* const thresholds = to + size;
    uint8_t* const next[2] = {to + 2 * size, to + 3 * size};
    uint8_t* const leaves[2] = {to + 4 * size, to + 5 * size};
    for (size_t split = 0; split < size; split++) next[0][split] = next[1][split] = uint8_t(split);
    uint8_t splits = 0, leaf = 0;
    // The current path: each split on it, and whether it continues on the right.
    uint8_t way[most_jump_leaves], side[most_jump_leaves];
    size_t depth = 0;
    for (;; i++) {
      if (!is_leaf(i)) {
        const Place place = place_of(i);
        slots[splits] = uint8_t(place.slot);
        thresholds[splits] = uint8_t(place.rank);
        if (depth > 0) next[side[depth - 1]][way[depth - 1]] = splits;
        way[depth] = splits++;
        side[depth++] = 0;
        continue;
      }
      if (depth > 0) leaves[side[depth - 1]][way[depth - 1]] = leaf;
      leaf++;
      while (depth > 0 && side[depth - 1] == 1) depth--;
      if (depth == 0) break;
      side[depth - 1] = 1;
    }
    i++;
  }
}

template const char* check_trees(const float*, size_t, size_t, const float*, size_t, size_t&, size_t&);
template const char* check_trees(const double*, size_t, size_t, const double*, size_t, size_t&, size_t&);
template void TreePacker::pack(Arena<float>&, Trees<float>&);
template void TreePacker::pack(Arena<double>&, Trees<double>&);

}  // namespace fp
