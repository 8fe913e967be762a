// Builds a network from a verified plan. build.cc has the order of the work, build_steps.cc the step for each
// instruction, build_packed.cc the packing, build_bytes.cc layers of bytes, build_places.cc the places of values.
#pragma once

#include <cstring>
#include <utility>

#include "network.h"
#include "packed_once.h"
#include "pairs.h"
#include "tree_packer.h"

namespace fp {

template <typename T>
class Network<T>::Builder {
 public:
  Builder(Network& network, const VerifiedPlan& plan) : network_(network), plan_(plan) {}
  ~Builder() {
    while (packers_ != nullptr) destroy(std::exchange(packers_, packers_->next));
  }

  Creation build(const MostBytes& most);

 private:
  const T* parameter(int32_t index) const { return static_cast<const T*>(plan_.parameters[index].data); }

  bool copy_ports();
  // Constants that are operands, each once.
  bool number_constants();
  int32_t operand(int32_t word) const {
    return word >= 0 ? word : int32_t(plan_.value_count) + constant_of_[size_t(-1 - word)];
  }

  // The place of the parameters that are packed according to the key, which take `count` elements. `fill` says whether
  // to write them: only the first time.
  T* take(const PackedKey& key, size_t count, bool& fill) {
    fill = false;
    const auto entry = packed_.find(key);
    if (entry == nullptr) {
      has_no_memory_ = true;
      return nullptr;
    }
    if (!entry->taken) {
      entry->taken = true;
      entry->place = network_.arena_.take(count);
      fill = filling_;
    }
    return entry->place;
  }
  // A copy of the array; for null, `count` times the number.
  const T* copy(const T* from, size_t count, float number = 0) {
    bool fill;
    T* const to = take({from, nullptr, count, 0, form_of_copy, number}, count, fill);
    if (fill && from != nullptr) std::memcpy(to, from, count * sizeof(T));
    for (size_t i = 0; fill && from == nullptr && i < count; i++) to[i] = T(number);
    return to;
  }
  // A parameter array, or `count` times `otherwise` if the plan has none.
  const T* copy(int32_t index, size_t count, float otherwise) {
    return index >= 0 ? copy(parameter(index), count) : copy(nullptr, count, otherwise);
  }
  // A copy with padding, so that a vector may be read beyond its end.
  const T* table(const T* from, size_t count) {
    bool fill;
    T* const to = take({from, nullptr, count, 0, form_of_table, 0}, count + table_padding, fill);
    if (fill) std::memcpy(to, from, count * sizeof(T));
    return to;
  }
  const int32_t* take_list(size_t count) {
    int32_t* const to = filling_ ? network_.lists_.data() + list_count_ : nullptr;
    list_count_ += count;
    return to;
  }

  template <typename F>
  void fill_list(Step<T>& step, size_t count, F at) {
    const int32_t* const list = take_list(count);
    step.list = list;
    step.list_count = count;
    for (size_t i = 0; filling_ && i < count; i++) const_cast<int32_t*>(list)[i] = at(i);
  }

  // Walks constants and instructions in the same order each time: first to count, then to fill.
  void decode();
  Step<T> decode(const int32_t* word);

  void gather(Step<T>& step, const int32_t* columns);
  void concat(Step<T>& step, const int32_t* words, size_t count);
  void dense(Step<T>& step, const int32_t* field);
  void static_dense(Step<T>& step, const int32_t* field);
  // A StaticScale of a parameter [scale, zero].
  const T* static_scale(int32_t index);
  void byte_dense(Step<T>& step, const int32_t* field);
  void narrowing(Step<T>& step, const int32_t* field);
  // Lets bytes read an input's integers, or the sums of the layer before, directly if nothing else uses these; and lets
  // a layer write an output's bytes.
  void join_bytes();
  void join_output(Step<T>& layer);
  void distances(Step<T>& step, const int32_t* field);
  void trees(Step<T>& step, const int32_t* field, const int32_t* end);
  // The analysis while counting is reused for filling.
  TreePacker* next_packer(const T* nodes, size_t count, const T* sets, size_t set_count);

  // Gives every value a place in scratch. Inputs and outputs keep theirs (they are used when the caller's buffers
  // need converting); others share places once their last use is over.
  bool place_values();
  size_t width(int32_t value) const { return network_.widths_[size_t(value)]; }
  bool ends_here(int32_t operand, size_t i) const {
    return operand >= 0 && size_t(operand) < plan_.value_count && last_use_[size_t(operand)] == i + 1;
  }

  template <typename F>
  void for_operands(const Step<T>& step, F f) const {
    for (const int32_t operand : {step.a, step.b, step.c}) {
      if (operand >= 0 && size_t(operand) < plan_.value_count) f(operand);
    }
    if (step.opcode != Opcode::concat) return;
    for (size_t i = 0; i < step.list_count; i++) {
      if (size_t(step.list[i]) < plan_.value_count) f(step.list[i]);
    }
  }

  struct Gap {
    size_t place, width;
  };
  // For each instruction of trees, in order.
  struct Packers {
    TreePacker packer;
    Packers* next = nullptr;
  };

  size_t grow(size_t width);
  // The narrowest gap that is wide enough, among the latest few, so that a long list costs no more than a short one.
  size_t claim(size_t width);
  void release(int32_t value) { free_[free_count_++] = {network_.places_[size_t(value)], width(value)}; }

  Network& network_;
  const VerifiedPlan& plan_;
  Array<int32_t> constant_of_;  // by parameter; −1 if it is not an operand
  size_t constant_count_ = 0;
  size_t list_count_ = 0;
  bool filling_ = false;
  bool has_wide_ = false;
  bool has_no_memory_ = false;  // for packed_ and packers_, which are asked for memory only while counting
  static constexpr int32_t form_of_copy = -1, form_of_points = -2, form_of_table = -3, form_of_scale = -4,
                           form_of_narrowing = -5;
  PackedOnce<T> packed_;
  Packers* packers_ = nullptr;
  Packers* last_packer_ = nullptr;
  Packers* filled_ = nullptr;  // the last one that was used for filling
  Array<size_t> last_use_;     // one more than the step, 0 for none
  Array<size_t> takers_;       // of each value: operands of steps, and outputs
  Array<Gap> free_;
  size_t free_count_ = 0;
};

}  // namespace fp
