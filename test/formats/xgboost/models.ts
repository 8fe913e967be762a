/** Small models of XGBoost as JSON has them, to be changed. */

export interface Tree {
  tree_param: Record<string, string>;
  left_children: number[];
  right_children: number[];
  split_indices: number[];
  split_conditions: (number | string)[];
  default_left: (number | boolean)[];
  split_type?: number[];
  categories?: number[];
  categories_nodes?: number[];
  categories_segments?: number[];
  categories_sizes?: number[];
}

/** Feature 0 below 1.5 gives 1, else 2. */
export function stump(): Tree {
  return {
    tree_param: { num_nodes: '3', size_leaf_vector: '0' },
    left_children: [1, -1, -1],
    right_children: [2, -1, -1],
    split_indices: [0, 0, 0],
    split_conditions: [1.5, 1, 2],
    default_left: [0, 0, 0],
  };
}

/** Feature 0 of the categories 1 and 3 gives 2, all others 1. */
export function categorical(): Tree {
  return {
    ...stump(),
    split_type: [1, 0, 0],
    categories: [1, 3],
    categories_nodes: [0],
    categories_segments: [0],
    categories_sizes: [2],
  };
}

export function modelOf(
  trees: readonly Tree[],
  parameters: Record<string, string> = {},
  objective = 'reg:squarederror',
) {
  return {
    learner: {
      attributes: {} as Record<string, string>,
      feature_names: [] as string[],
      gradient_booster: {
        name: 'gbtree',
        model: {
          gbtree_model_param: { num_trees: `${trees.length}`, num_parallel_tree: '1' },
          tree_info: trees.map(() => 0),
          trees,
        } as Record<string, unknown>,
      },
      learner_model_param: { base_score: '0', num_class: '0', num_feature: '2', num_target: '1', ...parameters },
      objective: { name: objective },
    },
    version: [1, 7, 4],
  };
}

export function bytesOf(value: unknown): Uint8Array {
  return new Uint8Array(Buffer.from(JSON.stringify(value)));
}
