// The kernels that train a dense network, over the vector type: products, activations forward and backward, losses, and
// the steps of optimizers. They give the same bits with every instruction set: each sum is one chain in a fixed order.
//
// The activations of a batch are stored feature by feature, [width, stride], with one column for each row of the batch;
// the stride is a multiple of `network_padding`, and nothing reads the columns beyond the batch.
#pragma once

#include "../kernels/activations.h"
#include "network_types.h"

namespace FP_ISA {

using fp::learn::Loss;
using fp::learn::UpdateRule;

// C[i, :] = start[i] (0 without one, or C[i, :]) + Σp a[i·a_row + p·a_step]·B[p, :], for ascending p, each sum fused.
template <class S, int I, int J>
FP_NOINLINE void product_tile(const fp::learn::Product<typename S::T>& p, size_t row, size_t column) {
  using V = typename S::V;
  V sums[I][J];
  const typename S::T* a = p.a + row * p.a_row;
  typename S::T* const c = p.c + row * p.c_stride + column;
  FP_UNROLL for (int i = 0; i < I; i++) {
    const V start = p.start == nullptr ? S::zero() : S::set1(p.start[row + size_t(i)]);
    FP_UNROLL for (int j = 0; j < J; j++) {
      sums[i][j] = p.adds ? S::load(c + size_t(i) * p.c_stride + j * S::lanes) : start;
    }
  }
  const typename S::T* b = p.b + column;
  for (size_t k = 0; k < p.steps; k++, a += p.a_step, b += p.b_stride) {
    V right[J];
    FP_UNROLL for (int j = 0; j < J; j++) right[j] = S::load(b + j * S::lanes);
    FP_UNROLL for (int i = 0; i < I; i++) {
      const V left = S::set1(a[size_t(i) * p.a_row]);
      FP_UNROLL for (int j = 0; j < J; j++) sums[i][j] = S::fma(left, right[j], sums[i][j]);
    }
  }
  FP_UNROLL for (int i = 0; i < I; i++) {
    FP_UNROLL for (int j = 0; j < J; j++) S::store(c + size_t(i) * p.c_stride + j * S::lanes, sums[i][j]);
  }
}

template <class S, int J>
void product_columns(const fp::learn::Product<typename S::T>& p, size_t column) {
  // As many as fit into the registers together with a vector of each column and a broadcast one.
  constexpr int high = S::registers >= 32 ? 24 / J : S::registers >= 16 ? 12 / J : 1;
  constexpr int middle = high > 4 ? (high > 8 ? 4 : 2) : 1;
  size_t row = 0;
  for (; row + high <= p.rows; row += high) product_tile<S, high, J>(p, row, column);
  if constexpr (middle > 1) {
    for (; row + middle <= p.rows; row += middle) product_tile<S, middle, J>(p, row, column);
  }
  for (; row < p.rows; row++) product_tile<S, 1, J>(p, row, column);
}

// `columns` is a multiple of network_padding.
template <class S>
void product(const fp::learn::Product<typename S::T>& p) {
  constexpr size_t wide = 2 * S::lanes;
  size_t column = 0;
  for (; column + wide <= p.columns; column += wide) product_columns<S, 2>(p, column);
  for (; column < p.columns; column += S::lanes) product_columns<S, 1>(p, column);
}

#ifndef FP_REST

// Derivatives of activations, computed from x and y = f(x).
template <class S>
struct Slopes {
  using T = typename S::T;
  using V = typename S::V;
  static V one() { return S::set1(1); }
  static V positive(V x, V otherwise) { return S::select(S::less(S::zero(), x), one(), otherwise); }

