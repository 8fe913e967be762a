// Included once for each vec_*.h: every operation behind one function, in the namespace FP_ISA. See vec_test.cc.

namespace FP_ISA {

// Operation number `operation` of one vector each at a, b and c; truth values are stored as 1 or 0. False beyond the
// last operation.
template <class S>
bool operate(int operation, const typename S::T* at_a, const typename S::T* at_b, const typename S::T* at_c,
             typename S::T* to) {
  using T = typename S::T;
  using V = typename S::V;
  const V a = S::load(at_a), b = S::load(at_b), c = S::load(at_c), one = S::set1(T(1));
  V y;
  // clang-format off
  switch (operation) {
    case 0: y = S::add(a, b); break;
    case 1: y = S::sub(a, b); break;
    case 2: y = S::mul(a, b); break;
    case 3: y = S::div(a, b); break;
    case 4: y = S::sqrt(a); break;
    case 5: y = S::fma(a, b, c); break;
    case 6: y = S::fnma(a, b, c); break;
    case 7: y = S::min(a, b); break;
    case 8: y = S::max(a, b); break;
    case 9: y = S::round(a); break;
    case 10: y = S::floor(a); break;
    case 11: y = S::ceil(a); break;
    case 12: y = S::trunc(a); break;
    case 13: y = S::select(S::less(a, b), one, S::zero()); break;
    case 14: y = S::select(S::less_equal(a, b), one, S::zero()); break;
    case 15: y = S::select(S::equal(a, b), one, S::zero()); break;
    case 16: y = S::select(S::is_nan(a), one, S::zero()); break;
    case 17: y = S::select(S::mask_and(S::less(a, b), S::less(b, c)), a, c); break;
    case 18: y = S::select(S::mask_or(S::less(a, b), S::less(b, c)), a, c); break;
    case 19: y = S::select(S::mask_not(S::less(a, b)), a, c); break;
    case 20: y = S::from_bits(S::iadd(S::bits(a), S::bits(b))); break;
    case 21: y = S::from_bits(S::isub(S::bits(a), S::bits(b))); break;
    case 22: y = S::from_bits(S::iand(S::bits(a), S::bits(b))); break;
    case 23: y = S::from_bits(S::ior(S::bits(a), S::bits(b))); break;
    case 24: y = S::from_bits(S::ixor(S::bits(a), S::bits(b))); break;
    case 25: y = S::from_bits(S::template shift_left<S::mantissa_bits>(S::bits(a))); break;
    case 26: y = S::from_bits(S::template shift_right<1>(S::bits(a))); break;
    case 27: y = S::from_bits(S::template shift_right<S::mantissa_bits>(S::bits(a))); break;
    case 28: y = S::from_bits(S::iadd(S::bits(a), S::iset1(-3))); break;
    default: return false;
  }
  // clang-format on
  S::store(to, y);
  return true;
}

template <class S>
bool any_less(const typename S::T* a, const typename S::T* b) {
  return S::any(S::less(S::load(a), S::load(b)));
}

template <class S>
int count_less(const typename S::T* a, const typename S::T* b) {
  return S::count(S::less(S::load(a), S::load(b)));
}

template <class S>
void copy_part(const typename S::T* from, int count, typename S::T fill, typename S::T* part, typename S::T* whole) {
  const typename S::V a = S::load_part(from, count, S::set1(fill));
  S::store_part(part, a, count);
  S::store(whole, a);
}

template <class S>
typename S::T sum_of_halves(const typename S::T* from) {
  typename S::V a = S::load(from);
  if constexpr (S::lanes >= 16) a = S::add(a, S::template down<8>(a));
  if constexpr (S::lanes >= 8) a = S::add(a, S::template down<4>(a));
  if constexpr (S::lanes >= 4) a = S::add(a, S::template down<2>(a));
  if constexpr (S::lanes >= 2) a = S::add(a, S::template down<1>(a));
  return S::first(a);
}

template <class S>
constexpr VectorUnderTest<typename S::T> vector_under_test() {
  return {S::lanes, operate<S>, any_less<S>, count_less<S>, copy_part<S>, sum_of_halves<S>};
}

}  // namespace FP_ISA
