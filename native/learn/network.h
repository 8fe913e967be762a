// Stacks of dense layers, activations and norms: see network.cc.
#pragma once

#include "network_kernels.h"

#if FP_X86_64 && !defined(FP_SMALL)
// Products and updates of twice as many lanes, with the same bits, where the processor has them.
namespace fp::avx512 {
extern const learn::NetworkProducts<float> network_products_f32;
extern const learn::NetworkProducts<double> network_products_f64;
}  // namespace fp::avx512
#endif

namespace FP_ISA {

inline fp::learn::Learner* make_network(const fp::learn::Setup& setup, bool& fits) {
#if FP_X86_64 && !defined(FP_SMALL)
  if (has_avx512()) {
    return fp::learn::make_network(setup, fits, {fp::avx512::network_products_f32, network_curves_f32},
                                   {fp::avx512::network_products_f64, network_curves_f64});
  }
#endif
  return fp::learn::make_network(setup, fits, {network_products_f32, network_curves_f32},
                                 {network_products_f64, network_curves_f64});
}

}  // namespace FP_ISA
