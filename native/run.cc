// Running a network: a block of rows through all steps, then the next.
#include <atomic>
#include <cmath>
#include <limits>
#include <type_traits>

#include "network.h"
#include "pairs.h"
#include "sort.h"

// Made as small as can be: what models seldom have.
#ifdef __clang__
#pragma clang attribute push(__attribute__((minsize)), apply_to = function)
#endif
#include "couple.h"
#ifdef __clang__
#pragma clang attribute pop
#endif

namespace fp {
namespace {

template <typename T, typename U>
void copy_from(const void* data, size_t first, size_t count, T* to) {
  const U* const from = static_cast<const U*>(data) + first;
#ifdef __clang__
  // Integers but bytes are few in a row.
  if constexpr (std::is_integral_v<U> && sizeof(U) > 1) {
#pragma clang loop vectorize(disable)
    for (size_t i = 0; i < count; i++) to[i] = T(from[i]);
    return;
  }
#endif
  for (size_t i = 0; i < count; i++) to[i] = T(from[i]);
}

template <typename T>
void convert_input(const Input& input, size_t first, size_t count, T* to) {
  switch (input.element) {
    case Element::f32:
      return copy_from<T, float>(input.data, first, count, to);
    case Element::f64:
      return copy_from<T, double>(input.data, first, count, to);
    case Element::i8:
      return copy_from<T, int8_t>(input.data, first, count, to);
    case Element::u8:
      return copy_from<T, uint8_t>(input.data, first, count, to);
    case Element::i16:
      return copy_from<T, int16_t>(input.data, first, count, to);
    case Element::u16:
      return copy_from<T, uint16_t>(input.data, first, count, to);
    case Element::i32:
      return copy_from<T, int32_t>(input.data, first, count, to);
    case Element::u32:
      return copy_from<T, uint32_t>(input.data, first, count, to);
    case Element::i64:
      return copy_from<T, int64_t>(input.data, first, count, to);
    case Element::u64:
      return copy_from<T, uint64_t>(input.data, first, count, to);
  }
}

template <typename Integer, typename T>
Integer whole(T value) {
  constexpr Integer least = std::numeric_limits<Integer>::min(), greatest = std::numeric_limits<Integer>::max();
  if (value != value) return 0;
  if (value <= T(least)) return least;
  if (value >= T(greatest)) return greatest;  // T(greatest) may have been rounded up
  return Integer(value);
}

template <typename To, typename T>
void copy_to(const T* from, size_t first, size_t count, void* data) {
  To* const to = static_cast<To*>(data) + first;
  for (size_t i = 0; i < count; i++) {
    if constexpr (std::is_integral_v<To>) {
      to[i] = whole<To>(from[i]);
    } else {
      to[i] = To(from[i]);
    }
  }
}

template <typename T>
void convert_output(const T* from, size_t first, size_t count, const Output& output) {
  switch (output.element) {
    case Element::f32:
      return copy_to<float>(from, first, count, output.data);
    case Element::f64:
      return copy_to<double>(from, first, count, output.data);
    case Element::i8:
      return copy_to<int8_t>(from, first, count, output.data);
    case Element::u8:
      return copy_to<uint8_t>(from, first, count, output.data);
    case Element::i16:
      return copy_to<int16_t>(from, first, count, output.data);
    case Element::u16:
      return copy_to<uint16_t>(from, first, count, output.data);
    case Element::i32:
      return copy_to<int32_t>(from, first, count, output.data);
    case Element::u32:
      return copy_to<uint32_t>(from, first, count, output.data);
    case Element::i64:
      return copy_to<int64_t>(from, first, count, output.data);
    case Element::u64:
      return copy_to<uint64_t>(from, first, count, output.data);
  }
}

template <typename T>
constexpr Element element_of = sizeof(T) == sizeof(float) ? Element::f32 : Element::f64;

// Past it, not every integer is a double.
constexpr double exact_integers = 9007199254740992.0;

// Whether a double holds it.
template <typename Integer>
bool is_exact(Integer value) {
  uint64_t magnitude = value < 0 ? 0 - uint64_t(value) : uint64_t(value);
  for (; magnitude > uint64_t(1) << 53; magnitude >>= 1) {
    if (magnitude % 2 != 0) return false;
  }
  return true;
}

// The place of the first of `count` elements from `first` on that no double holds; `count` for none.
template <typename Integer>
size_t first_not_exact(const void* data, size_t first, size_t count) {
  const Integer* const from = static_cast<const Integer*>(data) + first;
  size_t i = 0;
  while (i < count && is_exact(from[i])) i++;
  return i;
}

constexpr size_t no_id = SIZE_MAX;

// The id as an index below `limit`, or no_id. With `wrap`, −1 is the last.
template <typename T>
size_t index_of(T id, size_t limit, bool wrap) {
  if (!(id >= -T(limit) && id < T(limit)) || id != std::trunc(id)) return no_id;
  if (id >= 0) return size_t(id);
  return wrap ? limit - size_t(-id) : no_id;
}

// y is [ids, D]; the place of a bad id, or no_id.
template <typename T>
size_t embed(const T* ids, size_t count, const Step<T>& step, T* y) {
  for (size_t i = 0; i < count; i++) {
    const size_t index = index_of(ids[i], step.repeat, step.function != 0);
    if (index == no_id) return i;
    std::memcpy(y + i * step.inner, step.p[0] + index * step.inner, step.inner * sizeof(T));
  }
  return no_id;
}

// By copies of what is filled already: clang makes a loop of single elements where code is to be small.
template <typename T>
void fill(T* to, size_t count, T value) {
  constexpr size_t most = 1024;  // stays in the first-level cache
  if (count > 0) to[0] = value;
  for (size_t done = 1, part; done < count; done += part) {
    part = done < most ? done : most;
    if (part > count - done) part = count - done;
    std::memcpy(to + done, to, part * sizeof(T));
  }
}

// y is [ids, depth]; an id outside the range is off everywhere, one that is not an integer is bad.
template <typename T>
size_t one_hot(const T* ids, size_t count, const Step<T>& step, T* y) {
  const T on = step.p[0][0], off = step.p[0][1];
  fill(y, count * step.inner, off);
  for (size_t i = 0; i < count; i++) {
    if (ids[i] != std::trunc(ids[i])) return i;
    T* const row = y + i * step.inner;
    const size_t index = index_of(ids[i], step.inner, step.function != 0);
    if (index != no_id) row[index] = on;
  }
  return no_id;
}

template <typename T>
void gather(const T* x, size_t x_width, const Step<T>& step, T* y, size_t rows) {
  for (size_t r = 0; r < rows; r++, x += x_width, y += step.width) {
    if (step.function != 0) {
      std::memcpy(y, x + step.inner, step.width * sizeof(T));
    } else {
      for (size_t i = 0; i < step.width; i++) y[i] = x[step.list[i]];
    }
  }
}

template <typename T>
void concat(T* const* base, size_t value_count, const Step<T>& step, T* y, size_t rows) {
  const int32_t* const widths = step.list + step.list_count;
  size_t column = 0;
  for (size_t i = 0; i < step.list_count; i++) {
    const bool constant = size_t(step.list[i]) >= value_count;
    const size_t width = size_t(widths[i]), part = width / step.repeat, whole = step.width / step.repeat;
    for (size_t r = 0; r < rows; r++) {
      const T* const from = base[step.list[i]] + (constant ? 0 : r * width);
      T* const to = y + r * step.width + column;
      for (size_t o = 0; o < step.repeat; o++) std::memcpy(to + o * whole, from + o * part, part * sizeof(T));
    }
    column += part;
  }
}

// `repeat` products of matrices for each row; a stride of 0 repeats the same operand.
template <typename T>
void multiply(const Kernels<T>& kernels, const Step<T>& step, const T* a, size_t a_stride, const T* b, size_t b_stride,
              T* y, size_t rows) {
  const size_t K = step.inner, N = step.columns, M = step.width / (step.repeat * N);
  for (size_t r = 0; r < rows; r++) {
    for (size_t i = 0; i < step.repeat; i++, y += M * N) {
      kernels.matmul(a + r * a_stride + i * M * K, b + r * b_stride + i * K * N, y, M, K, N, step.function != 0);
    }
  }
}

// The values in order, or their places.
template <typename T, typename U>
void sort_rows(const Step<U>& step, const T* x, T* y, size_t rows) {
  for (size_t r = 0; r < rows * step.repeat; r++, x += step.inner, y += step.columns) {
    sort_places(x, step.inner, (step.function & 2) != 0, y, step.columns);
    if (SortResult(step.function & 1) == SortResult::places) continue;
    for (size_t i = 0; i < step.columns; i++) y[i] = x[size_t(y[i])];
  }
}

// Adds up weight·row of the table for the pairs, or takes the greatest of each column.
template <typename T>
bool bag_row(const Kernels<T>& kernels, const Step<T>& step, Pairs<T>& pairs, T* y) {
  const size_t width = step.width, row_count = pairs.row_count();
  const T* const table = step.p[0];
  for (size_t j = 0; j < width; j++) y[j] = 0;
  bool first = true;
  while (const size_t count = pairs.next()) {
    if (BagMode(step.function) == BagMode::max) {
      for (size_t k = 0; k < count; k++, first = false) {
        const T* const row = table + size_t(pairs.ids[k]) * width;
        for (size_t j = 0; j < width; j++) {
          const T product = pairs.weights[k] * row[j];
          if (first || product > y[j] || product != product) y[j] = product;
        }
      }
    } else if (width == 1) {
      T sum = *y;
      for (size_t k = 0; k < count; k++) sum += pairs.weights[k] * table[pairs.ids[k]];
      *y = sum;
    } else {
      kernels.bag(table, width, pairs.ids, pairs.weights, count, y);
    }
  }
  if (BagMode(step.function) == BagMode::mean && row_count > 0) {
    for (size_t j = 0; j < width; j++) y[j] /= T(row_count);
  }
  for (size_t j = 0; step.p[1] != nullptr && j < width; j++) y[j] += step.p[1][j];
  return !pairs.bad();
}

template <typename T>
bool scatter_row(Pairs<T>& pairs, T* y, size_t width) {
  std::memset(static_cast<void*>(y), 0, width * sizeof(T));
  while (const size_t count = pairs.next()) {
    for (size_t k = 0; k < count; k++) y[pairs.ids[k]] += pairs.weights[k];
  }
  return !pairs.bad();
}

// A tile of fewer finds room for its rows in one set of the first-level cache: see spread_stride in build.cc.
constexpr size_t least_spread_rows = 9;

}  // namespace

constexpr size_t whole_lines(size_t bytes) {
  return (bytes + cache_line_bytes - 1) / cache_line_bytes * cache_line_bytes;
}

// A table: where the values stand, then the place of every operand, values first, constants last.
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
size_t Network<T>::stride(int32_t operand) const {
  return size_t(operand) < widths_.size() ? widths_[size_t(operand)] : 0;
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
    // The caller's buffers serve as they are where their elements are the model's.
    for (size_t i = 0; i < outputs_.size(); i++) {
      const int32_t value = outputs_[i].value;
      const bool direct = outputs[i].element == element_of_port(outputs_[i]);
      base[value] = direct ? static_cast<T*>(outputs[i].data) + row * widths_[size_t(value)] : home(value);
    }
    for (size_t i = 0; i < inputs_.size(); i++) {
      const int32_t value = inputs_[i].value;
      const size_t width = widths_[size_t(value)];
      if (inputs_[i].ragged) {  // what takes it knows how it is given
        base[value] = reinterpret_cast<T*>(const_cast<Input*>(&inputs[i]));
        continue;
      }
      if (inputs_[i].checked >= 0) {
        const Outcome outcome = check_input(inputs_[i], inputs[i], row, count, error);
        if (outcome != Outcome::ok) return outcome;
      }
      if (inputs[i].element == element_of_port(inputs_[i])) {
        base[value] = const_cast<T*>(static_cast<const T*>(inputs[i].data)) + row * width;  // never written
      } else if (inputs_[i].wide) {
        base[value] = home(value);
        convert_input(inputs[i], row * (width / 2), count * (width / 2), reinterpret_cast<double*>(base[value]));
      } else {
        base[value] = home(value);
        convert_input(inputs[i], row * width, count * width, base[value]);
      }
    }
    const Outcome outcome = run_block(base, row, count, error, help);
    if (outcome != Outcome::ok) {
      error.row += row;
      return outcome;
    }
    // What stands elsewhere: other elements, an input that is an output, a value that two outputs name.
    for (size_t i = 0; i < outputs_.size(); i++) {
      const int32_t value = outputs_[i].value;
      const size_t width = widths_[size_t(value)];
      const bool direct = outputs[i].element == element_of_port(outputs_[i]);
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

// x is copied to a place behind the values, whose address the table has before those of the operands.
template <typename T>
void Network<T>::run_spread(const Step<T>& step, const T* x, T* y, size_t rows, T* const* base, Help help) const {
  T* const room = base[-1] + whole_lines(row_elements_ * block_rows_ * sizeof(T)) / sizeof(T);
  DenseLayer<T> layer = step.dense;
  layer.stride = step.spread;
  for (size_t r = 0; r < rows; r++) std::memcpy(room + r * layer.stride, x + r * layer.K, layer.K * sizeof(T));
  run_dense(step, layer, room, y, rows, help);
}

template <typename T>
void Network<T>::run_dense(const Step<T>& step, const DenseLayer<T>& layer, const T* x, T* y, size_t rows,
                           Help help) const {
  // Multiply-adds below which waking a thread does not pay, and parts for each, so that one held up costs little.
  constexpr size_t least_cost = 4 << 20, parts_of_thread = 4;
  const size_t K = layer.K, N = layer.N;
  if (help.pool == nullptr || layer.shape.order == DenseOrder::lanes || rows * K * N < least_cost) {
    return step.run_dense(layer, x, y, rows, 0, N);
  }
  const size_t panel = size_t(kernels_->panel_columns), panels = (N + panel - 1) / panel;
  const size_t parts = panels < help.threads * parts_of_thread ? panels : help.threads * parts_of_thread;
  struct Columns {
    const Step<T>& step;
    const DenseLayer<T>& layer;
    const T* x;
    T* y;
    size_t rows, part_columns;
    std::atomic<size_t> next{0};
  } columns{step, layer, x, y, rows, (panels + parts - 1) / parts * panel};
  help.pool->run(
      help.threads,
      [](void* context, size_t) {
        Columns& c = *static_cast<Columns*>(context);
        const size_t all = c.layer.N;
        for (;;) {
          const size_t first = c.next.fetch_add(1) * c.part_columns;
          if (first >= all) return;
          const size_t end = all - first < c.part_columns ? all : first + c.part_columns;
          c.step.run_dense(c.layer, c.x, c.y, c.rows, first, end);
        }
      },
      &columns);
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

// Only for f64. A layer's sums are in the second half of its result until they are scaled.
template <typename T>
void Network<T>::run_bytes(const Step<T>& step, const T* x, T* y, size_t rows) const {
  if constexpr (sizeof(T) == sizeof(double)) {
    if (step.opcode == Opcode::bytes) {
      int8_->bytes(x, *step.p[0], reinterpret_cast<float*>(y), rows, step.inner);
      return;
    }
    constexpr float infinity = std::numeric_limits<float>::infinity();
    const size_t N = step.columns;
    const DenseLayer<float> layer = {
        step.inner, N, step.inner, {}, reinterpret_cast<const float*>(step.dense.weights), -infinity, infinity};
    float* const sums = reinterpret_cast<float*>(y) + rows * N;
    int8_->dense(layer, reinterpret_cast<const float*>(x), sums, rows, 0, N);
    kernels_->requantize(sums, step.p[0], step.p[1], step.p[2], y, rows, N);
  }
}

// Operands and parameters are doubles, two elements each.
template <typename T>
void Network<T>::run_wide(const Step<T>& step, T* const* base, size_t rows) const {
  const Kernels<double>& kernels = *wide_;
  const auto at = [&](int32_t operand) { return operand >= 0 ? reinterpret_cast<double*>(base[operand]) : nullptr; };
  const auto doubles = [&](int32_t operand) { return stride(operand) / 2; };
  double* const y = at(step.y);
  const double* const a = at(step.a);
  const auto parameter = [&](size_t i) { return reinterpret_cast<const double*>(step.p[i]); };
  switch (step.opcode) {
    case Opcode::unary:
      kernels.unary[step.function](a, y, rows * step.width, parameter(0));
      break;
    case Opcode::binary:
      kernels.binary[step.function](a, doubles(step.a), at(step.b), doubles(step.b), y, rows, step.width);
      break;
    case Opcode::affine:
      kernels.affine(a, parameter(0), parameter(1), y, rows, step.width);
      break;
    case Opcode::select:
      kernels.select(a, doubles(step.a), at(step.b), doubles(step.b), at(step.c), doubles(step.c), y, rows, step.width);
      break;
    case Opcode::reduce:
      kernels.reduce[step.function](a, y, rows * step.repeat, step.inner);
      break;
    case Opcode::sort:
      sort_rows(step, a, y, rows);
      break;
    default:
      break;  // no other has a form in doubles
  }
}

template <typename T>
bool Network<T>::run_ragged(const Step<T>& step, const Input& input, T* y, size_t first, size_t rows,
                            RunError& error) const {
  Pairs<T> pairs(input, step.inner);
  for (size_t r = 0; r < rows; r++, y += step.width) {
    pairs.begin(first + r);
    if (step.opcode == Opcode::bag ? bag_row(*kernels_, step, pairs, y) : scatter_row(pairs, y, step.width)) continue;
    size_t port = 0;
    while (inputs_[port].value != step.a) port++;
    error = {port, r, pairs.bad_place(), pairs.bad_id(), step.inner};
    return false;
  }
  return true;
}

template <typename T>
Outcome Network<T>::run_block(T* const* base, size_t first, size_t rows, RunError& error, Help help) const {
  const Kernels<T>& kernels = *kernels_;
  for (size_t i = 0; i < steps_.size(); i++) {
    const Step<T>& step = steps_[i];
    T* const y = base[step.y];
    const T* const a = step.a >= 0 ? base[step.a] : nullptr;
    if constexpr (sizeof(T) == sizeof(float)) {
      if (step.wide) {
        run_wide(step, base, rows);
        continue;
      }
    }
    switch (step.opcode) {
      case Opcode::dense:
        if (step.spread > 0 && rows * step.repeat >= least_spread_rows) {
          run_spread(step, a, y, rows * step.repeat, base, help);
        } else {
          run_dense(step, step.dense, a, y, rows * step.repeat, help);
        }
        break;
      case Opcode::quantize:
        if constexpr (sizeof(T) == sizeof(float)) int8_->quantize(a, y, rows * step.repeat, step.inner);
        break;
      case Opcode::bytes:
      case Opcode::byte_dense:
        if constexpr (sizeof(T) == sizeof(double)) run_bytes(step, a, y, rows * step.repeat);
        break;
      case Opcode::unary:
        kernels.unary[step.function](a, y, rows * step.width, step.p[0]);
        break;
      case Opcode::binary:
        kernels.binary[step.function](a, stride(step.a), base[step.b], stride(step.b), y, rows, step.width);
        break;
      case Opcode::affine:
        kernels.affine(a, step.p[0], step.p[1], y, rows, step.width);
        break;
      case Opcode::select:
        kernels.select(a, stride(step.a), base[step.b], stride(step.b), base[step.c], stride(step.c), y, rows,
                       step.width);
        break;
      case Opcode::softmax:
        kernels.softmax(a, y, rows * step.repeat, step.inner, step.function);
        break;
      case Opcode::norm: {
        const auto norm = step.function == 0 ? kernels.layer_norm : kernels.rms_norm;
        norm(a, y, rows * step.repeat, step.inner, step.p[0][0], step.p[1], step.p[2]);
        break;
      }
      case Opcode::normalize:
        kernels.normalize(a, y, rows * step.repeat, step.inner, step.function, step.p[0][0], step.p[0][1]);
        break;
      case Opcode::reduce:
        kernels.reduce[step.function](a, y, rows * step.repeat, step.inner);
        break;
      case Opcode::gather:
        gather(a, widths_[size_t(step.a)], step, y, rows);
        break;
      case Opcode::concat:
        concat(base, widths_.size(), step, y, rows);
        break;
      case Opcode::embedding:
      case Opcode::one_hot: {
        const size_t ids = widths_[size_t(step.a)];
        const bool embedding = step.opcode == Opcode::embedding;
        const size_t bad = embedding ? embed(a, rows * ids, step, y) : one_hot(a, rows * ids, step, y);
        if (bad == no_id) break;
        error = {i, bad / ids, bad % ids, double(a[bad]), embedding ? step.repeat : step.inner};
        return Outcome::bad_id;
      }
      case Opcode::trees:
        run_trees(step.trees, kernels, trees_, a, widths_[size_t(step.a)], y, step.width, rows);
        break;
      case Opcode::matmul:
        multiply(kernels, step, a, stride(step.a), base[step.b], stride(step.b), y, rows);
        break;
      case Opcode::sort:
        sort_rows(step, a, y, rows);
        break;
      case Opcode::distances:
        kernels.distances(step.points, a, y, rows);
        break;
      case Opcode::nearest: {
        const size_t k = step.columns;
        for (size_t r = 0; r < rows * step.repeat; r++) {
          nearest_places(a + r * step.inner, step.inner, y + 2 * k * r, y + 2 * k * r + k, k);
        }
        break;
      }
      case Opcode::couple:
        for (size_t r = 0; r < rows; r++) couple(a + r * widths_[size_t(step.a)], y + r * step.width, step.width);
        break;
      case Opcode::require_finite: {
        const size_t count = rows * step.width;
        const size_t bad = kernels.first_not_finite(a, count, step.function != 0);
        if (bad == count) break;
        error = {i, bad / step.width, bad % step.width, double(a[bad]), 0};
        return Outcome::not_finite;
      }
      case Opcode::widen: {
        double* const to = reinterpret_cast<double*>(y);
        for (size_t j = 0; j < rows * step.width / 2; j++) to[j] = double(a[j]);
        break;
      }
      case Opcode::narrow: {
        const double* const from = reinterpret_cast<const double*>(a);
        for (size_t j = 0; j < rows * step.width; j++) y[j] = T(from[j]);
        break;
      }
      case Opcode::require_exact: {
        if (is_input(step.a)) break;  // run() has looked at what the caller gave
        constexpr size_t unit = sizeof(double) / sizeof(T);
        const double* const x = reinterpret_cast<const double*>(a);
        const size_t width = step.width / unit, count = rows * width;
        size_t bad = 0;
        while (bad < count && !(std::fabs(x[bad]) >= exact_integers)) bad++;
        if (bad == count) break;
        error = {i, bad / width, bad % width, x[bad], 0};
        return Outcome::not_exact;
      }
      case Opcode::bag:
      case Opcode::scatter:
        if (run_ragged(step, *reinterpret_cast<const Input*>(a), y, first, rows, error)) break;
        return Outcome::bad_pair;
      case Opcode::wide:
        break;  // run above
    }
  }
  return Outcome::ok;
}

template class Network<float>;
template class Network<double>;

}  // namespace fp
