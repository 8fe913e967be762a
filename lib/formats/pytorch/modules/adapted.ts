/** Linear layers that peft wraps in a LoRA adapter; a whole module contains the adapter's scale. */
import { PickleDict, PickleList, type PickleValue } from '../../containers/pickle/values.ts';
import type { Chain, Translate } from './chain.ts';
import { linear } from './layers.ts';
import type { TorchModule } from './module.ts';

export const ADAPTED = 'peft.tuners.lora.layer.Linear';

/** A layer that is trained as a whole while others have adapters. */
export const SAVED_WHOLE = 'peft.utils.other.ModulesToSaveWrapper';

const MERGE = "merge the adapter (peft's merge_and_unload()) before saving";

/** The layer itself, and its adapters. */
export function adaptedLinear(module: TorchModule): { readonly module: TorchModule; readonly translate: Translate } {
  const base = module.child('base_layer');
  const kind = base.className;
  if (kind !== 'torch.nn.modules.linear.Linear')
    throw module.unsupported(`adapts ${kind}, which is not supported; ${MERGE}`);
  const translate: Translate = (_, chain) => {
    linear(base, chain);
    for (const name of activeAdapters(module)) add(module, base, name, chain);
  };
  return { module: base, translate };
}

/** The layer that such a wrapper runs. */
export function savedModule(module: TorchModule): TorchModule {
  const [name, ...others] = namesIn(module.attribute('_active_adapter'));
  if (others.length > 0) throw module.unsupported(`uses several layers; ${MERGE}`);
  const isOriginal = name === undefined || module.flag('_disable_adapters', false);
  return isOriginal ? module.child('original_module') : module.child('modules_to_save').child(name);
}

function activeAdapters(module: TorchModule): string[] {
  for (const setting of ['use_dora', 'lora_variant', 'lora_bias']) {
    const given = module.attribute(setting);
    const values = given instanceof PickleDict ? given.entries.map(([, value]) => value) : [];
    if (values.some((value) => value !== false && value !== null)) {
      throw module.unsupported(`sets ${setting}, with which adapters are not supported; ${MERGE}`);
    }
  }
  if (module.flag('fan_in_fan_out', false)) throw module.unsupported(`stores its weight transposed; ${MERGE}`);
  if (module.flag('_disable_adapters', false)) return [];
  const merged = namesIn(module.attribute('merged_adapters'));
  // If an adapter was merged, the layer computes only with its weight.
  return merged.length > 0 ? [] : namesIn(module.attribute('_active_adapter'));
}

function namesIn(value: PickleValue | undefined): string[] {
  const items = value instanceof PickleList ? value.items : [value];
  return items.filter((item) => typeof item === 'string');
}

function add(module: TorchModule, base: TorchModule, name: string, chain: Chain): void {
  const scales = module.attribute('scaling');
  const scale = scales instanceof PickleDict ? scales.get(name) : undefined;
  // A layer need not have every adapter.
  if (scale === undefined) return;
  if (typeof scale !== 'number') throw module.malformed(`has no number for the scale of its adapter`);
  const [a, b] = ['lora_A', 'lora_B'].map((side) => module.child(side).child(name).tensor('weight'));
  if (a === undefined || b === undefined) throw module.malformed('has an adapter without its two matrices');
  const weight = base.tensorName('weight');
  chain.adapters.set(weight, [...(chain.adapters.get(weight) ?? []), { a, b, scale }]);
}
