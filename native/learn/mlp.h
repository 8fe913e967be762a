// Multi-layer perceptrons as scikit-learn's MLPClassifier and MLPRegressor train them: the same gradients, losses and
// updates (sklearn/neural_network/_multilayer_perceptron.py and _stochastic_optimizers.py), with sums in an order of
// our own, where scikit-learn's is that of its matrix product. Products and sums are rounded one by one.
//
// Parameters and moments stand twice: the first update of a step reads one half and writes the other, later ones work
// on that. A step that fails, or is taken back, leaves the half that it read.
#pragma once

#include <cmath>
#include <cstring>

#include "../arena.h"
#include "../kernels/math.h"
#include "kind.h"
#include "libm.h"

namespace FP_ISA {

// lib/learn/estimators/mlp.ts holds the same lists.
enum MlpActivation : size_t { kMlpIdentity, kMlpLogistic, kMlpTanh, kMlpRelu, kMlpSoftmax, kMlpExp, kMlpActivations };
enum MlpLoss : size_t { kMlpSquared, kMlpLog, kMlpBinaryLog, kMlpPoisson, kMlpLosses };
enum MlpSchedule : size_t { kMlpConstant, kMlpInverseScaling, kMlpAdaptive, kMlpSchedules };
enum MlpState : size_t {
  kMlpHalf,
  kMlpUpdates,
  kMlpRate,
  kMlpLossValue,
  kMlpRows,
  kMlpBestLoss,
  kMlpStalled,
  kMlpStates,
};

struct MlpOptions {
  size_t layers, batch;
  MlpActivation hidden, output;
  MlpLoss loss;
  MlpSchedule schedule;
  bool is_adam, nesterov;
  double alpha, first_rate, beta1, beta2, epsilon, power_t, tolerance, patience;
};

template <class S>
inline typename S::V load_some(const typename S::T* from, size_t count) {
  return count >= size_t(S::lanes) ? S::load(from) : S::load_part(from, int(count), S::zero());
}
template <class S>
inline void store_some(typename S::T* to, typename S::V a, size_t count) {
  if (count >= size_t(S::lanes)) {
    S::store(to, a);
  } else {
    S::store_part(to, a, int(count));
  }
}

// Σ a·b in eight sums, whatever the vectors' width.
template <class S>
inline typename S::T fixed_dot(const typename S::T* a, const typename S::T* b, size_t count) {
  using V = typename S::V;
  constexpr size_t sums = 8, vectors = sums / S::lanes;
  V sum[vectors];
  for (size_t i = 0; i < vectors; i++) sum[i] = S::zero();
  size_t at = 0;
  for (; at + sums <= count; at += sums) {
    for (size_t i = 0; i < vectors; i++) {
      const size_t k = at + i * S::lanes;
      sum[i] = S::add(sum[i], S::mul(S::load(a + k), S::load(b + k)));
    }
  }
  for (size_t i = 0; at < count && i < vectors; i++, at += S::lanes) {
    const size_t rest = count - at;
    sum[i] = S::add(sum[i], S::mul(load_some<S>(a + at, rest), load_some<S>(b + at, rest)));
  }
  typename S::T all[sums];
  for (size_t i = 0; i < vectors; i++) S::store(all + i * S::lanes, sum[i]);
  return ((all[0] + all[1]) + (all[2] + all[3])) + ((all[4] + all[5]) + (all[6] + all[7]));
}

// y[j] = Σ a[i·step]·w[i·width + j], i in order.
template <class S>
inline void weighted_rows(const typename S::T* a, size_t step, size_t count, const typename S::T* w, size_t width,
                          size_t row_width, typename S::T* y) {
  using V = typename S::V;
  constexpr size_t block = 4;
  size_t j = 0;
  for (; j + block * S::lanes <= width; j += block * S::lanes) {
    V sum[block];
    for (size_t b = 0; b < block; b++) sum[b] = S::zero();
    for (size_t i = 0; i < count; i++) {
      const V by = S::set1(a[i * step]);
      const typename S::T* const row = w + i * row_width + j;
      for (size_t b = 0; b < block; b++) sum[b] = S::add(sum[b], S::mul(by, S::load(row + b * S::lanes)));
    }
    for (size_t b = 0; b < block; b++) S::store(y + j + b * S::lanes, sum[b]);
  }
  for (; j < width; j += S::lanes) {
    V sum = S::zero();
    for (size_t i = 0; i < count; i++) {
      sum = S::add(sum, S::mul(S::set1(a[i * step]), load_some<S>(w + i * row_width + j, width - j)));
    }
    store_some<S>(y + j, sum, width - j);
  }
}

template <class S>
struct Mlp : learn::Learner {
  using T = typename S::T;
  using V = typename S::V;

