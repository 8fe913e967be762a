"""Forests and boosted trees for `node trees.js` and `node load.js`, in build/trees: made by the libraries, as they save them.

Each is saved twice: by its library, and as an ONNX file of the same trees, so that onnxruntime runs them too. Beside them:
rows.f32, the rows that are run; NAME.f64, what the library gives for them; index.json, which says what there is. XGBoost is
left out where it is not installed. Takes some minutes, once: `python make_trees.py`, or with the names of models to make
again.
"""

import json
import pickle
import sys
from pathlib import Path

import joblib
import lightgbm
import numpy as np
import onnx
import sklearn
from onnx import TensorProto, helper
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

try:
    import xgboost
except ImportError:
    xgboost = None

FOLDER = Path(__file__).parent.parent / "build" / "trees"
FEATURES, ROWS = 30, 4096
THREADS = 2
OPSET_ML, OPSET, IR_VERSION = 3, 20, 9


def data(rows, noise, seed):
    """Rows of float32 values and a target that ten of the features make, with noise: [rows, FEATURES] and [rows]."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(rows, FEATURES)).astype(np.float32)
    y = x[:, 0] * x[:, 1] + 2 * np.sin(2 * x[:, 2]) + x[:, 3] + np.abs(x[:, 4]) + np.where(x[:, 5] > x[:, 6], 1, 0) + 0.5 * x[:, 7:10].sum(1)
    return x, (y + random.normal(scale=noise, size=rows)).astype(np.float64)


def floor32(values):
    """The largest float32 that is not above: for a float32 x, `x <= t` and `x <= floor32(t)` are the same."""
    rounded = values.astype(np.float32)
    return np.where(rounded > values, np.nextafter(rounded, np.float32(-np.inf)), rounded).astype(np.float32)


class Tree:
    """Nodes from the root on, children after their parents: arrays of features, thresholds, children, and of leaves' values.

    `left` is below 0 at a leaf, and `value` is what the leaf adds.
    """

    def __init__(self, feature, threshold, left, right, value):
        self.feature, self.threshold, self.left, self.right, self.value = feature, threshold, left, right, value
        depth = np.zeros(len(left), int)
        for node in np.flatnonzero(left >= 0):
            depth[[left[node], right[node]]] = depth[node] + 1
        self.leaves, self.depth = int((left < 0).sum()), int(depth.max())


def lightgbm_trees(booster):
    """Of the text that LightGBM saves, in which a child below 0 is leaf ~child."""
    for block in booster.model_to_string().split("Tree=")[1:]:
        fields = dict(line.split("=", 1) for line in block.splitlines()[1:] if "=" in line)
        numbers = lambda name, kind: np.array(fields[name].split(), kind)
        inner = int(fields["num_leaves"]) - 1
        if inner == 0 or not set(numbers("decision_type", int)) <= {0, 2}:
            raise SystemExit("expected trees of LightGBM with splits of numbers, none of which is ever missing")
        children = [numbers(side, int) for side in ("left_child", "right_child")]
        left, right = (np.concatenate([np.where(side < 0, inner + ~side, side), np.full(inner + 1, -1)]) for side in children)
        none = np.zeros(inner + 1)
        feature = np.concatenate([numbers("split_feature", int), none.astype(int)])
        threshold = np.concatenate([numbers("threshold", float), none])
        yield Tree(feature, floor32(threshold), left, right, np.concatenate([none[:-1], numbers("leaf_value", float)]))


def forest_trees(forest):
    """A classifier's leaves hold the share of its second class."""
    for estimator in forest.estimators_:
        tree = estimator.tree_
        value = tree.value[:, 0, -1] / len(forest.estimators_)
        yield Tree(np.maximum(tree.feature, 0), floor32(tree.threshold), tree.children_left, tree.children_right, value)


def xgboost_trees(booster):
    for tree in json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]["model"]["trees"]:
        condition = np.array(tree["split_conditions"], np.float32)
        left, right = np.array(tree["left_children"]), np.array(tree["right_children"])
        yield Tree(np.array(tree["split_indices"]), condition, left, right, condition)


def write_onnx(path, trees, mode, base=None, classifies=False):
    """An ensemble of one output: a sum, or as skl2onnx writes two classes, the share of the second in each leaf."""
    counts = [len(tree.left) for tree in trees]
    joined = lambda name: np.concatenate([getattr(tree, name) for tree in trees])
    tree_ids = np.repeat(np.arange(len(trees)), counts)
    node_ids = np.concatenate([np.arange(count) for count in counts])
    is_leaf = joined("left") < 0
    kind = "class" if classifies else "target"
    attributes = {
        "nodes_treeids": tree_ids,
        "nodes_nodeids": node_ids,
        "nodes_featureids": joined("feature"),
        "nodes_values": joined("threshold").astype(np.float32),
        "nodes_modes": np.where(is_leaf, "LEAF", mode),
        "nodes_truenodeids": np.maximum(joined("left"), 0),
        "nodes_falsenodeids": np.maximum(joined("right"), 0),
        f"{kind}_treeids": tree_ids[is_leaf],
        f"{kind}_nodeids": node_ids[is_leaf],
        f"{kind}_ids": np.zeros(is_leaf.sum(), int),
        f"{kind}_weights": joined("value")[is_leaf].astype(np.float32),
    }
    attributes = {name: values.tolist() for name, values in attributes.items()}
    rows = helper.make_tensor_value_info("features", TensorProto.FLOAT, ["rows", FEATURES])
    scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["rows", 2 if classifies else 1])
    outputs = [scores]
    if classifies:
        outputs.insert(0, helper.make_tensor_value_info("label", TensorProto.INT64, ["rows"]))
        attributes["classlabels_int64s"] = [0, 1]
    else:
        attributes["n_targets"] = 1
        if base is not None:
            attributes["base_values"] = [base]
    operator = "TreeEnsembleClassifier" if classifies else "TreeEnsembleRegressor"
    names = [output.name for output in outputs]
    node = helper.make_node(operator, ["features"], names, domain="ai.onnx.ml", **attributes)
    graph = helper.make_graph([node], "trees", [rows], outputs)
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", OPSET_ML)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="forwardpass-bench")
    path.write_bytes(model.SerializeToString())


