"""Every model that make.js froze: the same bits as in Node, of arrays and of records. FORWARDPASS_MODELS is its folder."""

import base64
import json
import math
import os
import unittest
from pathlib import Path

import numpy as np

import forwardpass

try:
    import pandas
except ImportError:
    pandas = None

FOLDER = Path(os.environ["FORWARDPASS_MODELS"])
CASES = json.loads((FOLDER / "expected.json").read_text())


def decoded(value):
    """What encode() of make.js made of arrays and objects."""
    if isinstance(value, list):
        return [decoded(part) for part in value]
    if isinstance(value, dict):
        if "named" in value:
            return {name: decoded(part) for name, part in value["named"]}
        (kind, bits), = value.items()
        return np.frombuffer(base64.b64decode(bits), "<f8" if kind == "f64" else "<f4")
    return value


def flat(value):
    """To be compared: bits of floats, integers as those of floats, labels as themselves."""
    if isinstance(value, dict):
        return {str(name): flat(part) for name, part in value.items()}
    if isinstance(value, list) and any(isinstance(part, np.ndarray) for part in value):
        return [flat(part) for part in value]
    array = np.asarray(value)
    if array.dtype.kind in "fiu":
        array = array.astype(np.float64)
        # Integers have no −0, which JavaScript's integers may be.
        if not np.any(array % 1):
            array = array + 0.0
        # One NaN is as good as another.
        return np.where(np.isnan(array), math.nan, array).tobytes()
    return array.reshape(-1).tolist()


class Models(unittest.TestCase):
    def each(self, check, at_least):
        """Checks every model; ``check`` says whether it compared anything."""
        compared = 0
        for case in CASES:
            with self.subTest(case["path"]):
                compared += bool(check(case, forwardpass.load(FOLDER / case["file"])))
        self.assertGreaterEqual(compared, at_least)

    def test_say_of_themselves_what_node_says(self):
        def check(case, model):
            about = case["about"]
            for ports, wanted in ((model.inputs, about["inputs"]), (model.outputs, about["outputs"])):
                found = [{"name": port.name, "shape": list(port.shape), "dtype": port.dtype} for port in ports]
                self.assertEqual(found, wanted)
            self.assertEqual(model.classes, about.get("classes"))
            self.assertEqual(model.feature_names, about.get("featureNames"))
            self.assertEqual(model.parameter_count, about["parameterCount"])
            return True

        self.each(check, 150)

    def test_run_to_the_bits_of_node(self):
        def check(case, model):
            inputs = {port.name: decoded(case["run"]["inputs"][port.name]) for port in model.inputs}
            inputs = {port.name: inputs[port.name].reshape(-1, *port.shape[1:]) for port in model.inputs}
            if "error" in case["run"]:
                self.refuses(case["run"]["error"], lambda: model.run(inputs))
                return False
            found, wanted = model.run(inputs), decoded(case["run"]["gives"])
            self.assertEqual(flat(found), flat(wanted))
            for port in model.outputs:
                if port.list is None and port.dtype.startswith("float"):
                    self.assertEqual(found[port.name].shape[1:], port.shape[1:])
                    self.assertEqual(found[port.name].dtype, wanted[port.name].dtype)
            return True

        self.each(check, 150)

    def test_predict_of_records_what_node_predicts(self):
        self.each(self.predictions(lambda records: records), 150)

    @unittest.skipIf(pandas is None, "needs pandas")
    def test_predict_of_data_frames_what_node_predicts_of_records(self):
        # Of objects, so that None stays None.
        self.each(self.predictions(lambda records: pandas.DataFrame(records, dtype=object)), 150)

    @unittest.skipIf(pandas is None, "needs pandas")
    def test_predict_of_frames_with_types_what_node_predicts_of_records(self):
        def check(case, model):
            records = case.get("records")
            if not records or any(None in record.values() for record in records):
                return False
            frame = pandas.DataFrame(records)
            for name in frame:
                if frame[name].dtype == object and all(isinstance(value, str) for value in frame[name]):
                    frame[name] = frame[name].astype("category")
            self.assertEqual(flat(model.predict(frame)), flat(decoded(case["predict"]["gives"])))
            return True

        self.each(check, 100)

    def test_give_probabilities_as_node_does(self):
        def check(case, model):
            records = case.get("records")
            if not records:
                return False
            if "error" in case["proba"]:
                self.refuses(case["proba"]["error"], lambda: model.predict_proba(records))
                return False
            self.assertEqual(flat(model.predict_proba(records)), flat(decoded(case["proba"]["gives"])))
            return True

        self.each(check, 30)

    def test_predict_one_record_as_node_does(self):
        def check(case, model):
            if "gives" not in case.get("one", {}):
                return False
            self.assertEqual(flat(model.predict(case["records"][0])), flat(decoded(case["one"]["gives"])))
            return True

        self.each(check, 100)

    def test_refuse_the_records_that_node_refuses(self):
        def check(case, model):
            if "bad" not in case:
                return False
            self.refuses(case["badError"], lambda: model.predict([case["bad"]]))
            return True

        self.each(check, 5)

    def predictions(self, rows):
        def check(case, model):
            records = case.get("records")
            if not records:
                return False
            self.assertEqual(flat(model.predict(rows(records))), flat(decoded(case["predict"]["gives"])))
            return True

        return check

    def refuses(self, code, call):
        with self.assertRaises(forwardpass.ForwardpassError) as caught:
            call()
        self.assertEqual(caught.exception.code, code)


if __name__ == "__main__":
    unittest.main()
