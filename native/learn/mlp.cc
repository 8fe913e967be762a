// Multi-layer perceptrons as scikit-learn's MLPClassifier and MLPRegressor train them: the same gradients, losses and
// updates (sklearn/neural_network/_multilayer_perceptron.py and _stochastic_optimizers.py), but sums are in our own
// order, while the order in scikit-learn is that of its matrix product.
//
// Parameters and moments are stored twice: the first update of a step reads one half and writes the other, and later
// updates work on the other half. A step that fails, or is taken back, leaves the half that it read.
#include <cmath>
#include <cstring>

#include "../arena.h"
#include "mlp_types.h"

namespace fp::learn {
namespace {

// lib/learn/estimators/mlp.ts has the same lists.
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

template <typename T>
struct Mlp : Learner {
  MlpOptions o;
  const MlpKernels<T>* kernels;
  const NetworkCurves<T>* curves;
  MlpNumbers numbers;
  const int32_t* sizes;  // layers + 1
  Array<int32_t> own_sizes;
  size_t parameter_count, moment_count, most_batch;
  double* state;
  const T* x;
  const double *targets, *sample_weights;
  T *parameters, *moments;  // two halves for each
  Array<T> values, deltas, gradient;
  Array<size_t> value_at;  // the values of each layer for a batch

  static void end_all(Learner* self) { destroy(static_cast<Mlp*>(self)); }

  static Status step_all(Learner* self, size_t rows, int32_t* words) {
    return static_cast<Mlp*>(self)->learn(rows, words);
  }

  size_t inputs() const { return size_t(sizes[0]); }
  size_t outputs() const { return size_t(sizes[o.layers]); }

  Status learn(size_t rows, int32_t* words) {
    const size_t width = inputs();
    for (size_t at = 0; at < rows * width; at++) {
      if (x[at] - x[at] == 0) continue;
      words[kRow] = int32_t(at / width);
      words[kColumn] = int32_t(at % width);
      return kInputNotFinite;
    }
    for (size_t at = 0; at < rows * outputs(); at++) {
      if (targets[at] - targets[at] == 0) continue;
      words[kRow] = int32_t(at / outputs());
      return kTargetNotFinite;
    }
    const bool weighted = (words[kFlags] & 1) != 0;
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
      fill_gradient(count);
      if (!update(w, m, new_w, new_m, T(weight))) return kNotFinite;
      w = new_w;
      m = new_m;
    }
    state[kMlpHalf] = double(1 - half);
    return finish(rows, loss / double(rows)) ? kLearnt : kNotFinite;
  }

  // What follows an epoch: the counts, and the learning rate of the next epoch.
  bool finish(size_t rows, double loss) {
    state[kMlpLossValue] = loss;
    state[kMlpRows] += double(rows);
    state[kMlpStalled] = loss > state[kMlpBestLoss] - o.tolerance ? state[kMlpStalled] + 1 : 0;
    if (loss < state[kMlpBestLoss]) state[kMlpBestLoss] = loss;
    if (!o.is_adam && o.schedule == kMlpInverseScaling) {
      state[kMlpRate] = o.first_rate / numbers.pow(state[kMlpRows] + 1, o.power_t);
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
        kernels->weighted_rows(from + row * in, 1, in, w, out, y);
        for (size_t j = 0; j < out; j++) y[j] += bias[j];
      }
      activate(l + 1 < o.layers ? o.hidden : o.output, to, rows, out);
      w += in * out;
      bias += out;
    }
  }

  void curve(LearnUnary function, T* y, size_t count) const {
    curves->forward[int(function)](y, y, network_padded(count), 0, 0);
  }

  void activate(MlpActivation activation, T* y, size_t rows, size_t width) const {
    const size_t count = rows * width;
    switch (activation) {
      case kMlpLogistic:
        curve(LearnUnary::sigmoid, y, count);
        break;
      case kMlpTanh:
        curve(LearnUnary::tanh, y, count);
        break;
      case kMlpRelu:
        for (size_t at = 0; at < count; at++) y[at] = y[at] < 0 ? 0 : y[at];
        break;
      case kMlpExp:
        kernels->exp(y, network_padded(count));
        break;
      case kMlpSoftmax:
        softmax(y, rows, width);
        break;
      default:
        break;
    }
  }

  void softmax(T* y, size_t rows, size_t width) const {
    for (size_t row = 0; row < rows; row++) {
      T* const own = y + row * width;
      T most = own[0];
      for (size_t j = 1; j < width; j++) most = own[j] > most ? own[j] : most;
      for (size_t j = 0; j < width; j++) own[j] -= most;
    }
    kernels->exp(y, network_padded(rows * width));
    for (size_t row = 0; row < rows; row++) {
      T* const own = y + row * width;
      T sum = 0;
      for (size_t j = 0; j < width; j++) sum += own[j];
      for (size_t j = 0; j < width; j++) own[j] /= sum;
    }
  }

