// Linear models by stochastic gradient descent, with the same bits as scikit-learn: the order and precision of each
// operation follow its plain_sgd (sklearn/linear_model/_sgd_fast.pyx.tp), for models of doubles and of floats.
#pragma once

#include <cmath>
#include <cstring>
#include <type_traits>

#include "../arena.h"
#include "fma.h"
#include "kind.h"
#include "libm.h"

namespace FP_ISA {

// lib/learn/estimators/sgd.ts has the same lists.
enum SgdLoss : size_t {
  kHinge,
  kPerceptron,
  kSquaredHinge,
  kModifiedHuber,
  kLogLoss,
  kSquaredError,
  kHuber,
  kEpsilonInsensitive,
  kSquaredEpsilonInsensitive,
  kSgdLosses,
};
enum SgdPenalty : size_t { kNoPenalty, kL1, kL2, kElasticNet, kSgdPenalties };
enum SgdRate : size_t { kConstant, kOptimal, kInverseScaling, kPassiveAggressive1, kPassiveAggressive2, kSgdRates };
enum SgdTask : size_t { kClassifier, kRegressor, kOneClass, kSgdTasks };

struct SgdOptions {
  size_t width, outputs;
  SgdTask task;
  SgdLoss loss;
  SgdPenalty penalty;
  SgdRate rate;
  bool fits_intercept, shuffles;
  double alpha, l1_ratio, eta0, power_t, epsilon, average;
  double start = 0;  // for the optimal rate, in rows
};

// A step follows −dloss/dp.
inline double sgd_gradient(SgdLoss loss, double epsilon, double y, double p) {
  switch (loss) {
    case kHinge:
      return p * y <= 1 ? -y : 0;
    case kPerceptron:
      return p * y <= 0 ? -y : 0;
    case kSquaredHinge: {
      const double z = 1 - p * y;
      return z > 0 ? -2 * y * z : 0;
    }
    case kModifiedHuber: {
      const double z = p * y;
      return z >= 1 ? 0 : z >= -1 ? 2 * (1 - z) * -y : -4 * y;
    }
    case kLogLoss: {
      if (!(p > -37)) return libm_exp(p) - y;
      const double e = libm_exp(-p);
      return ((1 - y) - y * e) / (1 + e);
    }
    case kSquaredError:
      return p - y;
    case kHuber: {
      const double r = p - y;
      if (std::fabs(r) <= epsilon) return r;
      return r >= 0 ? epsilon : -epsilon;
    }
    case kEpsilonInsensitive:
      return y - p > epsilon ? -1 : p - y > epsilon ? 1 : 0;
    default: {
      const double z = y - p;
      return z > epsilon ? -2 * (z - epsilon) : z < -epsilon ? 2 * (-z - epsilon) : 0;
    }
  }
}

// The losses that passive-aggressive models take.
inline double sgd_loss(SgdLoss loss, double epsilon, double y, double p) {
  if (loss == kHinge) return p * y <= 1 ? 1 - p * y : 0;
  const double r = std::fabs(y - p) - epsilon;
  return r > 0 ? r : 0;
}

// For a sum over the features of a row.
template <typename T>
inline bool all_finite(const T* values, size_t count) {
  using Bits = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;
  constexpr Bits exponent = sizeof(T) == 4 ? Bits(0x7f800000) : Bits(0x7ff0000000000000);
  Bits bad = 0;
  for (size_t i = 0; i < count; i++) {
    Bits bits;
    std::memcpy(&bits, values + i, sizeof bits);
    // The highest bit is set if the exponent is all ones.
    bad |= (bits & exponent) + (Bits(1) << (sizeof(T) == 4 ? 23 : 52));
  }
  return bad >> (sizeof(T) * 8 - 1) == 0;
}

template <typename T>
inline size_t first_not_finite(const T* values, size_t count) {
  size_t at = 0;
  while (at < count && values[at] - values[at] == 0) at++;
  return at;
}

// One row: all features, or pairs of an id and a value.
template <typename T, bool is_sparse>
struct SgdRow {
  const T* x;
  const int32_t* ids;
  size_t count;

