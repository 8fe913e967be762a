"""What the package promises beside its numbers. FORWARDPASS_MODELS is the folder that make.js wrote."""

import json
import multiprocessing
import os
import pickle
import shutil
import struct
import tempfile
import threading
import unittest
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np

import forwardpass
from forwardpass._hashes import category_hash, fingerprint64, sip_hash64

FOLDER = Path(os.environ["FORWARDPASS_MODELS"])
ROOT = Path(__file__).resolve().parents[2]
CASES = json.loads((FOLDER / "expected.json").read_text())


def file_of(path):
    return FOLDER / next(case["file"] for case in CASES if case["path"] == path)


DIGITS = file_of("examples/digits/digits.onnx")
CATEGORIES = file_of("test/fixtures/lightgbm/categories.txt")
FORMULA = file_of("test/fixtures/statsmodels/formula-no-intercept.pkl")
WORDS = file_of("test/fixtures/sklearn-steps/one-hot-given.joblib")


def scored(model, seed):
    """In a process of a pool."""
    return model.run(np.random.default_rng(seed).random((50, 64), np.float32)).tobytes()


class Loading(unittest.TestCase):
    def fails(self, code, part, call):
        with self.assertRaises(forwardpass.ForwardpassError) as caught:
            call()
        self.assertEqual(caught.exception.code, code)
        self.assertIn(part, str(caught.exception))
        return caught.exception

    def test_other_files_are_told_from_frozen_ones(self):
        advice = "run `npx forwardpass freeze"
        self.fails("UNKNOWN_FORMAT", advice, lambda: forwardpass.load(ROOT / "examples/digits/digits.onnx"))
        plain = b"{}".ljust(8)
        self.fails("UNKNOWN_FORMAT", advice, lambda: forwardpass.load(struct.pack("<Q", 8) + plain))
        self.fails("UNKNOWN_FORMAT", advice, lambda: forwardpass.load(b""))
        self.fails("SOURCE", "No such file", lambda: forwardpass.load("nowhere.safetensors"))

    def test_every_cut_is_refused(self):
        data = CATEGORIES.read_bytes()
        for size in [*range(0, len(data), 997), len(data) - 1]:
            with self.assertRaises(forwardpass.ForwardpassError):
                forwardpass.load(data[:size])

    def test_a_description_that_lies_is_refused(self):
        data = CATEGORIES.read_bytes()
        (length,) = struct.unpack("<Q", data[:8])
        header = json.loads(data[8 : 8 + length])

        def changed(change):
            metadata = dict(header["__metadata__"])
            graph = json.loads(metadata["forwardpass"])
            change(graph)
            text = json.dumps({**header, "__metadata__": {**metadata, "forwardpass": json.dumps(graph)}}).encode()
            text = text.ljust(-(-len(text) // 8) * 8)
            return struct.pack("<Q", len(text)) + text + data[8 + length :]

        forwardpass.load(changed(lambda graph: None))
        for change in (
            lambda graph: graph["inputs"][0].update(words=[[10**9, ["a"]]]),
            lambda graph: graph["inputs"][0].update(words=[[0, [1]]]),
            lambda graph: graph["inputs"][0].update(words=7),
            lambda graph: graph["inputs"][0].update(name="other"),
            lambda graph: graph.update(inputs=[]),
            lambda graph: graph.update(classes=[[]]),
            lambda graph: graph.pop("outputs"),
        ):
            self.fails("MALFORMED", "forwardpass", lambda: forwardpass.load(changed(change)))

    def test_options_are_checked(self):
        self.fails("OPTION", "threads", lambda: forwardpass.load(DIGITS, threads=0))
        self.fails("ISA", "mmx", lambda: forwardpass.load(DIGITS, isa="mmx"))
        self.fails("LIMIT", "max_bytes", lambda: forwardpass.load(DIGITS, max_bytes=1))

    def test_the_instruction_set_and_threads_change_no_bit(self):
        x = np.random.default_rng(1).random((3000, 64))
        wanted = forwardpass.load(DIGITS).run(x).tobytes()
        self.assertEqual(forwardpass.load(DIGITS, isa="scalar").run(x).tobytes(), wanted)
        self.assertEqual(forwardpass.load(DIGITS, threads=4).run(x).tobytes(), wanted)


class Running(unittest.TestCase):
    def setUp(self):
        self.model = forwardpass.load(DIGITS)

    fails = Loading.fails

    def test_arrays_of_any_layout_and_type_are_taken(self):
        x = np.random.default_rng(1).integers(0, 16, (20, 64)).astype(np.float64)
        wanted = self.model.run(x)
        self.assertEqual(wanted.dtype, {"f32": np.float32, "f64": np.float64}[self.model.precision])
        self.assertEqual(wanted.shape, (20, 10))
        for other in (
            *[x.astype(kind) for kind in ("f2", "f4", ">f8", "g", "i1", "u2", "i4", "u4", "i8", "u8")],
            np.asfortranarray(x),
            np.repeat(x, 2, axis=1)[:, ::2],
            x.tolist(),
        ):
            np.testing.assert_array_equal(self.model.run(other), wanted)
        self.assertEqual(self.model.run(x[:0]).shape, (0, 10))

    def test_arrays_that_do_not_fit_are_refused(self):
        self.fails("INPUT", "expected an array of (rows, 64), found (64,)", lambda: self.model.run(np.zeros(64)))
        self.fails("INPUT", "found (2, 63)", lambda: self.model.run(np.zeros((2, 63))))
        self.fails("INPUT", "expected an array of numbers", lambda: self.model.run(np.array([["a"] * 64])))
        self.fails("INPUT", "no float64 holds", lambda: self.model.run(np.full((1, 64), 2**53 + 1)))
        self.fails("INPUT", "is not an input", lambda: self.model.run({"x": np.zeros((1, 64)), "y": 1}))

    def test_names_that_only_look_right_are_an_error(self):
        model = forwardpass.load(WORDS)
        names, words = model.feature_names, model.inputs[0].categories
        self.assertTrue(words)
        record = {name: words[at][0] if at in words else 1 for at, name in enumerate(names)}
        model.predict([record])
        wrong = {name.upper() + " ": value for name, value in record.items()}
        error = self.fails("INPUT", f'did you mean "{names[0]}"?', lambda: model.predict([wrong]))
        self.assertEqual(error.place, "rows")
        name = names[next(iter(words))]
        error = self.fails("INPUT", "expected a string", lambda: model.predict([record, {**record, name: 3}]))
        self.assertEqual(error.place, f"rows[1].{name}")
        error = self.fails("INPUT", f'lacks "{name}"', lambda: model.predict([record, {**record, name: 3}, {}]))

    def test_what_a_run_refuses_is_named(self):
        model = forwardpass.load(FORMULA)
        good = {"age": 1.5, "city": model.inputs[0].categories[1][0]}
        model.predict([good])
        error = self.fails("ID", "a word that the model does not know", lambda: model.predict([good, {**good, "city": "x"}]))
        self.assertEqual(error.place, "rows[1].city")

    def test_threads_share_a_model(self):
        x = [np.random.default_rng(seed).random((500, 64)) for seed in range(8)]
        wanted = [self.model.run(part).tobytes() for part in x]
        with ThreadPoolExecutor(8) as pool:
            for _ in range(5):
                self.assertEqual([part.tobytes() for part in pool.map(self.model.run, x)], wanted)

    def test_labels_are_decided_once_however_many_threads_ask_first(self):
        path = next(case["file"] for case in CASES if self.has_decider(case))
        model = forwardpass.load(FOLDER / path)
        width = model.inputs[0].shape[1]
        x = np.random.default_rng(1).random((50, width))
        found, barrier = [], threading.Barrier(6)

        def ask():
            barrier.wait()
            found.append(model.predict(x).tolist())

        threads = [threading.Thread(target=ask) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(found, [found[0]] * 6)

    def has_decider(self, case):
        is_plain = len(case["about"]["inputs"]) == 1 and case["about"]["inputs"][0]["dtype"].startswith("float")
        return is_plain and b"forwardpass.decider" in (FOLDER / case["file"]).read_bytes()


class Pickling(unittest.TestCase):
    fails = Loading.fails

    def test_by_path_it_is_small_and_by_bytes_it_needs_no_file(self):
        by_path, by_bytes = forwardpass.load(DIGITS), forwardpass.load(DIGITS.read_bytes())
        self.assertLess(len(pickle.dumps(by_path)), 500)
        x = np.random.default_rng(1).random((5, 64))
        for model in (by_path, by_bytes):
            again = pickle.loads(pickle.dumps(model))
            self.assertEqual(again.run(x).tobytes(), model.run(x).tobytes())
            self.assertIs(pickle.loads(pickle.dumps(model)), again)

    def test_another_file_under_the_path_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "model.safetensors")
            shutil.copy(DIGITS, path)
            pickled = pickle.dumps(forwardpass.load(path))
            shutil.copy(CATEGORIES, path)
            self.fails("CHECKSUM", "other bytes", lambda: pickle.loads(pickled))

    def test_processes_of_a_pool_hold_it(self):
        model = forwardpass.load(DIGITS)
        with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
            found = list(pool.map(scored, [model] * 4, range(4)))
        self.assertEqual(found, [scored(model, seed) for seed in range(4)])

    def test_errors_travel(self):
        error = self.fails("INPUT", "found", lambda: forwardpass.load(DIGITS).run(np.zeros(3)))
        again = pickle.loads(pickle.dumps(error))
        self.assertEqual((again.code, again.place, str(again)), (error.code, error.place, str(error)))


class Hashes(unittest.TestCase):
    def test_are_those_of_tensorflow(self):
        known = json.loads((ROOT / "test/fixtures/word-hashes.json").read_text())
        places = int(known["places"])
        for at, word in enumerate(known["words"]):
            data = word.encode()
            self.assertEqual(fingerprint64(data) % places, int(known["fast"][at]))
            for key, hashes in zip(known["keys"], known["strong"]):
                self.assertEqual(sip_hash64(data, *map(int, key)) % places, int(hashes[at]))

    def test_are_those_of_catboost(self):
        for word, value in {"x": -784473192, "z": 476319382, "café": 0x5E444218, "Private": 0x7C3B6417}.items():
            self.assertEqual(category_hash(word), value)
        lengths = {5: -1842174072, 9: -1275414319, 17: 1357746779, 33: 1519759389, 65: 1037480648, 200: 1734888256}
        for length, value in lengths.items():
            self.assertEqual(category_hash(("abcdefghij" * 20)[:length]), value)


if __name__ == "__main__":
    unittest.main()
