// Training of a stack of dense layers, activations and norms: forward, loss, backward and the step of an optimizer in
// one call.
//
// Its numbers are in two buffers, each with the parameters and then the moments. One of them is in use while a step
// writes the other. A step that would make a number infinite or NaN leaves the state in use unchanged.
#include <cmath>
#include <cstring>

#include "../arena.h"
#include "network_types.h"

namespace fp::learn {
namespace {

// The words of a plan ------------------------------------------------------------------------------------------------

enum Head : size_t {
  double_word,
  in_word,
  out_word,
  loss_word,
  rule_word,
  state_word,
  parameters_word,
  layers_word,
  head_words
};
constexpr size_t parameter_words = 4;  // offset, rows, columns, whether it learns
constexpr size_t layer_words = 5;      // kind, in, out, then two: parameters, −1 for none, or a function
constexpr size_t layer_numbers = 2;    // alpha, beta

enum Place : size_t { x_place, targets_place, weights_place, numbers_place };

// The rows that go through the layers at a time: a step with more rows needs no more memory, and gives the same bits.
constexpr size_t block_rows = 128;

constexpr size_t most_width = 1 << 20, most_elements = (size_t(1) << 31) - 1, most_items = 4096;

struct Parameter {
  size_t offset, rows, columns, stride;
  bool learns;
  size_t size() const { return network_padded(rows * stride); }
};

struct Layer {
  LayerKind kind;
  size_t in, out;
  int32_t first, second;  // parameters, or the function
  double alpha, beta;
};

size_t moments_of(UpdateRule rule) { return rule == UpdateRule::adam_torch || rule == UpdateRule::adam_keras ? 2 : 1; }

// b^n, by squaring: the same result everywhere.
double power(double base, uint64_t n) {
  double result = 1;
  for (; n > 0; n >>= 1, base *= base)
    if (n & 1) result *= base;
  return result;
}

// to[c, r] = from[r, c], in blocks that stay in the first-level cache.
template <typename From, typename To>
void transpose(const From* from, size_t rows, size_t columns, size_t from_stride, To* to, size_t to_stride) {
  constexpr size_t block = 16;
  for (size_t r = 0; r < rows; r += block) {
    const size_t r_end = r + block < rows ? r + block : rows;
    for (size_t c = 0; c < columns; c += block) {
      const size_t c_end = c + block < columns ? c + block : columns;
      for (size_t i = c; i < c_end; i++)
        for (size_t j = r; j < r_end; j++) to[i * to_stride + j] = To(from[j * from_stride + i]);
    }
  }
}

// sums[f] = Σ d[f, r]·x[f, r] (1 without x) for ascending r, starting from 0 or from sums[f]; several features at a
// time, whose sums do not wait for each other.
template <typename T>
void sums_over_rows(const T* d, const T* x, size_t width, size_t stride, size_t rows, bool adds, T* sums) {
  constexpr size_t at_a_time = 8;
  size_t f = 0;
  for (; f + at_a_time <= width; f += at_a_time) {
    T part[at_a_time] = {};
    if (adds) std::memcpy(part, sums + f, sizeof part);
    const T *slope = d + f * stride, *value = x == nullptr ? nullptr : x + f * stride;
    for (size_t r = 0; r < rows; r++) {
      for (size_t i = 0; i < at_a_time; i++) {
        const T one = slope[i * stride + r];
        part[i] += value == nullptr ? one : one * value[i * stride + r];
      }
    }
    std::memcpy(sums + f, part, sizeof part);
  }
  for (; f < width; f++) {
    T sum = adds ? sums[f] : 0;
    for (size_t r = 0; r < rows; r++) sum += x == nullptr ? d[f * stride + r] : d[f * stride + r] * x[f * stride + r];
    sums[f] = sum;
  }
}

// The network --------------------------------------------------------------------------------------------------------

template <typename T>
struct Network : Learner {
  explicit Network(const NetworkTables<T>& of) : tables(of) {}
  NetworkTables<T> tables;

  size_t state = 0;  // elements of the parameters, and of each moment
  Loss loss = {};
  UpdateRule rule = {};
  double delta = 1;
  Array<Parameter> parameters;
  Array<Layer> layers;
  size_t first = 0;  // the first layer that learns; slopes are needed from this layer on

  // Owned by the caller:
  const T* x = nullptr;       // [rows, in]
  double* targets = nullptr;  // [rows, out]; with classes, a row begins with its class. A step leaves outputs here
  const double* weights = nullptr;  // [rows], the factor of each row's loss
  T* states[2] = {};                // parameters, then as many moments as the rule has
  double* control = nullptr;        // by Control
  double* rates = nullptr;          // [parameters, Rate::count]