  size_t at(size_t j) const { return is_sparse ? size_t(ids[j]) : j; }
};

// The weights of one output during learning; they stand for wscale·w, and their average is (A·w·wscale + aw)/B.
template <typename T>
struct SgdWeights {
  T* w;
  T* averages;  // null if there is no average
  size_t width;
  double scale = 1, a = 0, b = 1;

  static constexpr double least_scale = sizeof(T) == 4 ? 1e-6 : 1e-9;

  template <class Row>
  double dot(const Row& row) const {
    double sum = 0;
    for (size_t j = 0; j < row.count; j++) sum += w[row.at(j)] * row.x[j];
    return T(sum * scale);
  }
  template <class Row>
  void add(const Row& row, double by) {
    const T factor = T(by) / T(scale);
    for (size_t j = 0; j < row.count; j++) {
      T& weight = w[row.at(j)];
      if constexpr (sizeof(T) == 4) {
        weight = float(double(weight) + double(row.x[j]) * double(factor));
      } else {
        weight += row.x[j] * factor;
      }
    }
  }
  template <class Row>
  void add_average(const Row& row, double by, double count) {
    const double n = T(count), mu = 1 / n, factor = -double(T(by)) / scale;
    for (size_t j = 0; j < row.count; j++) {
      T& average = averages[row.at(j)];
      average = T(double(average) + a * double(row.x[j]) * factor);
    }
    if (n > 1) b /= 1 - mu;
    a += mu * b * scale;
  }
  void scale_by(double by) {
    scale *= T(by);
    if (scale < least_scale) reset();
  }
  void reset() {
    if (averages != nullptr) {
      // daxpy and saxpy of OpenBLAS for Haswell and Zen: fused in whole blocks, not fused in the rest after them.
      constexpr size_t block = sizeof(T) == 4 ? 32 : 16;
      const size_t whole = width / block * block;
      const T by = T(a), over = T(1 / b);
      for (size_t j = 0; j < whole; j++) averages[j] = fused(by, w[j], averages[j]);
      for (size_t j = whole; j < width; j++) averages[j] += by * w[j];
      for (size_t j = 0; j < width; j++) averages[j] *= over;
      a = 0;
      b = 1;
    }
    const T by = T(scale);
    for (size_t j = 0; j < width; j++) w[j] *= by;
    scale = 1;
  }
};

// Rows in random order, by a generator of 32 bits.
inline void sgd_shuffle(int32_t* order, size_t rows, uint32_t seed) {
  for (size_t i = 0; i < rows; i++) order[i] = int32_t(i);
  for (size_t i = 0; i + 1 < rows; i++) {
    if (seed == 0) seed = 1;
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    const size_t j = i + (seed & 0x7fffffff) % (rows - i);
    const int32_t taken = order[i];
    order[i] = order[j];
    order[j] = taken;
  }
}

// The state of one output before and after an epoch.
struct SgdBias {
  double intercept, average;
};

template <typename T>
struct SgdRows {
  const T* x;
  const int32_t *ids, *offsets;  // for sparse rows, whose x are the values of all pairs
  const double* targets;
  const double* sample_weights;  // null if all are 1
  const int32_t* order;          // null if the order is that of the rows
  size_t count;
};

// One epoch for one output. For a classifier, `positive` is the class of this output, and targets are classes.
template <typename T, bool is_sparse>
bool sgd_epoch(const SgdOptions& o, SgdWeights<T>& v, SgdBias& bias, double t, const SgdRows<T>& rows, T* q,
               double positive, T positive_weight, T negative_weight) {
  const size_t width = o.width;
  const bool has_l1 = o.penalty == kL1 || o.penalty == kElasticNet, has_l2 = o.penalty >= kL2;
  const double l1_ratio = o.penalty == kL2 ? 0 : o.penalty == kL1 ? 1 : o.l1_ratio;
  const double negative = o.loss == kLogLoss ? 0 : -1;
  double eta = o.eta0, penalty = 0, b = bias.intercept;
  if (has_l1) std::memset(q, 0, width * sizeof(T));

  for (size_t i = 0; i < rows.count; i++) {
    const size_t row = rows.order != nullptr ? size_t(rows.order[i]) : i;
    SgdRow<T, is_sparse> x = {rows.x, nullptr, width};
    if constexpr (is_sparse) {
      const size_t first = size_t(rows.offsets[row]);
      x = {rows.x + first, rows.ids + first, size_t(rows.offsets[row + 1]) - first};
    } else {
      x.x += row * width;
    }
    double y = o.task == kOneClass ? 1 : double(T(rows.targets[row]));
    if (o.task == kClassifier) y = y == positive ? 1 : negative;
    const double p = v.dot(x) + b;
    if (o.rate == kOptimal) eta = 1 / (o.alpha * (o.start + t - 1));
    if (o.rate == kInverseScaling) eta = o.eta0 / libm_pow(t, o.power_t);

    double update;
    if (o.rate >= kPassiveAggressive1) {
      double square = 0;
      for (size_t j = 0; j < x.count; j++) square += double(x.x[j]) * double(x.x[j]);
      const double loss = sgd_loss(o.loss, o.epsilon, y, p);
      if (o.rate == kPassiveAggressive1) {
        if (square == 0) continue;
        const double step = loss / square;
        update = step < o.eta0 ? step : o.eta0;
      } else {
        update = loss / (square + 0.5 / o.eta0);
      }
      if (o.loss == kHinge)
        update *= y;
      else if (y - p < 0)
        update *= -1;
    } else {
      double slope = sgd_gradient(o.loss, o.epsilon, y, p);
      if (slope < -1e12) slope = -1e12;
      if (slope > 1e12) slope = 1e12;
      update = -eta * slope;
    }
    const T class_weight = y > 0 ? positive_weight : negative_weight;
    update *= T(class_weight * T(rows.sample_weights != nullptr ? rows.sample_weights[row] : 1));
    if (has_l2) {
      const double kept = 1 - (1 - l1_ratio) * eta * o.alpha;
      v.scale_by(kept > 0 ? kept : 0);
    }
    if (update != 0) v.add(x, update);
    if (o.fits_intercept) {
      const double by = o.task == kOneClass ? update - eta * o.alpha : update;
      // As in scikit-learn: sparse rows change the intercept less.
      if (by != 0) b += by * (is_sparse ? 0.01 : 1);
    }
    if (o.average > 0 && o.average <= t) {
      v.add_average(x, update, t - o.average + 1);
      bias.average += (b - bias.average) / (t - o.average + 1);
    }
    if (has_l1) {
      penalty += l1_ratio * eta * o.alpha;
      for (size_t j = 0; j < x.count; j++) {
        T &weight = v.w[x.at(j)], &taken = q[x.at(j)];
        const double z = weight;
        if (v.scale * z > 0) {
          const double less = weight - (penalty + taken) / v.scale;
          weight = T(less > 0 ? less : 0);
        } else if (v.scale * z < 0) {
          const double more = weight + (penalty - taken) / v.scale;
          weight = T(more < 0 ? more : 0);
        }
        taken = T(taken + v.scale * (weight - z));
      }
    }
    t++;
  }
  bias.intercept = b;
  v.reset();
  return b - b == 0 && all_finite(v.w, width) && (v.averages == nullptr || all_finite(v.averages, width));
}

// The intercept_ for several classes, which scikit-learn writes into before it is replaced.
enum SgdAlias { kOwnArray = 0, kAverage = 1, kStandard = 2 };

// The state: t, the alias, the intercept of each output (of a one-class machine without averaging, its offset), then
// their averages, the weights of all outputs, and their averages.
template <typename T>
struct Sgd : learn::Learner {
  SgdOptions o;
  double *t, *alias, *intercepts, *average_intercepts;
  T *weights, *averages;
  const T* x;
  size_t pairs = 0;                                  // that fit, for sparse rows
  const int32_t *ids = nullptr, *offsets = nullptr;  // null if rows are not sparse
  const double *targets, *sample_weights, *class_weights;
  const int32_t* seeds;
  Array<int32_t> order;
  Array<T> penalties;

