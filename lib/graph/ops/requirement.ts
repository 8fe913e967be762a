/** Operations that declare what a model requires of values, and whether they are integers. */
import { type OpDefinition, refuse } from './definition.ts';

export const requireFinite: OpDefinition<'require_finite'> = {
  operands: [1, 1],

  infer(node, [x]) {
    const { nan } = node.attributes;
    if (typeof nan !== 'boolean') refuse(node, 'MALFORMED', `nan must be true or false, found ${String(nan)}`);
    return x;
  },

  evaluate(node, [{ data }]) {
    const { nan } = node.attributes;
    const stray = data.find((value) => !Number.isFinite(value) && !(nan && Number.isNaN(value)));
    if (stray !== undefined) refuse(node, 'MALFORMED', `a constant must be finite here, found ${stray}`);
    return data;
  },

  lower(node, _shape, plan) {
    const x = plan.view(node.inputs[0]);
    plan.requireFinite(plan.narrowed(x), node.attributes.nan);
    return x;
  },
};

export const retype: OpDefinition<'retype'> = {
  operands: [1, 1],

  infer(node, [x]) {
    const { to } = node.attributes;
    if (to === 'integer' || to === 'float') return x;
    return refuse(node, 'MALFORMED', `to must be integer or float, found ${String(to)}`);
  },

  evaluate: (_node, [{ data }]) => data,
  lower: (node, _shape, plan) => plan.view(node.inputs[0]),
};
