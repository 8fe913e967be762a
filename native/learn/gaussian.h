// One row of Gaussian naive Bayes, with the same bits as scikit-learn's GaussianNB.partial_fit: the moments of its
// class are merged with those of one row, whose variance is 0. Batches are in lib/learn/estimators/gaussian-moments.ts.
#pragma once

#include <cstring>

#include "../arena.h"
#include "kind.h"

namespace FP_ISA {

// The state: for each class the weight of its rows, then its means, then its variances.
struct Gaussian : learn::Learner {
  size_t width, classes;
  double *counts, *means, *variances;
  const double *x, *target;

  static void end_all(learn::Learner* self) { destroy(static_cast<Gaussian*>(self)); }

  static learn::Status step_all(learn::Learner* self, size_t, int32_t* words) {
    return static_cast<Gaussian*>(self)->learn(words);
  }

  learn::Status learn(int32_t* words) const {
    words[learn::kRow] = 0;
    const double label = *target;
    if (!(label >= 0 && label < double(classes))) return learn::kBadTarget;
    const size_t k = size_t(label);
    const double past = counts[k], total = past + 1;
    double* const mean = means + k * width;
    double* const variance = variances + k * width;
    const bool sound = past == 0 ? begin(mean, variance) : merge(mean, variance, past, total);
    counts[k] = total;
    if (sound && total - total == 0) return learn::kLearnt;
    for (size_t j = 0; j < width; j++) {
      if (x[j] - x[j] == 0) continue;
      words[learn::kColumn] = int32_t(j);
      return learn::kInputNotFinite;
    }
    return learn::kNotFinite;
  }

  bool begin(double* mean, double* variance) const {
    double sound = 0;
    for (size_t j = 0; j < width; j++) {
      sound += x[j] - x[j];
      mean[j] = x[j];
      variance[j] = 0;
    }
    return sound == 0;
  }

  bool merge(double* mean, double* variance, double past, double total) const {
    using S = F64;
    const S::V p = S::set1(past), t = S::set1(total), share = S::set1(past / total), zero = S::zero();
    S::V sound = zero;
    const auto merged = [&](S::V value, S::V old, S::V& spread) {
      const S::V difference = S::sub(old, value);
      const S::V squares = S::add(S::mul(p, spread), S::mul(share, S::mul(difference, difference)));
      spread = S::div(squares, t);
      const S::V next = S::div(S::add(value, S::mul(p, old)), t);
      // Finite numbers times 0 are 0.
      sound = S::add(sound, S::mul(S::add(next, spread), zero));
      return next;
    };
    size_t j = 0;
    for (; j + S::lanes <= width; j += S::lanes) {
      S::V spread = S::load(variance + j);
      S::store(mean + j, merged(S::load(x + j), S::load(mean + j), spread));
      S::store(variance + j, spread);
    }
    if (j < width) {
      const int rest = int(width - j);
      S::V spread = S::load_part(variance + j, rest, zero);
      const S::V next = merged(S::load_part(x + j, rest, zero), S::load_part(mean + j, rest, zero), spread);
      S::store_part(mean + j, next, rest);
      S::store_part(variance + j, spread, rest);
    }
    return !S::any(S::mask_not(S::equal(sound, zero)));
  }
};

// integers: width, classes; buffers: x of one row, the index of its class.
inline learn::Learner* make_gaussian(const learn::Setup& setup, bool& fits) {
  constexpr size_t most = size_t(1) << 28;
  size_t width = 0, classes = 0;
  fits = setup.integer(0, 1, most, width) && setup.integer(1, 1, most / width, classes) &&
         setup.state_count >= classes + 2 * classes * width && setup.buffer(0).f64(width) != nullptr &&
         setup.buffer(1).f64(1) != nullptr;
  if (!fits) return nullptr;
  auto* const made = make<Gaussian>();
  if (made == nullptr) return nullptr;
  made->step = Gaussian::step_all;
  made->end = Gaussian::end_all;
  made->most_rows = 1;
  made->width = width;
  made->classes = classes;
  made->counts = setup.state;
  made->means = setup.state + classes;
  made->variances = made->means + classes * width;
  made->x = setup.buffer(0).f64(width);
  made->target = setup.buffer(1).f64(1);
  return made;
}

}  // namespace FP_ISA
