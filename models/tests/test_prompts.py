"""The prompts' promises: every file is the one prompts.toml lists, fit for the line and at one level."""

from __future__ import annotations

import hashlib
import tomllib
import unittest
import wave
from pathlib import Path

import numpy as np

PROMPTS = Path(__file__).resolve().parents[1] / "prompts"


class Prompts(unittest.TestCase):
    """The files of models/prompts against their listing."""

    def setUp(self) -> None:
        self.listing = tomllib.loads((PROMPTS / "prompts.toml").read_text())["prompt"]

    def test_the_listing_and_the_folder_name_the_same_files(self) -> None:
        names = [prompt["name"] for prompt in self.listing]
        self.assertEqual(sorted(names), sorted(path.stem for path in PROMPTS.glob("*.wav")))
        self.assertEqual(len(names), len(set(names)))

    def test_every_file_is_the_listed_one_in_both_languages(self) -> None:
        for prompt in self.listing:
            path = PROMPTS / f"{prompt['name']}.wav"
            self.assertEqual(hashlib.sha256(path.read_bytes()).hexdigest(), prompt["sha256"], path)
            self.assertTrue(prompt["zh"] and prompt["en"], path)

    def test_every_file_is_8_khz_16_bit_mono_and_at_about_minus_20_db(self) -> None:
        for prompt in self.listing:
            with wave.open(str(PROMPTS / f"{prompt['name']}.wav")) as file:
                form = file.getframerate(), file.getsampwidth(), file.getnchannels()
                sound = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
            self.assertEqual(form, (8000, 2, 1), prompt["name"])
            self.assertEqual(len(sound) * 1000 // 8000, prompt["length_ms"], prompt["name"])
            level = 20 * np.log10(np.sqrt(np.mean(sound**2)))
            self.assertAlmostEqual(level, -20, delta=2, msg=prompt["name"])
            self.assertLess(np.abs(sound).max(), 1, prompt["name"])

    def test_the_welcome_says_first_that_a_machine_speaks(self) -> None:
        welcome = next(prompt for prompt in self.listing if prompt["name"] == "welcome")
        self.assertTrue(welcome["zh"].startswith("本语音由人工智能生成"))


if __name__ == "__main__":
    unittest.main()