  static void end_all(learn::Learner* self) { destroy(static_cast<Sgd*>(self)); }

  static learn::Status step_all(learn::Learner* self, size_t rows, int32_t* words) {
    return static_cast<Sgd*>(self)->learn_rows(rows, words);
  }

  // The number of pairs in `rows` rows; more than fit if the offsets are invalid.
  size_t checked_pairs(size_t rows) const {
    if (offsets[0] != 0) return pairs + 1;
    for (size_t row = 0; row < rows; row++) {
      if (offsets[row + 1] < offsets[row] || size_t(offsets[row + 1]) > pairs) return pairs + 1;
    }
    const size_t count = size_t(offsets[rows]);
    for (size_t i = 0; i < count; i++) {
      if (ids[i] < 0 || size_t(ids[i]) >= o.width) return pairs + 1;
    }
    return count;
  }

  learn::Status learn_rows(size_t rows, int32_t* words) {
    if (ids != nullptr) {
      const size_t count = checked_pairs(rows);
      if (count > pairs) return learn::kBadRows;
      if (!all_finite(x, count)) return learn::kInputNotFinite;
    } else if (!all_finite(x, rows * o.width)) {
      const size_t at = first_not_finite(x, rows * o.width);
      words[learn::kRow] = int32_t(at / o.width);
      words[learn::kColumn] = int32_t(at % o.width);
      return learn::kInputNotFinite;
    }
    const bool averages_now = o.average > 0;
    SgdRows<T> batch = {x,       ids, offsets, targets, (words[learn::kFlags] & 1) != 0 ? sample_weights : nullptr,
                        nullptr, rows};
    for (size_t k = 0; k < o.outputs; k++) {
      if (o.shuffles && rows > 1) {
        sgd_shuffle(order.data(), rows, uint32_t(seeds[k]));
        batch.order = order.data();
      }
      SgdWeights<T> v = {weights + k * o.width, averages_now ? averages + k * o.width : nullptr, o.width};
      SgdBias bias = {has_offset() ? 1 - intercepts[k] : intercepts[k], averages_now ? average_intercepts[k] : 0};
      const double positive = o.outputs == 1 ? 1 : double(k);
      // Sparse rows are always doubles.
      constexpr bool may_be_sparse = sizeof(T) == 8;
      const auto epoch = may_be_sparse && ids != nullptr ? sgd_epoch<T, may_be_sparse> : sgd_epoch<T, false>;
      if (!epoch(o, v, bias, *t, batch, penalties.data(), positive, T(class_weights[2 * k]),
                 T(class_weights[2 * k + 1]))) {
        return learn::kNotFinite;
      }
      found[k] = o.outputs > 1 ? double(T(bias.intercept)) : has_offset() ? 1 - bias.intercept : bias.intercept;
      if (averages_now) {
        average_intercepts[k] = o.task == kClassifier ? double(T(bias.average)) : bias.average;
        if (average_intercepts[k] - average_intercepts[k] != 0) return learn::kNotFinite;
      }
    }
    *t += double(rows);
    keep_intercepts();
    return learn::kLearnt;
  }