  MlpOptions o;
  const int32_t* sizes;  // layers + 1
  Array<int32_t> own_sizes;
  size_t parameter_count, moment_count, most_batch;
  double* state;
  const T* x;
  const double *targets, *sample_weights;
  T *parameters, *moments;  // two halves each
  Array<T> values, deltas, gradient;
  Array<size_t> value_at;  // of each layer's values in a batch

  static void end_all(learn::Learner* self) { destroy(static_cast<Mlp*>(self)); }

  static learn::Status step_all(learn::Learner* self, size_t rows, int32_t* words) {
    return static_cast<Mlp*>(self)->learn(rows, words);
  }

  size_t inputs() const { return size_t(sizes[0]); }
  size_t outputs() const { return size_t(sizes[o.layers]); }

  learn::Status learn(size_t rows, int32_t* words) {
    const size_t width = inputs();
    for (size_t at = 0; at < rows * width; at++) {
      if (x[at] - x[at] == 0) continue;
      words[learn::kRow] = int32_t(at / width);
      words[learn::kColumn] = int32_t(at % width);
      return learn::kInputNotFinite;
    }
    for (size_t at = 0; at < rows * outputs(); at++) {
      if (targets[at] - targets[at] == 0) continue;
      words[learn::kRow] = int32_t(at / outputs());
      return learn::kTargetNotFinite;
    }
    const bool weighted = (words[learn::kFlags] & 1) != 0;
    const size_t half = state[kMlpHalf] != 0 ? 1 : 0;
    const T *w = parameters + half * parameter_count, *m = moments + half * moment_count;
    T* const new_w = parameters + (1 - half) * parameter_count;
    T* const new_m = moments + (1 - half) * moment_count;
    const size_t batch = rows < most_batch ? rows : most_batch;
    double loss = 0;
    for (size_t first = 0; first < rows; first += batch) {
      const size_t count = rows - first < batch ? rows - first : batch;
      std::memcpy(values.data(), x + first * width, count * width * sizeof(T));
      forward(w, count);
      const double* const weights = weighted ? sample_weights + first : nullptr;
      double weight = weighted ? 0 : double(count);
      for (size_t i = 0; weighted && i < count; i++) weight += weights[i];
      const double* const wanted = targets + first * outputs();
      loss += (loss_of(wanted, weights, count, weight) + penalty(w, weight)) * double(count);
      backward(w, wanted, weights, count);
      fill_gradient(w, count, T(weight));
      if (!update(w, m, new_w, new_m)) return learn::kNotFinite;
      w = new_w;
      m = new_m;
    }
    state[kMlpHalf] = double(1 - half);
    return finish(rows, loss / double(rows)) ? learn::kLearnt : learn::kNotFinite;
  }

