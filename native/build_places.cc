// Builds a network: the places of values in scratch.
#include "builder.h"

namespace fp {
namespace {

// Whether the kernel may overwrite an operand of the same width with its result.
bool in_place(Opcode opcode) {
  switch (opcode) {
    case Opcode::unary:
    case Opcode::binary:
    case Opcode::affine:
    case Opcode::select:
    case Opcode::softmax:
    case Opcode::norm:
    case Opcode::normalize:
      return true;
    default:
      return false;
  }
}

}  // namespace

template <typename T>
bool Network<T>::Builder::place_values() {
  const size_t values = plan_.value_count;
  if (!network_.places_.allocate(values) || !last_use_.allocate(values) || !free_.allocate(values)) return false;
  if (!takers_.allocate(values)) return false;
  constexpr size_t kept = SIZE_MAX;
  for (size_t i = 0; i < network_.steps_.size(); i++) {
    for_operands(network_.steps_[i], [&](int32_t value) {
      last_use_[size_t(value)] = i + 1;
      takers_[size_t(value)]++;
    });
  }
  for (const Port& port : network_.inputs_) last_use_[size_t(port.value)] = kept;
  for (const Port& port : network_.outputs_) {
    last_use_[size_t(port.value)] = kept;
    takers_[size_t(port.value)]++;
  }
  for (const Port& port : network_.inputs_) network_.places_[size_t(port.value)] = grow(width(port.value));

  for (size_t i = 0; i < network_.steps_.size(); i++) {
    const Step<T>& step = network_.steps_[i];
    const size_t y = size_t(step.y);
    const bool defines = step.opcode != Opcode::require_finite && step.opcode != Opcode::require_exact;
    int32_t taken = -1;
    if (last_use_[y] != kept && in_place(step.opcode)) {
      for (const int32_t operand : {step.a, step.b, step.c}) {
        if (taken < 0 && ends_here(operand, i) && width(operand) == width(step.y)) taken = operand;
      }
    }
    if (defines) {
      network_.places_[y] = taken >= 0             ? network_.places_[size_t(taken)]
                            : last_use_[y] == kept ? grow(width(step.y))
                                                   : claim(width(step.y));
    }
    for_operands(step, [&](int32_t value) {
      if (value == taken || !ends_here(value, i)) return;
      last_use_[size_t(value)] = 0;  // an operand may occur twice
      release(value);
    });
    if (defines && last_use_[y] == 0) release(step.y);
  }
  return true;
}

template <typename T>
size_t Network<T>::Builder::grow(size_t width) {
  const size_t place = network_.row_elements_;
  // Doubles are aligned to their size, for any number of rows in a block.
  network_.row_elements_ += has_wide_ ? (width + 1) / 2 * 2 : width;
  return place;
}

template <typename T>
size_t Network<T>::Builder::claim(size_t width) {
  constexpr size_t looked_at = 64;
  size_t best = SIZE_MAX;
  for (size_t i = free_count_ > looked_at ? free_count_ - looked_at : 0; i < free_count_; i++) {
    if (free_[i].width >= width && (best == SIZE_MAX || free_[i].width < free_[best].width)) best = i;
  }
  if (best == SIZE_MAX) return grow(width);
  const size_t place = free_[best].place;
  free_[best] = free_[--free_count_];
  return place;
}

template bool Network<float>::Builder::place_values();
template bool Network<double>::Builder::place_values();

}  // namespace fp
