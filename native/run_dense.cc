// Runs dense layers: over copies of rows that tiles read faster, and with the help of other threads.
#include <atomic>
#include <cstring>

#include "network.h"

namespace fp {

// Copies x to memory after the values; the table has its address before those of the operands.
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
  // The number of multiply-adds below which waking a thread does not pay, and the parts per thread, so that a delayed
  // one costs little.
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

template void Network<float>::run_spread(const Step<float>&, const float*, float*, size_t, float* const*, Help) const;
template void Network<float>::run_dense(const Step<float>&, const DenseLayer<float>&, const float*, float*, size_t,
                                        Help) const;
template void Network<double>::run_spread(const Step<double>&, const double*, double*, size_t, double* const*,
                                          Help) const;
template void Network<double>::run_dense(const Step<double>&, const DenseLayer<double>&, const double*, double*, size_t,
                                         Help) const;

}  // namespace fp
