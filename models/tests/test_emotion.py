"""The emotion pack's promises: the script's features and the committed network give the committed vectors."""

from __future__ import annotations

import json
import sys
import tomllib
import unittest
from pathlib import Path

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator

EMOTION = Path(__file__).resolve().parents[1] / "emotion"
sys.path.insert(0, str(EMOTION))

from features import FEATURES, SHORTEST, features


class Emotion(unittest.TestCase):
    """The files of models/emotion against each other."""

    def setUp(self) -> None:
        self.vectors = json.loads((EMOTION / "vectors.json").read_text())
        self.card = tomllib.loads((EMOTION / "card.toml").read_text())

    def test_the_features_of_the_test_signals_are_the_committed_ones(self) -> None:
        for vector in self.vectors["vectors"]:
            numbers = features(np.array(vector["samples"]) / 32768)
            np.testing.assert_allclose(numbers, vector["features"], rtol=1e-6, atol=1e-8, err_msg=vector["name"])

    def test_the_network_gives_the_committed_probabilities(self) -> None:
        network = ReferenceEvaluator(onnx.load(EMOTION / "emotion.onnx"))
        for vector in self.vectors["vectors"]:
            row = np.array([vector["features"]], np.float32)
            (shares,) = network.run(["probs"], {"features": row})
            np.testing.assert_allclose(shares[0], vector["probabilities"], atol=1e-4, err_msg=vector["name"])
            self.assertAlmostEqual(float(shares.sum()), 1, places=5)

    def test_the_shapes_are_those_that_speech_expects(self) -> None:
        graph = onnx.load(EMOTION / "emotion.onnx").graph
        shape = lambda value: [axis.dim_value for axis in value.type.tensor_type.shape.dim]
        self.assertEqual(shape(graph.input[0]), [1, FEATURES])
        self.assertEqual(shape(graph.output[0]), [1, len(self.card["labels"])])

    def test_card_and_vectors_and_manifest_name_the_same_labels(self) -> None:
        manifest = tomllib.loads((EMOTION.parent / "manifest.toml").read_text())
        pack = next(pack for pack in manifest["pack"] if pack["engine"] == "emotion")
        self.assertEqual(pack["labels"], self.card["labels"])
        self.assertEqual(self.vectors["labels"], self.card["labels"])

    def test_the_card_names_the_data_its_licence_and_the_limits(self) -> None:
        words = (EMOTION / "card.md").read_text()
        for part in ("Burkhardt", "Interspeech 2005", "unverified", "advisory", "caller's leg", "Acted German"):
            self.assertIn(part, words + json.dumps(self.card))

    def test_silence_a_steady_tone_and_one_click_have_finite_features(self) -> None:
        click = np.zeros(4000)
        click[1000] = 1
        tone = np.sin(np.arange(4000) * 2 * np.pi * 200 / 8000)
        for name, sound in (("silence", np.zeros(4000)), ("tone", tone), ("click", click)):
            self.assertTrue(np.isfinite(features(sound)).all(), name)

    def test_a_phrase_too_short_to_judge_has_no_features(self) -> None:
        self.assertIsNone(features(np.zeros(SHORTEST - 1)))


if __name__ == "__main__":
    unittest.main()
