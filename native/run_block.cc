// Runs a block of rows through all steps.
#include <cmath>

#include "elements.h"
#include "lookups.h"
#include "network.h"
#include "sort.h"

// Optimized for size: for operations that models seldom have.
#ifdef __clang__
#pragma clang attribute push(__attribute__((minsize)), apply_to = function)
#endif
#include "couple.h"
#ifdef __clang__
#pragma clang attribute pop
#endif

namespace fp {
namespace {

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

// With fewer rows, those of a tile fit in one set of the first-level cache: see spread_stride in build_packed.cc.
constexpr size_t least_spread_rows = 9;

}  // namespace

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
      break;  // no other opcode has a form for doubles
  }
}

template <typename T>
Outcome Network<T>::run_block(T* const* base, const Input* inputs, const Output* outputs, size_t first, size_t rows,
                              RunError& error, Help help) const {
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
      case Opcode::static_dense:
        if (step.spread > 0 && rows * step.repeat >= least_spread_rows) {
          run_spread(step, a, y, rows * step.repeat, base, help);
        } else {
          run_dense(step, step.dense, a, y, rows * step.repeat, help);
        }
        break;
      case Opcode::static_quantize:
        if constexpr (sizeof(T) == sizeof(float)) {
          const StaticScale& scale = *reinterpret_cast<const StaticScale*>(step.p[0]);
          int8_->static_quantize(a, y, rows * step.repeat, step.inner, scale);
        }
        break;
      case Opcode::quantize:
        if constexpr (sizeof(T) == sizeof(float)) int8_->quantize(a, y, rows * step.repeat, step.inner);
        break;
      case Opcode::bytes:
        if constexpr (sizeof(T) == sizeof(double)) run_bytes(step, base, inputs, rows * step.repeat);
        break;
      case Opcode::byte_dense:
        if constexpr (sizeof(T) == sizeof(double)) run_byte_dense(step, base, inputs, outputs, first, rows);
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
        if (is_input(step.a)) break;  // run() has checked the caller's values
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

template Outcome Network<float>::run_block(float* const*, const Input*, const Output*, size_t, size_t, RunError&,
                                           Help) const;
template Outcome Network<double>::run_block(double* const*, const Input*, const Output*, size_t, size_t, RunError&,
                                            Help) const;

}  // namespace fp