  // y·log(p), or 0 where y is 0.
  double times_log(double y, double p) const { return y == 0 ? 0 : y * numbers.log(p); }

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
    return o.alpha == 0 ? 0 : 0.5 * o.alpha * double(kernels->dot(w, w, intercepts_at())) / weight;
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
        for (size_t i = 0; i < in; i++) to[row * in + i] = kernels->dot(from + row * out, w + i * out, out);
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

  // Sums over the rows: the update divides them.
  void fill_gradient(size_t rows) {
    T *g = gradient.data(), *bias = g + intercepts_at();
    for (size_t l = 0; l < o.layers; l++) {
      const size_t in = size_t(sizes[l]), out = size_t(sizes[l + 1]);
      const T* const a = values.data() + value_at[l];
      const T* const d = deltas.data() + value_at[l + 1];
      for (size_t i = 0; i < in; i++) kernels->weighted_rows(a + i, in, rows, d, out, g + i * out);
      for (size_t j = 0; j < out; j++) {
        bias[j] = d[j];
        for (size_t row = 1; row < rows; row++) bias[j] += d[row * out + j];
      }
      g += in * out;
      bias += out;
    }
  }

  bool update(const T* w, const T* m, T* new_w, T* new_m, T weight) {
    MlpUpdate<T> u = {};
    u.weight = weight;
    u.alpha = T(o.alpha);
    u.beta1 = T(o.beta1);
    u.rest1 = T(1 - o.beta1);
    u.beta2 = T(o.beta2);
    u.rest2 = T(1 - o.beta2);
    u.epsilon = T(o.epsilon);
    u.nesterov = o.nesterov;
    if (o.is_adam) {
      const double t = state[kMlpUpdates] += 1;
      state[kMlpRate] = o.first_rate * std::sqrt(1 - numbers.pow(o.beta2, t)) / (1 - numbers.pow(o.beta1, t));
    }
    u.rate = state[kMlpRate];
    // Weights are regularized, intercepts are not.
    const size_t weights = intercepts_at();
    u.decays = true;
    const bool sound = update_part(u, w, m, new_w, new_m, 0, weights);
    u.decays = false;
    return update_part(u, w, m, new_w, new_m, weights, parameter_count - weights) && sound;
  }

  bool update_part(MlpUpdate<T>& u, const T* w, const T* m, T* new_w, T* new_m, size_t first, size_t count) const {
    u.gradient = gradient.data() + first;
    u.w = w + first;
    u.m = m + first;
    u.w_to = new_w + first;
    u.m_to = new_m + first;
    u.count = count;
    if (!o.is_adam) return kernels->momentum(u);
    u.v = m + parameter_count + first;
    u.v_to = new_m + parameter_count + first;
    return kernels->adam(u);
  }
};

double* elements(const Buffer& buffer, size_t least, double) { return buffer.f64(least); }
float* elements(const Buffer& buffer, size_t least, float) { return buffer.f32(least); }

constexpr size_t most_mlp_numbers = size_t(1) << 28;

template <typename T>
Learner* make_mlp_of(const Setup& setup, const MlpOptions& o, bool& fits, const MlpTables<T>& tables,
                     const MlpNumbers& numbers) {
  constexpr size_t first_size = 9;
  fits = false;
  auto* const made = make<Mlp<T>>();
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
  const Buffer x = setup.buffer(0);
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
    at += network_padded(made->most_batch * size_t(made->own_sizes[l]));
  }
  if (!made->values.allocate(at) || !made->deltas.allocate(at) || !made->gradient.allocate(made->parameter_count)) {
    destroy(made);
    return nullptr;
  }
  made->step = Mlp<T>::step_all;
  made->end = Mlp<T>::end_all;
  made->most_rows = most_rows;
  made->o = o;
  made->kernels = &tables.kernels;
  made->curves = &tables.curves;
  made->numbers = numbers;
  made->sizes = made->own_sizes.data();
  made->state = setup.state;
  return made;
}

}  // namespace

// integers: 1 for floats, layers, activation of the hidden layers, of the last layer, loss, 1 for Adam, 1 for
// Nesterov's momentum, schedule, rows per update, then the width of the input and of each layer; numbers: alpha, the
// initial rate, beta 1 or the momentum, beta 2, epsilon, power_t, tolerance, patience; buffers: x in the order of
// learning, targets, row weights, parameters and moments twice. The state: MlpState.
Learner* make_mlp(const Setup& setup, bool& fits, const MlpTables<float>& f32, const MlpTables<double>& f64,
                  const MlpNumbers& numbers) {
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
  return is_float ? make_mlp_of(setup, o, fits, f32, numbers) : make_mlp_of(setup, o, fits, f64, numbers);
}

}  // namespace fp::learn
