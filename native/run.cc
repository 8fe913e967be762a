// Runs a network: one block of rows after another, from the caller's buffers and back.
#include "elements.h"
#include "network.h"

namespace fp {

// A table: the address of the values, then the place of every operand, values first, constants last.
template <typename T>
size_t Network<T>::table_bytes() const {
  return whole_lines((1 + widths_.size() + constants_.size()) * sizeof(T*));
}

template <typename T>
size_t Network<T>::values_bytes() const {
  return whole_lines(row_elements_ * block_rows_ * sizeof(T)) + whole_lines(spread_elements_ * block_rows_ * sizeof(T));
}

template <typename T>
void Network<T>::prepare(void* table, void* values) const {
  T** const places = static_cast<T**>(table);
  T** const base = places + 1;
  places[0] = static_cast<T*>(values);
  for (size_t i = 0; i < widths_.size(); i++) base[i] = places[0] + places_[i] * block_rows_;
  for (size_t i = 0; i < constants_.size(); i++) {
    base[widths_.size() + i] = const_cast<T*>(constants_[i]);  // never written
  }
}

template <typename T>
Outcome Network<T>::run(void* table, const Input* inputs, const Output* outputs, size_t first, size_t rows,
                        RunError& error, Help help) const {
  T* const values = *static_cast<T**>(table);
  T** const base = static_cast<T**>(table) + 1;
  const auto home = [&](int32_t value) { return values + places_[size_t(value)] * block_rows_; };
  const auto element_of_port = [](const Port& port) { return port.wide ? Element::f64 : element_of<T>; };

  const size_t end = first + rows;
  for (size_t row = first, count; row < end; row += count) {
    count = end - row;
    if (count > block_rows_) {  // blocks of equal height
      const size_t blocks = (count + block_rows_ - 1) / block_rows_;
      count = (count + blocks - 1) / blocks;
    }
    // The caller's buffers are used directly if they have the model's element type.
    for (size_t i = 0; i < outputs_.size(); i++) {
      const int32_t value = outputs_[i].value;
      const bool direct = outputs[i].element == element_of_port(outputs_[i]);
      base[value] = direct ? static_cast<T*>(outputs[i].data) + row * widths_[size_t(value)] : home(value);
    }
    for (size_t i = 0; i < inputs_.size(); i++) {
      const int32_t value = inputs_[i].value;
      const size_t width = widths_[size_t(value)];
      if (inputs_[i].ragged) {  // steps read it through `inputs`
        base[value] = reinterpret_cast<T*>(const_cast<Input*>(&inputs[i]));
        continue;
      }
      if (inputs_[i].checked >= 0) {
        const Outcome outcome = check_input(inputs_[i], inputs[i], row, count, error);
        if (outcome != Outcome::ok) return outcome;
      }
      if (sizeof(T) == sizeof(double) && inputs_[i].bytes && reads_directly(inputs[i].element, inputs_[i].center)) {
        const size_t size = inputs[i].element == Element::i32 ? sizeof(int32_t) : 1;
        const char* const data = static_cast<const char*>(inputs[i].data) + row * width * size;
        base[value] = reinterpret_cast<T*>(const_cast<char*>(data));
      } else if (inputs[i].element == element_of_port(inputs_[i])) {
        base[value] = const_cast<T*>(static_cast<const T*>(inputs[i].data)) + row * width;  // never written
      } else if (inputs_[i].wide) {
        base[value] = home(value);
        convert_input(inputs[i], row * (width / 2), count * (width / 2), reinterpret_cast<double*>(base[value]));
      } else {
        base[value] = home(value);
        convert_input(inputs[i], row * width, count * width, base[value]);
      }
    }
    const Outcome outcome = run_block(base, inputs, outputs, row, count, error, help);
    if (outcome != Outcome::ok) {
      error.row += row;
      return outcome;
    }
    // Results to copy: other element types, an input that is an output, a value that two outputs name.
    for (size_t i = 0; i < outputs_.size(); i++) {
      const int32_t value = outputs_[i].value;
      const size_t width = widths_[size_t(value)];
      const bool direct = outputs[i].element == element_of_port(outputs_[i]);
      if (sizeof(T) == sizeof(double) && outputs_[i].layer != nullptr &&
          holds(outputs[i].element, outputs_[i].layer->narrowing)) {
        continue;
      }
      if (direct && base[value] == static_cast<T*>(outputs[i].data) + row * width) continue;
      if (outputs_[i].wide) {
        const double* const from = reinterpret_cast<const double*>(base[value]);
        convert_output(from, row * (width / 2), count * (width / 2), outputs[i]);
      } else {
        convert_output(base[value], row * width, count * width, outputs[i]);
      }
    }
  }
  return Outcome::ok;
}

template <typename T>
Outcome Network<T>::check_input(const Port& port, const Input& input, size_t first, size_t rows,
                                RunError& error) const {
  const size_t width = widths_[size_t(port.value)] / (port.wide ? 2 : 1), count = rows * width;
  size_t bad = count;
  double value = 0;
  if (input.element == Element::i64) {
    bad = first_not_exact<int64_t>(input.data, first * width, count);
    if (bad < count) value = double(static_cast<const int64_t*>(input.data)[first * width + bad]);
  } else if (input.element == Element::u64) {
    bad = first_not_exact<uint64_t>(input.data, first * width, count);
    if (bad < count) value = double(static_cast<const uint64_t*>(input.data)[first * width + bad]);
  }
  if (bad == count) return Outcome::ok;
  error = {size_t(port.checked), first + bad / width, bad % width, value, 0};
  return Outcome::not_exact;
}

template class Network<float>;
template class Network<double>;

}  // namespace fp