  // What follows an epoch: counts, and the rate of the next one.
  bool finish(size_t rows, double loss) {
    state[kMlpLossValue] = loss;
    state[kMlpRows] += double(rows);
    state[kMlpStalled] = loss > state[kMlpBestLoss] - o.tolerance ? state[kMlpStalled] + 1 : 0;
    if (loss < state[kMlpBestLoss]) state[kMlpBestLoss] = loss;
    if (!o.is_adam && o.schedule == kMlpInverseScaling) {
      state[kMlpRate] = o.first_rate / libm_pow(state[kMlpRows] + 1, o.power_t);
    }
    if (state[kMlpStalled] > o.patience && !o.is_adam && o.schedule == kMlpAdaptive && state[kMlpRate] > 1e-6) {
      state[kMlpRate] /= 5;
      state[kMlpStalled] = 0;
    }
    return loss - loss == 0;
  }

  size_t intercepts_at() const {
    size_t at = 0;
    for (size_t l = 0; l < o.layers; l++) at += size_t(sizes[l]) * size_t(sizes[l + 1]);
    return at;
  }

  void forward(const T* w, size_t rows) {
    const T* bias = w + intercepts_at();
    for (size_t l = 0; l < o.layers; l++) {
      const size_t in = size_t(sizes[l]), out = size_t(sizes[l + 1]);
      const T* const from = values.data() + value_at[l];
      T* const to = values.data() + value_at[l + 1];
      for (size_t row = 0; row < rows; row++) {
        T* const y = to + row * out;
        weighted_rows<S>(from + row * in, 1, in, w, out, out, y);
        for (size_t j = 0; j < out; j++) y[j] += bias[j];
      }
      activate(l + 1 < o.layers ? o.hidden : o.output, to, rows, out);
      w += in * out;
      bias += out;
    }
  }

  static void exp_all(T* y, size_t count) {
    for (size_t at = 0; at < count; at += S::lanes) {
      store_some<S>(y + at, exp<S>(load_some<S>(y + at, count - at)), count - at);
    }
  }

  static void activate(MlpActivation activation, T* y, size_t rows, size_t width) {
    const size_t count = rows * width;
    switch (activation) {
      case kMlpLogistic:
        for (size_t at = 0; at < count; at += S::lanes) {
          store_some<S>(y + at, sigmoid<S>(load_some<S>(y + at, count - at)), count - at);
        }
        break;
      case kMlpTanh:
        for (size_t at = 0; at < count; at += S::lanes) {
          store_some<S>(y + at, tanh<S>(load_some<S>(y + at, count - at)), count - at);
        }
        break;
      case kMlpRelu:
        for (size_t at = 0; at < count; at++) y[at] = y[at] < 0 ? 0 : y[at];
        break;
      case kMlpExp:
        exp_all(y, count);
        break;
      case kMlpSoftmax:
        for (size_t row = 0; row < rows; row++, y += width) {
          T most = y[0], sum = 0;
          for (size_t j = 1; j < width; j++) most = y[j] > most ? y[j] : most;
          for (size_t j = 0; j < width; j++) y[j] -= most;
          exp_all(y, width);
          for (size_t j = 0; j < width; j++) sum += y[j];
          for (size_t j = 0; j < width; j++) y[j] /= sum;
        }
        break;
      default:
        break;
    }
  }

  // y·log(p), 0 where y is.
  static double times_log(double y, double p) {
    if (y == 0) return 0;
    double lanes[F64::lanes];
    F64::store(lanes, log<F64>(F64::set1(p)));
    return y * lanes[0];
  }

  double loss_of(const double* wanted, const double* weights, size_t count, double weight) const {
    const size_t width = outputs();
    const double least = sizeof(T) == 4 ? 0x1p-23 : 0x1p-52;
    double sum = 0;
    for (size_t i = 0; i < count; i++, wanted += width) {
      const T* const found = values.data() + value_at[o.layers] + i * width;
      double loss = 0;
      for (size_t j = 0; j < width; j++) {
        const double y = wanted[j];
        double p = double(found[j]);
        if (o.loss == kMlpSquared) {
          loss += (y - p) * (y - p);
        } else if (o.loss == kMlpPoisson) {
          loss += times_log(y, y / p) - y + p;
        } else {
          p = p < least ? least : p > 1 - least ? 1 - least : p;
          loss -= times_log(y, p);
          if (o.loss == kMlpBinaryLog) loss -= times_log(1 - y, 1 - p);
        }
      }
      if (o.loss == kMlpSquared) loss *= 0.5 / double(width);
      sum += weights != nullptr ? loss * weights[i] : loss;
    }
    return sum / weight;
  }