  // A one-class machine stores 1 minus its intercept, unless it averages.
  bool has_offset() const { return o.task == kOneClass && o.average == 0; }

  // Whether coef_ is the average now.
  bool is_average() const { return o.average > 0 && o.average <= *t - 1; }

  // As in scikit-learn: for two classes, the standard intercept is no longer stored once the average is in use; for
  // several classes, it is written into intercept_, which may be the same array as the average.
  void keep_intercepts() {
    if (o.average > 0 && o.outputs > 1) {
      if (*alias == kAverage) std::memcpy(average_intercepts, found.data(), o.outputs * sizeof(double));
      if (*alias == kStandard) std::memcpy(intercepts, found.data(), o.outputs * sizeof(double));
      if (is_average()) {
        *alias = kAverage;
        return;
      }
      *alias = kStandard;
    } else if (is_average() && o.task == kClassifier) {
      return;
    }
    std::memcpy(intercepts, found.data(), o.outputs * sizeof(double));
  }

  Array<double> found;
};

template <typename T>
learn::Learner* make_sgd_of(const learn::Setup& setup, const SgdOptions& o, bool is_sparse, bool& fits) {
  const size_t averages = o.average > 0 ? 2 : 1, weights = o.width * o.outputs;
  // Floats occupy whole doubles.
  const size_t weight_doubles = (weights * sizeof(T) + 7) / 8;
  fits = false;
  if (setup.state_count < 2 + 2 * o.outputs + averages * weight_doubles) return nullptr;
  const learn::Buffer x = setup.buffer(0), y = setup.buffer(1), w = setup.buffer(2);
  const double* const class_weights = setup.buffer(3).f64(2 * o.outputs);
  const int32_t* const seeds = setup.buffer(4).i32(o.outputs);
  const learn::Buffer ids = setup.buffer(5), offsets = setup.buffer(6);
  if (is_sparse && (sizeof(T) == 4 || ids.i32(x.length) == nullptr || offsets.i32(2) == nullptr)) return nullptr;
  const size_t most = is_sparse ? offsets.length - 1 : x.length / o.width;
  const T* rows;
  if constexpr (sizeof(T) == 4)
    rows = x.f32(1);
  else
    rows = x.f64(1);
  if (rows == nullptr || class_weights == nullptr || seeds == nullptr || most > size_t(1) << 30 ||
      y.f64(most) == nullptr || w.f64(most) == nullptr) {
    return nullptr;
  }
  fits = true;
  auto* const made = make<Sgd<T>>();
  if (made == nullptr) return nullptr;
  made->step = Sgd<T>::step_all;
  made->end = Sgd<T>::end_all;
  made->most_rows = most;
  made->o = o;
  made->t = setup.state;
  made->alias = setup.state + 1;
  made->intercepts = setup.state + 2;
  made->average_intercepts = made->intercepts + o.outputs;
  made->weights = reinterpret_cast<T*>(made->average_intercepts + o.outputs);
  made->averages = reinterpret_cast<T*>(made->average_intercepts + o.outputs + weight_doubles);
  made->x = rows;
  if (is_sparse) {
    made->pairs = x.length;
    made->ids = ids.i32(x.length);
    made->offsets = offsets.i32(2);
  }
  made->targets = y.f64(most);
  made->sample_weights = w.f64(most);
  made->class_weights = class_weights;
  made->seeds = seeds;
  const bool has_l1 = o.penalty == kL1 || o.penalty == kElasticNet;
  if (!made->found.allocate(o.outputs) || !made->order.allocate(o.shuffles && most > 1 ? most : 0) ||
      !made->penalties.allocate(has_l1 ? o.width : 0)) {
    destroy(made);
    return nullptr;
  }
  return made;
}

// integers: width, outputs, 1 for floats, task, loss, penalty, rate, whether the intercept is fitted, whether rows are
// shuffled, whether they are sparse; numbers: alpha, l1_ratio, eta0, power_t, epsilon, average; buffers: x, targets
// (classes by index), row weights, for each output the weight of its class and of the rest, for each output the seed of
// its shuffle; for sparse rows, whose x are values, the id of each value and the offsets of the rows.
inline learn::Learner* make_sgd(const learn::Setup& setup, bool& fits) {
  constexpr size_t most = size_t(1) << 28;
  SgdOptions o;
  bool is_float = false, is_sparse = false;
  size_t task, loss, penalty, rate;
  fits = setup.integer(0, 1, most, o.width) && setup.integer(1, 1, most / o.width, o.outputs) &&
         setup.flag(2, is_float) && setup.integer(3, 0, kSgdTasks - 1, task) &&
         setup.integer(4, 0, kSgdLosses - 1, loss) && setup.integer(5, 0, kSgdPenalties - 1, penalty) &&
         setup.integer(6, 0, kSgdRates - 1, rate) && setup.flag(7, o.fits_intercept) && setup.flag(8, o.shuffles) &&
         setup.flag(9, is_sparse) && setup.number(0, o.alpha) && setup.number(1, o.l1_ratio) &&
         setup.number(2, o.eta0) && setup.number(3, o.power_t) && setup.number(4, o.epsilon) &&
         setup.number(5, o.average) && (task == kClassifier || o.outputs == 1);
  if (!fits) return nullptr;
  o.task = SgdTask(task);
  o.loss = SgdLoss(loss);
  o.penalty = SgdPenalty(penalty);
  o.rate = SgdRate(rate);
  if (o.rate == kOptimal) {
    const double usual = std::sqrt(1 / std::sqrt(o.alpha)), slope = sgd_gradient(o.loss, o.epsilon, 1, -usual);
    o.start = 1 / (usual / (slope > 1 ? slope : 1) * o.alpha);
  }
  return is_float ? make_sgd_of<float>(setup, o, is_sparse, fits) : make_sgd_of<double>(setup, o, is_sparse, fits);
}

}  // namespace FP_ISA
