// Decision trees on rows.
#pragma once

#include <cstddef>

#include "kernels/kernels.h"
#include "tree_layouts.h"

namespace fp {

// `rows` rows of x, each of `features`, give rows of y, each of `outputs`.
template <typename T>
void run_trees(const Trees<T>& trees, const Kernels<T>& kernels, const TreeKernels& tree_kernels, const T* x,
               size_t features, T* y, size_t outputs, size_t rows);

}  // namespace fp