  double penalty(const T* w, double weight) const {
    return o.alpha == 0 ? 0 : 0.5 * o.alpha * double(fixed_dot<S>(w, w, intercepts_at())) / weight;
  }

  void backward(const T* w, const double* wanted, const double* weights, size_t count) {
    const size_t width = outputs();
    T* const last = deltas.data() + value_at[o.layers];
    const T* const found = values.data() + value_at[o.layers];
    for (size_t at = 0; at < count * width; at++) {
      last[at] = found[at] - T(wanted[at]);
      if (weights != nullptr) last[at] *= T(weights[at / width]);
    }
    w += intercepts_at();
    for (size_t l = o.layers - 1; l > 0; l--) {
      const size_t in = size_t(sizes[l]), out = size_t(sizes[l + 1]);
      w -= in * out;
      const T* const from = deltas.data() + value_at[l + 1];
      T* const to = deltas.data() + value_at[l];
      for (size_t row = 0; row < count; row++) {
        for (size_t i = 0; i < in; i++) to[row * in + i] = fixed_dot<S>(from + row * out, w + i * out, out);
      }
      derive(values.data() + value_at[l], to, count * in);
    }
  }

  void derive(const T* z, T* delta, size_t count) const {
    switch (o.hidden) {
      case kMlpRelu:
        for (size_t at = 0; at < count; at++) delta[at] = z[at] == 0 ? 0 : delta[at];
        break;
      case kMlpTanh:
        for (size_t at = 0; at < count; at++) delta[at] *= 1 - z[at] * z[at];
        break;
      case kMlpLogistic:
        for (size_t at = 0; at < count; at++) delta[at] = delta[at] * z[at] * (1 - z[at]);
        break;
      default:
        break;
    }
  }

  void fill_gradient(const T* w, size_t rows, T weight) {
    const V alpha = S::set1(T(o.alpha)), by = S::set1(weight);
    T *g = gradient.data(), *bias = g + intercepts_at();
    for (size_t l = 0; l < o.layers; l++) {
      const size_t in = size_t(sizes[l]), out = size_t(sizes[l + 1]);
      const T* const a = values.data() + value_at[l];
      const T* const d = deltas.data() + value_at[l + 1];
      for (size_t i = 0; i < in; i++) weighted_rows<S>(a + i, in, rows, d, out, out, g + i * out);
      for (size_t at = 0; at < in * out; at += S::lanes) {
        const size_t rest = in * out - at;
        const V sum = S::add(load_some<S>(g + at, rest), S::mul(alpha, load_some<S>(w + at, rest)));
        store_some<S>(g + at, weight == 1 ? sum : S::div(sum, by), rest);
      }
      for (size_t j = 0; j < out; j++) {
        T sum = d[j];
        for (size_t row = 1; row < rows; row++) sum += d[row * out + j];
        bias[j] = sum / weight;
      }
      g += in * out;
      w += in * out;
      bias += out;
    }
  }

  bool update(const T* w, const T* m, T* new_w, T* new_m) {
    if (!o.is_adam) return update_by_momentum(w, m, new_w, new_m);
    state[kMlpUpdates] += 1;
    const double t = state[kMlpUpdates];
    state[kMlpRate] = o.first_rate * std::sqrt(1 - libm_pow(o.beta2, t)) / (1 - libm_pow(o.beta1, t));
    return update_by_adam(w, m, new_w, new_m);
  }

