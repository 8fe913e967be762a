// The libraries' own calls in loops of C++, so that Python takes no part in what is timed. peers.py compiles this and
// passes the functions in, since it has the libraries open. Each gives nanoseconds, or −1 where a call failed.
#include <chrono>
#include <cstdint>

namespace {

using Clock = std::chrono::steady_clock;

// Calls `call` with 0, 1, … `inputs` − 1, 0, …, from `first` on.
template <typename Call>
int64_t timed(int64_t first, int64_t inputs, int64_t calls, Call call) {
  const auto start = Clock::now();
  int64_t input = first;
  for (int64_t i = 0; i < calls; i++) {
    if (call(input) != 0) return -1;
    if (++input == inputs) input = 0;
  }
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count();
}

}  // namespace

extern "C" {

// LGBM_BoosterPredictForMatSingleRowFast over rows of `width` doubles.
int64_t lightgbm_rows(int (*predict)(void*, const void*, int64_t*, double*), void* config, const double* rows,
                      int64_t width, double* out, int64_t first, int64_t inputs, int64_t calls) {
  int64_t length = 0;
  return timed(first, inputs, calls, [&](int64_t i) { return predict(config, rows + i * width, &length, out); });
}

// LGBM_BoosterPredictForMat over batches of `batch` rows of `width` doubles: transformed outputs of all trees.
int64_t lightgbm_batches(int (*predict)(void*, const void*, int, int32_t, int32_t, int, int, int, int, const char*,
                                        int64_t*, double*),
                         void* booster, const double* rows, int64_t batch, int64_t width, double* out, int64_t first,
                         int64_t inputs, int64_t calls) {
  constexpr int float64 = 1, row_major = 1, normal = 0, all = -1;
  int64_t length = 0;
  return timed(first, inputs, calls, [&](int64_t i) {
    return predict(booster, rows + i * batch * width, float64, int32_t(batch), int32_t(width), row_major, normal, 0, all,
                   "num_threads=1", &length, out);
  });
}

// XGBoosterPredictFromDense over arrays that its JSON describes. `out` becomes the address of the last outputs.
int64_t xgboost_arrays(int (*predict)(void*, const char*, const char*, void*, const uint64_t**, uint64_t*,
                                      const float**),
                       void* booster, const char* const* arrays, const char* config, const float** out, int64_t first,
                       int64_t inputs, int64_t calls) {
  const uint64_t* shape = nullptr;
  uint64_t dimensions = 0;
  return timed(first, inputs, calls, [&](int64_t i) {
    return predict(booster, arrays[i], config, nullptr, &shape, &dimensions, out);
  });
}
}
