// Stacks of dense layers, activations and norms: see network.cc.
#pragma once

#include "network_kernels.h"

#ifdef FP_REST
namespace FP_REST {
extern const fp::learn::NetworkCurves<float> network_curves_f32;
extern const fp::learn::NetworkCurves<double> network_curves_f64;
}  // namespace FP_REST
#endif

namespace FP_ISA {

#ifdef FP_REST
using FP_REST::network_curves_f32;
using FP_REST::network_curves_f64;
#endif

inline fp::learn::Learner* make_network(const fp::learn::Setup& setup, bool& fits) {
  return fp::learn::make_network(setup, fits, {network_products_f32, network_curves_f32},
                                 {network_products_f64, network_curves_f64});
}

}  // namespace FP_ISA