  static V relu(V x, V, V, V) { return positive(x, S::zero()); }
  static V leaky_relu(V x, V, V alpha, V) { return positive(x, alpha); }
  static V elu(V x, V y, V alpha, V) { return positive(x, S::add(y, alpha)); }
  static V selu(V x, V y, V alpha, V beta) { return S::select(S::less(S::zero(), x), beta, S::fma(alpha, beta, y)); }
  static V clip(V x, V, V alpha, V beta) {
    return S::select(S::mask_and(S::less(alpha, x), S::less(x, beta)), one(), S::zero());
  }
  static V hard_sigmoid(V, V y, V alpha, V) {
    return S::select(S::mask_and(S::less(S::zero(), y), S::less(y, one())), alpha, S::zero());
  }
  static V hard_swish(V x, V, V, V) {
    const V three = S::set1(3);
    const V inside = S::add(S::div(x, three), S::set1(T(0.5)));
    const V upper = S::select(S::less(x, three), inside, one());
    return S::select(S::less(S::set1(-3), x), upper, S::zero());
  }
  static V sigmoid(V, V y, V, V) { return S::mul(y, S::sub(one(), y)); }
  static V tanh(V, V y, V, V) { return S::fnma(y, y, one()); }
  static V silu(V x, V y, V, V) {
    const V s = FP_ISA::sigmoid<S>(x);
    return S::fma(y, S::sub(one(), s), s);  // s + x·s·(1 − s)
  }
  static V softplus(V x, V, V alpha, V) { return FP_ISA::sigmoid<S>(S::mul(alpha, x)); }
  // Φ(x) + x·φ(x)
  static V gelu(V x, V, V, V) {
    const V half = S::set1(T(0.5)), erf = FP_ISA::erf<S>(S::mul(x, S::set1(T(0.70710678118654752440))));
    const V density =
        S::mul(S::set1(T(0.39894228040143267794)), FP_ISA::exp<S>(S::mul(S::mul(x, x), S::set1(T(-0.5)))));
    return S::fma(x, density, S::fma(half, erf, half));
  }
  static V gelu_tanh(V x, V, V, V) {
    const V half = S::set1(T(0.5)), square = S::mul(x, x), c = S::set1(T(0.79788456080286535588));
    const V u = S::mul(S::mul(c, x), S::fma(S::set1(T(0.044715)), square, one()));
    const V t = FP_ISA::tanh<S>(u), du = S::mul(c, S::fma(S::set1(T(3 * 0.044715)), square, one()));
    const V rest = S::mul(S::mul(S::mul(half, x), S::fnma(t, t, one())), du);
    return S::add(S::fma(half, t, half), rest);
  }
};

template <class S, typename S::V (*Function)(typename S::V, typename S::V, typename S::V)>
void forward_of(const typename S::T* x, typename S::T* y, size_t count, typename S::T alpha, typename S::T beta) {
  const typename S::V a = S::set1(alpha), b = S::set1(beta);
  for (size_t i = 0; i < count; i += S::lanes) S::store(y + i, Function(S::load(x + i), a, b));
}

template <class S, typename S::V (*Slope)(typename S::V, typename S::V, typename S::V, typename S::V)>
void backward_of(const typename S::T* x, const typename S::T* y, typename S::T* d, size_t count, typename S::T alpha,
                 typename S::T beta) {
  const typename S::V a = S::set1(alpha), b = S::set1(beta);
  for (size_t i = 0; i < count; i += S::lanes) {
    S::store(d + i, S::mul(S::load(d + i), Slope(S::load(x + i), S::load(y + i), a, b)));
  }
}

// y = x·scale + shift for each feature; if scale or shift is null, it is 1 or 0.
template <class S>
void scale_forward(const typename S::T* x, typename S::T* y, size_t width, size_t stride, const typename S::T* scale,
                   const typename S::T* shift) {
  for (size_t f = 0; f < width; f++, x += stride, y += stride) {
    const typename S::V a = S::set1(scale == nullptr ? 1 : scale[f]), b = S::set1(shift == nullptr ? 0 : shift[f]);
    for (size_t i = 0; i < stride; i += S::lanes) S::store(y + i, S::fma(S::load(x + i), a, b));
  }
}

// Mean 0 and variance 1 over the features of each row; `inverse` is the factor.
template <class S>
void standardize_forward(const typename S::T* x, typename S::T* y, size_t width, size_t stride, typename S::T epsilon,
                         typename S::T* inverse) {
  using V = typename S::V;
  const V n = S::set1(typename S::T(width));
  for (size_t i = 0; i < stride; i += S::lanes) {
    V mean = S::zero(), squares = S::zero();
    for (size_t f = 0; f < width; f++) mean = S::add(mean, S::load(x + f * stride + i));
    mean = S::div(mean, n);
    for (size_t f = 0; f < width; f++) {
      const V distance = S::sub(S::load(x + f * stride + i), mean);
      squares = S::fma(distance, distance, squares);
    }
    const V by = S::div(S::set1(1), S::sqrt(S::add(S::div(squares, n), S::set1(epsilon))));
    S::store(inverse + i, by);
    for (size_t f = 0; f < width; f++) {
      S::store(y + f * stride + i, S::mul(S::sub(S::load(x + f * stride + i), mean), by));
    }
  }
}

// d := inverse·(d − mean(d) − y·mean(d·y))
template <class S>
void standardize_backward(const typename S::T* y, typename S::T* d, size_t width, size_t stride,
                          const typename S::T* inverse) {
  using V = typename S::V;
  const V n = S::set1(typename S::T(width));
  for (size_t i = 0; i < stride; i += S::lanes) {
    V sum = S::zero(), products = S::zero();
    for (size_t f = 0; f < width; f++) {
      const V slope = S::load(d + f * stride + i);
      sum = S::add(sum, slope);
      products = S::fma(slope, S::load(y + f * stride + i), products);
    }
    const V mean = S::div(sum, n), along = S::div(products, n), by = S::load(inverse + i);
    for (size_t f = 0; f < width; f++) {
      const V rest = S::fnma(S::load(y + f * stride + i), along, S::sub(S::load(d + f * stride + i), mean));
      S::store(d + f * stride + i, S::mul(rest, by));
    }
  }
}

// A loss with one term for each output: its term for z and the target t, and its derivative with respect to z.
template <class S>
struct Terms {
  using T = typename S::T;
  using V = typename S::V;
  static V square(V z, V t, V, V* slope) {
    const V distance = S::sub(z, t);
    *slope = S::add(distance, distance);
    return S::mul(distance, distance);
  }
  static V huber(V z, V t, V delta, V* slope) {
    const V distance = S::sub(z, t), size = FP_ISA::abs<S>(distance), half = S::set1(T(0.5));
    *slope = S::min(delta, S::max(negate<S>(delta), distance));
    return S::select(S::less_equal(size, delta), S::mul(half, S::mul(distance, distance)),
                     S::mul(delta, S::fnma(half, delta, size)));
  }
  // For logits; z becomes the probability.
  static V cross(V z, V t, V* probability, V* slope) {
    *probability = FP_ISA::sigmoid<S>(z);
    *slope = S::sub(*probability, t);
    const V rest = FP_ISA::log1p<S>(FP_ISA::exp<S>(minus_abs<S>(z)));
    return S::add(S::fnma(z, t, S::max(z, S::zero())), rest);
  }
};

// One term for each output and row. z and targets are [width, stride]; `weights`, [stride], multiply the slopes.
// `losses` are the sums of each row's terms. For logits, z becomes probabilities.
template <class S>
void loss_of_terms(Loss kind, typename S::T* z, const typename S::T* targets, typename S::T* d, size_t width,
                   size_t stride, const typename S::T* weights, typename S::T delta, typename S::T* losses) {
  using V = typename S::V;
  for (size_t i = 0; i < stride; i += S::lanes) {
    V sum = S::zero();
    const V weight = S::load(weights + i);
    for (size_t at = i; at < width * stride; at += stride) {
      const V value = S::load(z + at), target = S::load(targets + at);
      V slope, term;
      if (kind == Loss::binary_cross_entropy) {
        V probability;
        term = Terms<S>::cross(value, target, &probability, &slope);
        S::store(z + at, probability);
      } else if (kind == Loss::huber) {
        term = Terms<S>::huber(value, target, S::set1(delta), &slope);
      } else {
        term = Terms<S>::square(value, target, S::zero(), &slope);
      }
      sum = S::add(sum, term);
      S::store(d + at, S::mul(weight, slope));
    }
    S::store(losses + i, sum);
  }
}

// Cross-entropy of logits and classes; `targets` is [stride], and z becomes probabilities.
template <class S>
void cross_entropy(typename S::T* z, const typename S::T* targets, typename S::T* d, size_t width, size_t stride,
                   const typename S::T* weights, typename S::T* losses) {
  using V = typename S::V;
  for (size_t i = 0; i < stride; i += S::lanes) {
    V greatest = S::load(z + i), sum = S::zero(), own = S::zero();
    for (size_t f = 1; f < width; f++) greatest = S::max(greatest, S::load(z + f * stride + i));
    const V target = S::load(targets + i), weight = S::load(weights + i);
    for (size_t f = 0; f < width; f++) {
      const V logit = S::sub(S::load(z + f * stride + i), greatest);
      const V power = FP_ISA::exp<S>(logit);
      sum = S::add(sum, power);
      own = S::select(S::equal(target, S::set1(typename S::T(f))), logit, own);
      S::store(z + f * stride + i, power);
    }
    S::store(losses + i, S::sub(FP_ISA::log<S>(sum), own));
    for (size_t f = 0; f < width; f++) {
      const V probability = S::div(S::load(z + f * stride + i), sum);
      const V one = truth<S>(S::equal(target, S::set1(typename S::T(f))));
      S::store(z + f * stride + i, probability);
      S::store(d + f * stride + i, S::mul(weight, S::sub(probability, one)));
    }
  }
}

#endif

// New parameters and moments from gradients: p, m and v to p_to, m_to and v_to. Operations are fused where the
// framework fuses them. Returns whether all results are finite. `count` is a multiple of network_padding.
template <class S, UpdateRule rule>
bool update_by(const fp::learn::Update<typename S::T>& u) {
  using T = typename S::T;
  using V = typename S::V;
  const V rate = S::set1(u.rate), decay = S::set1(u.decay), minus_rate = S::set1(-u.rate);
  const V momentum = S::set1(u.momentum), beta2 = S::set1(u.beta2);
  const V rest1 = S::set1(u.rest1), rest2 = S::set1(u.rest2), root = S::set1(u.root), epsilon = S::set1(u.epsilon);
  V check = S::zero();
  for (size_t i = 0; i < u.count; i += S::lanes) {
    V g = S::load(u.gradient + i), p = S::load(u.p + i), m = S::zero(), v = S::zero();
    if (u.decays) {
      if (!u.is_decoupled) {
        g = S::fma(decay, p, g);
      } else if constexpr (rule == UpdateRule::adam_keras || rule == UpdateRule::sgd_keras) {
        p = S::sub(p, S::mul(S::mul(p, decay), rate));
      } else {
        p = S::mul(p, decay);  // 1 − rate·decay
      }
    }
    if constexpr (rule == UpdateRule::sgd_torch) {
      if (u.has_momentum) {
        // rest1 is 1 − dampening.
        m = u.is_first ? g : S::fma(rest1, g, S::mul(S::load(u.m + i), momentum));
        g = u.is_nesterov ? S::fma(momentum, m, g) : m;
        S::store(u.m_to + i, m);
      }
      p = S::fma(minus_rate, g, p);
    } else if constexpr (rule == UpdateRule::sgd_keras) {
      const V step = S::mul(g, rate);
      if (u.has_momentum) {
        m = S::sub(S::mul(S::load(u.m + i), momentum), step);
        S::store(u.m_to + i, m);
        p = S::add(p, u.is_nesterov ? S::sub(S::mul(m, momentum), step) : m);
      } else {
        p = S::sub(p, step);
      }
    } else if constexpr (rule == UpdateRule::adam_torch) {
      m = S::load(u.m + i);
      m = S::fma(rest1, S::sub(g, m), m);
      v = S::fma(S::mul(rest2, g), g, S::mul(S::load(u.v + i), beta2));
      const V under = S::add(S::div(S::sqrt(v), root), epsilon);
      p = S::add(p, S::div(S::mul(minus_rate, m), under));
      S::store(u.m_to + i, m);
      S::store(u.v_to + i, v);
    } else {
      m = S::load(u.m + i);
      v = S::load(u.v + i);
      m = S::add(m, S::mul(S::sub(g, m), rest1));
      v = S::add(v, S::mul(S::sub(S::mul(g, g), v), rest2));
      p = S::sub(p, S::div(S::mul(m, root), S::add(S::sqrt(v), epsilon)));  // root is the rate with its corrections
      S::store(u.m_to + i, m);
      S::store(u.v_to + i, v);
    }
    S::store(u.p_to + i, p);
    // 0 for finite numbers, otherwise NaN.
    check = S::fma(p, S::zero(), S::fma(m, S::zero(), S::fma(v, S::zero(), check)));
  }
  T lanes[S::lanes];
  S::store(lanes, check);
  bool is_finite = true;
  for (T lane : lanes) is_finite = is_finite && lane == 0;
  return is_finite;
}

extern const fp::learn::NetworkProducts<float> network_products_f32;
extern const fp::learn::NetworkProducts<double> network_products_f64;

template <class S>
constexpr fp::learn::NetworkProducts<typename S::T> network_products() {
  return {
      product<S>,
      {update_by<S, UpdateRule::sgd_torch>, update_by<S, UpdateRule::adam_torch>, update_by<S, UpdateRule::sgd_keras>,
       update_by<S, UpdateRule::adam_keras>},
  };
}

constexpr fp::learn::NetworkProducts<float> network_products_f32 = network_products<F32>();
constexpr fp::learn::NetworkProducts<double> network_products_f64 = network_products<F64>();

#ifndef FP_REST

extern const fp::learn::NetworkCurves<float> network_curves_f32;
extern const fp::learn::NetworkCurves<double> network_curves_f64;

template <class S>
constexpr fp::learn::NetworkCurves<typename S::T> network_curves() {
  return {
      {
#define FP_LEARN_UNARY(name) forward_of<S, Activations<S>::name>,
#include "network_unary.inc"
#undef FP_LEARN_UNARY
      },
      {
#define FP_LEARN_UNARY(name) backward_of<S, Slopes<S>::name>,
#include "network_unary.inc"
#undef FP_LEARN_UNARY
      },
      scale_forward<S>,
      standardize_forward<S>,
      standardize_backward<S>,
      loss_of_terms<S>,
      cross_entropy<S>,
  };
}

constexpr fp::learn::NetworkCurves<float> network_curves_f32 = network_curves<F32>();
constexpr fp::learn::NetworkCurves<double> network_curves_f64 = network_curves<F64>();

#endif

}  // namespace FP_ISA