  bool update_by_adam(const T* w, const T* m, T* new_w, T* new_m) const {
    const V b1 = S::set1(T(o.beta1)), rest1 = S::set1(T(1 - o.beta1)), b2 = S::set1(T(o.beta2)),
            rest2 = S::set1(T(1 - o.beta2)), epsilon = S::set1(T(o.epsilon)), zero = S::zero();
    const T *v = m + parameter_count, *g = gradient.data();
    T* const new_v = new_m + parameter_count;
    V sound = zero;
    for (size_t at = 0; at < parameter_count; at += S::lanes) {
      const size_t rest = parameter_count - at;
      const V slope = load_some<S>(g + at, rest);
      const V first = S::add(S::mul(b1, load_some<S>(m + at, rest)), S::mul(rest1, slope));
      const V second = S::add(S::mul(b2, load_some<S>(v + at, rest)), S::mul(rest2, S::mul(slope, slope)));
      const V root = S::add(S::sqrt(second), epsilon);
      V next;
      if constexpr (sizeof(T) == 8) {
        next = S::add(load_some<S>(w + at, rest), S::div(S::mul(S::set1(-state[kMlpRate]), first), root));
      } else {
        // The rate is a double there, and so is all that it meets.
        T firsts[S::lanes], roots[S::lanes], sums[S::lanes];
        S::store(firsts, first);
        S::store(roots, root);
        for (size_t i = 0; i < size_t(S::lanes); i++) {
          sums[i] = i < rest ? T(double(w[at + i]) + -state[kMlpRate] * double(firsts[i]) / double(roots[i])) : T(0);
        }
        next = S::load(sums);
      }
      store_some<S>(new_m + at, first, rest);
      store_some<S>(new_v + at, second, rest);
      store_some<S>(new_w + at, next, rest);
      // Finite numbers times 0 are 0.
      sound = S::add(sound, S::add(S::mul(next, zero), S::mul(second, zero)));
    }
    return !S::any(S::mask_not(S::equal(sound, zero)));
  }

