/** Small models of CatBoost as JSON has them, to be changed. */

export interface Split {
  split_index: number;
  split_type: string;
  float_feature_index?: number;
  border?: number;
}

/** Two numbers with the borders 0.5 and 1.5, and 10. */
export function features() {
  const feature = (index: number, borders: number[] | null) => ({
    borders,
    feature_id: '',
    feature_index: index,
    flat_feature_index: index,
    has_nans: false,
    nan_value_treatment: 'AsIs',
  });
  return { float_features: [feature(0, [0.5, 1.5]), feature(1, [10])] as Record<string, unknown>[] };
}

const SPLITS: readonly Split[] = [
  { split_index: 0, split_type: 'FloatFeature', float_feature_index: 0, border: 0.5 },
  { split_index: 1, split_type: 'FloatFeature', float_feature_index: 0, border: 1.5 },
  { split_index: 2, split_type: 'FloatFeature', float_feature_index: 1, border: 10 },
];

export function split(index: number): Split {
  return { ...SPLITS[index] };
}

/** Feature 0 above 0.5 adds 1, feature 1 above 10 adds 2. */
export function symmetric() {
  return { leaf_values: [0, 1, 2, 3], leaf_weights: [1, 1, 1, 1], splits: [split(0), split(2)] as unknown[] | null };
}

/** The same as nested nodes. */
export function nested() {
  const leaf = (value: number) => ({ value, weight: 1 });
  return {
    split: split(0),
    left: { split: split(2), left: leaf(0), right: leaf(2) } as unknown,
    right: { split: split(2), left: leaf(1), right: leaf(3) } as unknown,
  };
}

export function modelOf(trees: object, loss = 'RMSE', info: Record<string, unknown> = {}) {
  return {
    features_info: features() as Record<string, unknown>,
    model_info: { params: { loss_function: { type: loss, params: {} } }, ...info } as Record<string, unknown>,
    scale_and_bias: [1, [0]] as unknown,
    ...trees,
  };
}

export function bytesOf(value: unknown): Uint8Array {
  return new Uint8Array(Buffer.from(JSON.stringify(value)));
}