  Array<T> block;      // of everything below
  Array<T*> values;    // the input of each layer, and the output of the last: [width, stride]
  Array<T*> inverses;  // for layers that standardize
  T *slopes = nullptr, *other_slopes = nullptr, *turned = nullptr, *targets_turned = nullptr, *factors = nullptr,
    *losses = nullptr, *gradient = nullptr;

  size_t width() const { return layers[layers.size() - 1].out; }
  const T* values_of(const T* from, int32_t parameter) const {
    return parameter < 0 ? nullptr : from + parameters[size_t(parameter)].offset;
  }
  T* gradient_of(int32_t parameter) const { return gradient + parameters[size_t(parameter)].offset; }
  bool learns(int32_t parameter) const { return parameter >= 0 && parameters[size_t(parameter)].learns; }

  bool read(const Setup& setup);
  bool read_layers(const int32_t* word, const double* numbers, size_t in);
  bool take(const Setup& setup);
  bool lay_out();

  Status check_rows(size_t rows, bool only_forward, int32_t* words) const;
  void take_rows(size_t first, size_t rows, size_t stride, size_t all_rows, bool weighted);
  void forward(const T* from, size_t stride);
  double lose(size_t rows, size_t stride);
  void backward(const T* from, size_t rows, size_t stride, bool adds);
  bool update(const T* from, T* to, double step);