  bool update_by_momentum(const T* w, const T* m, T* new_w, T* new_m) const {
    const V momentum = S::set1(T(o.beta1)), rate = S::set1(T(state[kMlpRate])), zero = S::zero();
    const T* const g = gradient.data();
    V sound = zero;
    for (size_t at = 0; at < parameter_count; at += S::lanes) {
      const size_t rest = parameter_count - at;
      const V step = S::mul(rate, load_some<S>(g + at, rest));
      const V velocity = S::sub(S::mul(momentum, load_some<S>(m + at, rest)), step);
      const V by = o.nesterov ? S::sub(S::mul(momentum, velocity), step) : velocity;
      const V next = S::add(load_some<S>(w + at, rest), by);
      store_some<S>(new_m + at, velocity, rest);
      store_some<S>(new_w + at, next, rest);
      sound = S::add(sound, S::add(S::mul(next, zero), S::mul(velocity, zero)));
    }
    return !S::any(S::mask_not(S::equal(sound, zero)));
  }
};

inline double* elements(const learn::Buffer& buffer, size_t least, double) { return buffer.f64(least); }
inline float* elements(const learn::Buffer& buffer, size_t least, float) { return buffer.f32(least); }

constexpr size_t most_mlp_numbers = size_t(1) << 28;

template <class S>
learn::Learner* make_mlp_of(const learn::Setup& setup, const MlpOptions& o, size_t first_size, bool& fits) {
  using T = typename S::T;
  fits = false;
  auto* const made = make<Mlp<S>>();
  if (made == nullptr || !made->own_sizes.allocate(o.layers + 1) || !made->value_at.allocate(o.layers + 1)) {
    destroy(made);
    fits = true;
    return nullptr;
  }
  size_t weights = 0, biases = 0, values = 0;
  bool sound = true;
  for (size_t l = 0; sound && l <= o.layers; l++) {
    size_t size = 0;
    sound = setup.integer(first_size + l, 1, most_mlp_numbers, size);
    if (!sound) break;
    made->own_sizes[l] = int32_t(size);
    values += size;
    if (l > 0) {
      weights += size * size_t(made->own_sizes[l - 1]);
      biases += size;
    }
    sound = values <= most_mlp_numbers && weights <= most_mlp_numbers;
  }
  const learn::Buffer x = setup.buffer(0);
  size_t most_rows = 0;
  if (sound) {
    most_rows = x.length / size_t(made->own_sizes[0]);
    made->parameter_count = weights + biases;
    made->moment_count = made->parameter_count * (o.is_adam ? 2 : 1);
    const size_t outputs = size_t(made->own_sizes[o.layers]);
    if (most_rows > most_mlp_numbers / outputs) most_rows = 0;
    made->x = elements(x, 1, T());
    made->targets = setup.buffer(1).f64(most_rows * outputs);
    made->sample_weights = setup.buffer(2).f64(most_rows);
    made->parameters = elements(setup.buffer(3), 2 * made->parameter_count, T());
    made->moments = elements(setup.buffer(4), 2 * made->moment_count, T());
    made->most_batch = o.batch < most_rows ? o.batch : most_rows;
    sound = most_rows > 0 && made->x != nullptr && made->targets != nullptr && made->sample_weights != nullptr &&
            made->parameters != nullptr && made->moments != nullptr && setup.state_count >= kMlpStates &&
            values <= most_mlp_numbers / made->most_batch;
  }
  if (!sound) {
    destroy(made);
    return nullptr;
  }
  fits = true;
  size_t at = 0;
  for (size_t l = 0; l <= o.layers; l++) {
    made->value_at[l] = at;
    at += made->most_batch * size_t(made->own_sizes[l]);
  }
  if (!made->values.allocate(at) || !made->deltas.allocate(at) || !made->gradient.allocate(made->parameter_count)) {
    destroy(made);
    return nullptr;
  }
  made->step = Mlp<S>::step_all;
  made->end = Mlp<S>::end_all;
  made->most_rows = most_rows;
  made->o = o;
  made->sizes = made->own_sizes.data();
  made->state = setup.state;
  return made;
}

// integers: 1 for floats, layers, activation of the hidden ones, of the last, loss, 1 for Adam, 1 for Nesterov's
// momentum, schedule, rows of an update, then the width of the input and of each layer; numbers: alpha, the first rate,
// beta 1 or the momentum, beta 2, epsilon, power_t, tolerance, patience; buffers: x in the order of learning, targets,
// weights of rows, parameters and moments twice. The state: MlpState.
inline learn::Learner* make_mlp(const learn::Setup& setup, bool& fits) {
  MlpOptions o;
  bool is_float = false;
  size_t hidden = 0, output = 0, loss = 0, schedule = 0;
  fits = setup.flag(0, is_float) && setup.integer(1, 1, 1000, o.layers) &&
         setup.integer(2, 0, kMlpActivations - 1, hidden) && setup.integer(3, 0, kMlpActivations - 1, output) &&
         setup.integer(4, 0, kMlpLosses - 1, loss) && setup.flag(5, o.is_adam) && setup.flag(6, o.nesterov) &&
         setup.integer(7, 0, kMlpSchedules - 1, schedule) && setup.integer(8, 1, most_mlp_numbers, o.batch) &&
         setup.number(0, o.alpha) && setup.number(1, o.first_rate) && setup.number(2, o.beta1) &&
         setup.number(3, o.beta2) && setup.number(4, o.epsilon) && setup.number(5, o.power_t) &&
         setup.number(6, o.tolerance) && setup.number(7, o.patience);
  if (!fits) return nullptr;
  o.hidden = MlpActivation(hidden);
  o.output = MlpActivation(output);
  o.loss = MlpLoss(loss);
  o.schedule = MlpSchedule(schedule);
  return is_float ? make_mlp_of<F32>(setup, o, 9, fits) : make_mlp_of<F64>(setup, o, 9, fits);
}

}  // namespace FP_ISA
