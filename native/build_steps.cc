// Builds a network: a step for each instruction of the plan.
#include "builder.h"

namespace fp {
namespace {

template <typename T>
void repeated(Step<T>& step, const int32_t* field) {
  step.a = field[0];
  step.repeat = size_t(field[1]);
  step.inner = size_t(field[2]);
}

}  // namespace

template <typename T>
Step<T> Network<T>::Builder::decode(const int32_t* word) {
  Step<T> step = {};
  step.opcode = Opcode(word[0]);
  step.y = word[2];
  step.a = step.b = step.c = step.input = step.output = -1;
  step.width = size_t(plan_.widths[step.y]);
  const int32_t* field = word + 3;
  if (step.opcode == Opcode::wide) {
    step.wide = true;
    step.opcode = Opcode(*field++);
    step.width /= 2;
  }
  has_wide_ = has_wide_ || step.wide || step.opcode == Opcode::widen;
  const size_t unit = step.wide ? 2 : 1;
  switch (step.opcode) {
    case Opcode::dense:
      repeated(step, field);
      dense(step, field);
      break;
    case Opcode::unary:
      step.a = field[0];
      step.function = field[1];
      step.p[0] = copy(field[2], 2 * unit, 0);
      break;
    case Opcode::binary:
      step.a = operand(field[0]);
      step.b = operand(field[1]);
      step.function = field[2];
      break;
    case Opcode::affine:
      step.a = field[0];
      step.p[0] = copy(parameter(field[1]), step.width * unit);
      step.p[1] = copy(parameter(field[2]), step.width * unit);
      break;
    case Opcode::select:
      step.a = operand(field[0]);
      step.b = operand(field[1]);
      step.c = operand(field[2]);
      break;
    case Opcode::static_quantize:
      repeated(step, field);
      step.p[0] = static_scale(field[3]);
      break;
    case Opcode::static_dense:
      repeated(step, field);
      static_dense(step, field);
      break;
    case Opcode::quantize:
      repeated(step, field);
      break;
    case Opcode::softmax:
    case Opcode::reduce:
      repeated(step, field);
      step.function = field[3];
      break;
    case Opcode::norm:
      repeated(step, field);
      step.function = field[3];
      step.p[0] = copy(parameter(field[4]), 1);
      step.p[1] = copy(field[5], step.inner, 1);
      step.p[2] = copy(field[6], step.inner, 0);
      break;
    case Opcode::normalize:
      repeated(step, field);
      step.function = field[3];
      step.p[0] = copy(parameter(field[4]), 2);
      break;
    case Opcode::bytes:
      repeated(step, field);
      step.p[0] = copy(parameter(field[3]), 1);
      break;
    case Opcode::byte_dense:
      repeated(step, field);
      byte_dense(step, field);
      break;
    case Opcode::gather:
      step.a = field[0];
      gather(step, field + 1);
      break;
    case Opcode::concat:
      step.repeat = size_t(field[0]);
      concat(step, field + 2, size_t(field[1]));
      break;
    case Opcode::embedding:
      step.a = field[0];
      step.repeat = size_t(field[2]);
      step.inner = size_t(field[3]);
      step.p[0] = copy(parameter(field[1]), step.repeat * step.inner);
      step.function = field[4];
      break;
    case Opcode::one_hot:
      step.a = field[0];
      step.inner = size_t(field[1]);
      step.p[0] = copy(parameter(field[2]), 2);
      step.function = field[3];
      break;
    case Opcode::trees:
      trees(step, field, word + word[1]);
      break;
    case Opcode::matmul:
      step.a = operand(field[0]);
      step.b = operand(field[1]);
      step.repeat = size_t(field[2]);
      step.inner = size_t(field[4]);
      step.columns = size_t(field[5]);
      step.function = field[6];
      break;
    case Opcode::sort:
      repeated(step, field);
      step.columns = size_t(field[3]);
      step.function = 2 * field[4] + field[5];
      break;
    case Opcode::distances:
      step.a = field[0];
      distances(step, field);
      break;
    case Opcode::nearest:
      repeated(step, field);
      step.columns = size_t(field[3]);
      break;
    case Opcode::couple:
    case Opcode::widen:
    case Opcode::narrow:
      step.a = field[0];
      break;
    case Opcode::require_finite:
      step.a = step.y;
      step.function = field[0];
      break;
    case Opcode::require_exact:
      step.a = step.y;
      break;
    case Opcode::bag:
      step.a = field[0];
      step.inner = size_t(plan_.widths[step.a]);
      step.p[0] = table(parameter(field[1]), step.inner * step.width);
      step.p[1] = field[2] >= 0 ? copy(parameter(field[2]), step.width) : nullptr;
      step.function = field[3];
      break;
    case Opcode::scatter:
      step.a = field[0];
      step.inner = step.width;
      break;
    case Opcode::wide:
      break;  // an instruction within one was refused
  }
  return step;
}

// Adjacent columns are copied at once: `function` is set, and `inner` is the first of them.
template <typename T>
void Network<T>::Builder::gather(Step<T>& step, const int32_t* columns) {
  bool adjacent = true;
  for (size_t i = 1; i < step.width; i++) adjacent = adjacent && columns[i] == columns[i - 1] + 1;
  step.function = adjacent;
  step.inner = size_t(columns[0]);
  if (adjacent) return;
  fill_list(step, step.width, [&](size_t i) { return columns[i]; });
}

template <typename T>
void Network<T>::Builder::concat(Step<T>& step, const int32_t* words, size_t count) {
  fill_list(step, count, [&](size_t i) { return operand(words[i]); });
  // The operands and the width of each, since constants have no entry in widths_.
  const int32_t* const list = step.list;
  fill_list(step, count, [&](size_t i) {
    return words[i] >= 0 ? plan_.widths[words[i]] : int32_t(plan_.parameters[-1 - words[i]].count);
  });
  step.list = list;
  step.list_count = count;
}

template Step<float> Network<float>::Builder::decode(const int32_t*);
template Step<double> Network<double>::Builder::decode(const int32_t*);

}  // namespace fp