  static Status step_of(Learner* self, size_t rows, int32_t* words);
  static void end_of(Learner* self) { destroy(static_cast<Network*>(self)); }
};

template <typename T>
bool Network<T>::read(const Setup& setup) {
  size_t in, out, kind, by, parameter_total, layer_total;
  const bool is_good =
      setup.integer(in_word, 1, most_width, in) && setup.integer(out_word, 1, most_width, out) &&
      setup.integer(loss_word, 0, size_t(Loss::count) - 1, kind) &&
      setup.integer(rule_word, 0, size_t(UpdateRule::count) - 1, by) &&
      setup.integer(state_word, 0, most_elements, state) && state % network_padding == 0 &&
      setup.integer(parameters_word, 0, most_items, parameter_total) &&
      setup.integer(layers_word, 1, most_items, layer_total) &&
      setup.integer_count == head_words + parameter_words * parameter_total + layer_words * layer_total &&
      setup.number_count == layer_numbers * layer_total + 1;
  if (!is_good) return false;
  loss = Loss(kind);
  rule = UpdateRule(by);
  delta = setup.numbers[layer_numbers * layer_total];
  if (!parameters.allocate(parameter_total) || !layers.allocate(layer_total)) return false;

  const int32_t* word = setup.integers + head_words;
  for (Parameter& parameter : parameters) {
    if (word[0] < 0 || word[1] < 1 || word[2] < 1 || size_t(word[1]) > most_width || size_t(word[2]) > most_width) {
      return false;
    }
    // A vector is one row.
    parameter = {size_t(word[0]), size_t(word[1]), size_t(word[2]), network_padded(size_t(word[2])), word[3] == 1};
    if (parameter.offset % network_padding != 0 || parameter.rows > most_elements / parameter.stride ||
        parameter.offset + parameter.size() > state) {
      return false;
    }
    word += parameter_words;
  }
  return read_layers(word, setup.numbers, in) && width() == out;
}

template <typename T>
bool Network<T>::read_layers(const int32_t* word, const double* numbers, size_t in) {
  const auto is_given = [&](int32_t index, size_t rows, size_t columns) {
    return index >= 0 && size_t(index) < parameters.size() && parameters[size_t(index)].rows == rows &&
           parameters[size_t(index)].columns == columns;
  };
  const auto may_be_given = [&](int32_t index, size_t columns) { return index == -1 || is_given(index, 1, columns); };
  first = layers.size();
  for (size_t i = 0; i < layers.size(); i++, word += layer_words, numbers += layer_numbers) {
    if (word[0] < 0 || word[0] >= int32_t(LayerKind::count) || word[1] < 1 || size_t(word[1]) != in || word[2] < 1 ||
        size_t(word[2]) > most_width) {
      return false;
    }
    Layer& layer = layers[i];
    layer = {LayerKind(word[0]), size_t(word[1]), size_t(word[2]), word[3], word[4], numbers[0], numbers[1]};
    const bool is_dense = layer.kind == LayerKind::dense, is_scale = layer.kind == LayerKind::scale;
    if (is_dense ? !is_given(layer.first, layer.out, layer.in) : layer.out != layer.in) return false;
    if (is_scale && !may_be_given(layer.first, layer.out)) return false;
    if ((is_dense || is_scale) && !may_be_given(layer.second, layer.out)) return false;
    if (layer.kind == LayerKind::unary && (layer.first < 0 || layer.first >= int32_t(LearnUnary::count))) return false;
    if ((is_dense || is_scale) && first == layers.size() && (learns(layer.first) || learns(layer.second))) first = i;
    in = layer.out;
  }
  return true;
}

// The caller's arrays, if they are as long as required.
template <typename T>
bool Network<T>::take(const Setup& setup) {
  const auto given = [&](size_t at, size_t least) {
    if constexpr (sizeof(T) == sizeof(float)) {
      return setup.buffer(at).f32(least);
    } else {
      return setup.buffer(at).f64(least);
    }
  };
  const size_t numbers = state * (1 + moments_of(rule));
  most_rows = setup.buffer(weights_place).length;
  if (most_rows < 1 || most_rows > most_elements || layers[0].in > most_elements / most_rows ||
      width() > most_elements / most_rows ||
      setup.state_count != size_t(Control::count) + parameters.size() * size_t(Rate::count)) {
    return false;
  }
  x = given(x_place, most_rows * layers[0].in);
  targets = setup.buffer(targets_place).f64(most_rows * width());
  weights = setup.buffer(weights_place).f64(most_rows);
  states[0] = given(numbers_place, numbers);
  states[1] = given(numbers_place + 1, numbers);
  control = setup.state;
  rates = setup.state + size_t(Control::count);
  return x != nullptr && targets != nullptr && weights != nullptr && states[0] != nullptr && states[1] != nullptr;
}

// Arrays for the values between layers, all in one block. False if there is not enough memory.
template <typename T>
bool Network<T>::lay_out() {
  const size_t stride = network_padded(most_rows < block_rows ? most_rows : block_rows), last = width();
  size_t widest = last, turned_width = 0, sum = last;
  for (const Layer& layer : layers) {
    sum += layer.in + (layer.kind == LayerKind::standardize ? 1 : 0);
    widest = layer.in > widest ? layer.in : widest;
    if (layer.kind == LayerKind::dense && layer.in > turned_width) turned_width = layer.in;
  }
  // At most 2^33 columns of a block of rows.
  const uint64_t columns = sum + 2 * widest + last + 2 + network_padded(turned_width);
  if (columns * stride + state > SIZE_MAX / sizeof(T) || !block.allocate(size_t(columns * stride + state)) ||
      !values.allocate(layers.size() + 1) || !inverses.allocate(layers.size())) {
    return false;
  }
  T* next = block.data();
  const auto taken = [&](size_t count) {
    T* const at = next;
    next += count;
    return at;
  };
  for (size_t i = 0; i < layers.size(); i++) {
    values[i] = taken(layers[i].in * stride);
    if (layers[i].kind == LayerKind::standardize) inverses[i] = taken(stride);
  }
  values[layers.size()] = taken(last * stride);
  slopes = taken(widest * stride);
  other_slopes = taken(widest * stride);
  targets_turned = taken(last * stride);
  factors = taken(stride);
  losses = taken(stride);
  turned = taken(network_padded(turned_width) * stride);
  gradient = taken(state);
  return true;
}

template <typename T>
Status Network<T>::step_of(Learner* self, size_t rows, int32_t* words) {
  auto& network = *static_cast<Network*>(self);
  double* const control = network.control;
  const size_t active = control[size_t(Control::active)] != 0, out = network.width();
  const T* const from = network.states[active];
  const bool only_forward = (words[kFlags] & network_only_forward) != 0;
  const bool weighted = (words[kFlags] & network_weighted) != 0;
  const Status checked = network.check_rows(rows, only_forward, words);
  if (checked != kLearnt) return checked;

  double loss = 0;
  for (size_t first = 0; first < rows; first += block_rows) {
    const size_t count = rows - first < block_rows ? rows - first : block_rows, stride = network_padded(count);
    network.take_rows(first, count, stride, rows, weighted);
    network.forward(from, stride);
    loss += network.lose(count, stride);
    transpose(network.values[network.layers.size()], out, count, stride, network.targets + first * out, out);
    if (!only_forward) network.backward(from, count, stride, first > 0);
  }
  if (only_forward) return kLearnt;
  const double steps = control[size_t(Control::steps)] + 1;
  if (!network.update(from, network.states[1 - active], steps)) return kNotFinite;
  control[size_t(Control::active)] = double(1 - active);
  control[size_t(Control::steps)] = steps;
  control[size_t(Control::loss)] = loss;
  return kLearnt;
}

template <typename T>
Status Network<T>::check_rows(size_t rows, bool only_forward, int32_t* words) const {
  const size_t in = layers[0].in, out = width();
  const bool is_class = loss == Loss::cross_entropy;
  for (size_t r = 0; r < rows; r++) {
    words[kRow] = int32_t(r);
    T check = 0;
    for (size_t i = 0; i < in; i++) check += x[r * in + i] * T(0);
    if (check != 0) {
      size_t column = 0;
      while (x[r * in + column] - x[r * in + column] == 0) column++;
      words[kColumn] = int32_t(column);
      return kInputNotFinite;
    }
    for (size_t i = 0; i < (is_class ? 1 : out) && !only_forward; i++) {
      const T target = T(targets[r * out + i]);
      if (target - target != 0) return kTargetNotFinite;
      if (is_class && !(target >= 0 && target < T(out) && std::floor(target) == target)) return kBadTarget;
    }
  }
  return kLearnt;
}

// Converts rows, targets and weights to the form used here. The rest after the last row is 0.
template <typename T>
void Network<T>::take_rows(size_t first_row, size_t rows, size_t stride, size_t all_rows, bool weighted) {
  const size_t in = layers[0].in, out = width();
  const auto turn = [&](const auto* from, size_t columns, T* to) {
    transpose(from + first_row * columns, rows, columns, columns, to, stride);
    for (size_t i = 0; i < columns; i++)
      for (size_t r = rows; r < stride; r++) to[i * stride + r] = 0;
  };
  turn(x, in, values[0]);
  turn(targets, out, targets_turned);
  // Losses are means: over rows, and over outputs unless there are classes.
  const T count = T(double(all_rows) * double(loss == Loss::cross_entropy ? 1 : out));
  for (size_t r = 0; r < stride; r++) {
    factors[r] = r < rows ? (weighted ? T(weights[first_row + r]) : T(1)) / count : T(0);
  }
}

template <typename T>
void Network<T>::forward(const T* from, size_t stride) {
  for (size_t i = 0; i < layers.size(); i++) {
    const Layer& layer = layers[i];
    const T* const in = values[i];
    T* const out = values[i + 1];
    switch (layer.kind) {
      case LayerKind::dense:
        tables.products.product({values_of(from, layer.first), network_padded(layer.in), 1, in, stride, out, stride,
                                 values_of(from, layer.second), layer.out, layer.in, stride, false});
        break;
      case LayerKind::unary:
        tables.curves.forward[layer.first](in, out, layer.in * stride, T(layer.alpha), T(layer.beta));
        break;
      case LayerKind::scale:
        tables.curves.scale(in, out, layer.in, stride, values_of(from, layer.first), values_of(from, layer.second));
        break;
      default:
        tables.curves.standardize(in, out, layer.in, stride, T(layer.alpha), inverses[i]);
    }
  }
}

// The mean loss. `slopes` receives its derivative with respect to the last layer's result, which becomes probabilities
// for a cross-entropy.
template <typename T>
double Network<T>::lose(size_t rows, size_t stride) {
  T* const z = values[layers.size()];
  if (loss == Loss::cross_entropy) {
    tables.curves.cross_entropy(z, targets_turned, slopes, width(), stride, factors, losses);
  } else {
    tables.curves.terms(loss, z, targets_turned, slopes, width(), stride, factors, T(delta), losses);
  }
  double sum = 0;
  for (size_t r = 0; r < rows; r++) sum += double(losses[r]) * double(factors[r]);
  return sum;
}

template <typename T>
void Network<T>::backward(const T* from, size_t rows, size_t stride, bool adds) {
  T *d = slopes, *other = other_slopes;
  for (size_t i = layers.size(); i-- > first;) {
    const Layer& layer = layers[i];
    const T *const in = values[i], *const out = values[i + 1];
    switch (layer.kind) {
      case LayerKind::dense: {
        const size_t row = network_padded(layer.in);
        if (learns(layer.second)) {
          sums_over_rows<T>(d, nullptr, layer.out, stride, rows, adds, gradient_of(layer.second));
        }
        if (learns(layer.first)) {
          transpose(in, layer.in, rows, stride, turned, row);
          tables.products.product(
              {d, stride, 1, turned, row, gradient_of(layer.first), row, nullptr, layer.out, rows, row, adds});
        }
        if (i > first) {
          tables.products.product({values_of(from, layer.first), 1, row, d, stride, other, stride, nullptr, layer.in,
                                   layer.out, stride, false});
          T* const before = d;
          d = other;
          other = before;
        }
        break;
      }
      case LayerKind::unary:
        tables.curves.backward[layer.first](in, out, d, layer.in * stride, T(layer.alpha), T(layer.beta));
        break;
      case LayerKind::scale:
        if (learns(layer.second)) {
          sums_over_rows<T>(d, nullptr, layer.out, stride, rows, adds, gradient_of(layer.second));
        }
        if (learns(layer.first)) sums_over_rows<T>(d, in, layer.out, stride, rows, adds, gradient_of(layer.first));
        if (layer.first >= 0) tables.curves.scale(d, d, layer.in, stride, values_of(from, layer.first), nullptr);
        break;
      default:
        tables.curves.standardize_backward(out, d, layer.in, stride, inverses[i]);
    }
  }
}

template <typename T>
bool Network<T>::update(const T* from, T* to, double step) {
  const auto update = tables.products.update[int(rule)];
  const bool is_adam = moments_of(rule) == 2;
  bool is_finite = true;
  for (size_t i = 0; i < parameters.size(); i++) {
    const Parameter& parameter = parameters[i];
    if (!parameter.learns) continue;
    const auto rate = [&](Rate which) { return rates[i * size_t(Rate::count) + size_t(which)]; };
    Update<T> u = {};
    const size_t at = parameter.offset, second = is_adam ? 2 * state : state;
    u.gradient = gradient + at;
    u.p = from + at, u.m = from + state + at, u.v = from + second + at;
    u.p_to = to + at, u.m_to = to + state + at, u.v_to = to + second + at;
    u.count = parameter.size();
    u.rate = T(rate(Rate::rate));
    u.decay = T(rate(Rate::decay));
    u.decays = rate(Rate::decay) != 0;
    u.is_decoupled = rate(Rate::decoupled) != 0;
    u.is_nesterov = rate(Rate::nesterov) != 0;
    u.is_first = rate(Rate::first) != 0;
    u.momentum = T(rate(Rate::momentum));
    u.has_momentum = rate(Rate::momentum) != 0;
    const double beta1 = rate(Rate::beta1), beta2 = rate(Rate::beta2);
    u.beta2 = T(beta2);
    u.rest1 = T(1 - (is_adam ? beta1 : rate(Rate::dampening)));
    u.rest2 = T(1 - beta2);
    u.epsilon = T(rate(Rate::epsilon));
    if (rule == UpdateRule::adam_torch) {
      // torch computes these in double precision in each step.
      u.rate = T(rate(Rate::rate) / (1 - power(beta1, uint64_t(step))));
      u.root = T(std::sqrt(1 - power(beta2, uint64_t(step))));
    } else if (rule == UpdateRule::adam_keras) {
      // Keras computes them in the precision of the model.
      const T first_left = T(1) - T(power(T(beta1), uint64_t(step))),
              second_left = T(1) - T(power(T(beta2), uint64_t(step)));
      u.root = u.rate * std::sqrt(second_left) / first_left;
    }
    if (u.is_decoupled && (rule == UpdateRule::adam_torch || rule == UpdateRule::sgd_torch)) {
      u.decay = T(1 - rate(Rate::rate) * rate(Rate::decay));
    }
    is_finite = update(u) && is_finite;
  }
  for (size_t i = 0; is_finite && i < parameters.size(); i++) {
    if (parameters[i].learns) rates[i * size_t(Rate::count) + size_t(Rate::first)] = 0;
  }
  return is_finite;
}

template <typename T>
Learner* make_of(const Setup& setup, bool& fits, const NetworkTables<T>& tables) {
  void* const room = std::malloc(sizeof(Network<T>));
  if (room == nullptr) return nullptr;
  auto* const network = new (room) Network<T>(tables);
  network->step = Network<T>::step_of;
  network->end = Network<T>::end_of;
  fits = network->read(setup) && network->take(setup);
  if (fits && network->lay_out()) return network;
  destroy(network);
  return nullptr;
}

}  // namespace

// integers: by Head, then the words of each parameter and of each layer; numbers: two for each layer, and Huber's
// delta; state: by Control, then the rates of each parameter; buffers: by Place, with the two states at the end.
Learner* make_network(const Setup& setup, bool& fits, const NetworkTables<float>& f32,
                      const NetworkTables<double>& f64) {
  bool is_double = false;
  fits = setup.flag(double_word, is_double);
  if (!fits) return nullptr;
  return is_double ? make_of<double>(setup, fits, f64) : make_of<float>(setup, fits, f32);
}

}  // namespace fp::learn