def boosted(trees, leaves):
    def make(name, rows):
        x, y = data(50_000, 0.5, 1)
        settings = {"num_leaves": leaves, "learning_rate": 0.1, "num_threads": THREADS, "verbose": -1, "seed": 1}
        booster = lightgbm.train(settings, lightgbm.Dataset(x, y), trees)
        booster.save_model(FOLDER / f"{name}.txt")
        made = list(lightgbm_trees(booster))
        write_onnx(FOLDER / f"{name}.onnx", made, "BRANCH_LEQ")
        return "LightGBM", f"{name}.txt", made, booster.predict(rows)

    return make


def forest(kind, samples, noise, trees=100):
    def make(name, rows):
        x, y = data(samples, noise, 2)
        classifies = kind is RandomForestClassifier
        model = kind(trees, n_jobs=THREADS, random_state=1).fit(x, (y > np.median(y)).astype(int) if classifies else y).set_params(n_jobs=1)
        (FOLDER / f"{name}.pkl").write_bytes(pickle.dumps(model))
        made = list(forest_trees(model))
        write_onnx(FOLDER / f"{name}.onnx", made, "BRANCH_LEQ", classifies=classifies)
        return kind.__name__, f"{name}.pkl", made, model.predict_proba(rows) if classifies else model.predict(rows)

    return make


def xgboost_boosted(trees, depth):
    def make(name, rows):
        x, y = data(50_000, 0.5, 1)
        settings = {"max_depth": depth, "eta": 0.1, "tree_method": "hist", "nthread": THREADS, "seed": 1}
        booster = xgboost.train(settings, xgboost.DMatrix(x, y), trees)
        booster.save_model(FOLDER / f"{name}.ubj")
        made = list(xgboost_trees(booster))
        base = json.loads(booster.save_config())["learner"]["learner_model_param"]["base_score"]
        write_onnx(FOLDER / f"{name}.onnx", made, "BRANCH_LT", float(base))
        return "XGBoost", f"{name}.ubj", made, booster.inplace_predict(rows)

    return make


MODELS = {
    "lightgbm-100x31": boosted(100, 31),
    "lightgbm-100x64": boosted(100, 64),
    "lightgbm-300x64": boosted(300, 64),
    "lightgbm-1000x64": boosted(1000, 64),
    "xgboost-100-depth-6": xgboost_boosted(100, 6),
    "forest-classifier": forest(RandomForestClassifier, 20_000, 1.5),
    "forest-regressor": forest(RandomForestRegressor, 6_000, 0.5),
}


def make_large():
    """A forest of some 100 MB as pickle and joblib save it, and a small one as NAME.small: for `node load.js`."""
    for ending, size in (("", 11_500), (".small", 100)):
        x, y = data(size, 0.5, 3)
        model = RandomForestRegressor(100 if ending == "" else 2, n_jobs=THREADS, random_state=1).fit(x, y)
        (FOLDER / f"large.pkl{ending}").write_bytes(pickle.dumps(model))
        joblib.dump(model, FOLDER / f"large.joblib{ending}")


def main(names):
    FOLDER.mkdir(parents=True, exist_ok=True)
    rows = data(ROWS, 0, 4)[0]
    (FOLDER / "rows.f32").write_bytes(rows.tobytes())
    index = FOLDER / "index.json"
    known = {model["name"]: model for model in json.loads(index.read_text())["models"]} if index.exists() else {}
    for name, make in MODELS.items():
        if names and name not in names or name.startswith("xgboost") and xgboost is None:
            continue
        kind, file, trees, outputs = make(name, rows)
        (FOLDER / f"{name}.f64").write_bytes(np.asarray(outputs, np.float64).tobytes())
        leaves, depth = [tree.leaves for tree in trees], max(tree.depth for tree in trees)
        known[name] = {"name": name, "kind": kind, "file": file, "trees": len(trees), "leaves": round(np.mean(leaves)), "depth": depth}
        print(f"{name}: {len(trees)} trees, {min(leaves)} to {max(leaves)} leaves, {depth} deep", flush=True)
    if not names or "large" in names:
        make_large()
    versions = {"lightgbm": lightgbm.__version__, "scikit-learn": sklearn.__version__, "onnx": onnx.__version__}
    if xgboost is not None:
        versions["xgboost"] = xgboost.__version__
    models = [known[name] for name in MODELS if name in known]
    index.write_text(json.dumps({"features": FEATURES, "rows": ROWS, "versions": versions, "models": models}, indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
