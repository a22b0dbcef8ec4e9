"""The bill of materials: whole, the same each time, in CycloneDX's form; and licences that a box may be made of."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import os
import re
import subprocess
import tempfile
import tomllib
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]

# What a box, its tests or its tools may be made of. Another licence is for a person to decide on.
ALLOWED = {
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "BlueOak-1.0.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
}
# CycloneDX 1.6 JSON schema, what this bill uses of it.
HASHES = {"SHA-256": 64, "SHA-512": 128}
KINDS = {"library", "firmware", "machine-learning-model", "file"}
FIELDS = {"type", "bom-ref", "name", "version", "description", "hashes", "licenses", "purl", "properties", "components"}


def script() -> object:
    """scripts/sbom as a module."""
    loader = importlib.machinery.SourceFileLoader("sbom", str(ROOT / "scripts/sbom"))
    spec = importlib.util.spec_from_loader("sbom", loader)
    module = importlib.util.module_from_spec(spec)
    with mock.patch("sys.dont_write_bytecode", new=True):
        loader.exec_module(module)
    return module


sbom = script()


def every(parts: list[dict]) -> list[dict]:
    """Parts and the parts in them."""
    return [one for part in parts for one in [part, *every(part.get("components", []))]]


class Bill(unittest.TestCase):
    """What scripts/sbom --out writes."""

    @classmethod
    def setUpClass(cls) -> None:
        with mock.patch.dict(os.environ, {"SOURCE_DATE_EPOCH": "1700000000"}):
            cls.bill = sbom.bill("x86-64", "4.5.6")
            cls.again = sbom.bill("x86-64", "4.5.6")

    def test_same_sources_give_the_same_bill(self) -> None:
        self.assertEqual(json.dumps(self.bill), json.dumps(self.again))
        self.assertEqual(self.bill["metadata"]["timestamp"], "2023-11-14T22:13:20Z")

    def test_bill_has_the_form_of_cyclonedx(self) -> None:
        bill = self.bill
        self.assertEqual((bill["bomFormat"], bill["specVersion"], bill["version"]), ("CycloneDX", "1.6", 1))
        self.assertRegex(bill["serialNumber"], r"^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
        parts = every([bill["metadata"]["component"], *bill["components"]])
        for part in parts:
            self.assertLessEqual(set(part), FIELDS)
            self.assertIn(part["type"], KINDS)
            self.assertTrue(part["name"])
            for one in part.get("hashes", []):
                self.assertRegex(one["content"], rf"^[0-9a-f]{{{HASHES[one['alg']]}}}$")
            for one in part.get("licenses", []):
                self.assertEqual(len(one), 1)
                self.assertTrue(one.get("expression") or one["license"]["name"])
        references = [part["bom-ref"] for part in parts]
        self.assertEqual(len(references), len(set(references)), "every reference is of one part")
        for one in bill["dependencies"]:
            self.assertLessEqual({one["ref"], *one["dependsOn"]}, set(references))

    def test_crates_packages_and_packs_are_all_in_it(self) -> None:
        parts = {part["bom-ref"]: part for part in self.bill["components"]}
        self.assertIn("pkg:npm/preact@", "\n".join(parts))
        crates = [part for reference, part in parts.items() if reference.startswith("pkg:cargo/")]
        self.assertGreater(len(crates), 200)
        for part in crates:
            self.assertTrue(part["hashes"][0]["content"] and part["licenses"][0]["expression"], part["name"])
        self.assertNotIn("proptest", {part["name"] for part in crates}, "tests' crates are not in a box")
        packs = {part["name"] for part in self.bill["components"] if part["type"] == "machine-learning-model"}
        wanted = {pack["name"] for pack in tomllib.loads((ROOT / "models/manifest.toml").read_text())["pack"] if pack["default"]}
        self.assertEqual(packs, wanted)

    def test_packages_of_a_boards_lock_are_in_it(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            board = Path(folder, "board/x86-64")
            board.mkdir(parents=True)
            (board / "packages.lock").write_text(f"# made\nlibstdc++6 12.2.0-14+deb12u1 amd64 {'a' * 64}\nnftables 1:1.0.6-2 amd64 {'b' * 64}\n")
            with mock.patch.object(sbom, "ROOT", Path(folder)):
                self.assertEqual([line[0] for line in sbom.debian_packages("x86-64")], ["libstdc++6", "nftables"])
                self.assertEqual(sbom.debian_packages("arm64"), [])
                (board / "packages.lock").write_text("nftables 1.0.6-2\n")
                with self.assertRaisesRegex(SystemExit, "is not NAME VERSION ARCH SHA256"):
                    sbom.debian_packages("x86-64")

    def test_another_board_is_refused_by_name(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            call = [str(ROOT / "scripts/sbom"), "--board", "toaster", "--out", f"{folder}/bill"]
            ended = subprocess.run(call, stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(ended.returncode, 2)
        self.assertIn("no board `toaster`", ended.stderr)


class Licences(unittest.TestCase):
    """What a box may be made of, and what the page shows."""

    def test_every_crate_is_under_a_licence_that_is_allowed(self) -> None:
        wrong = []
        for one in sbom.every_crate():
            stated = sbom.crate_licence(one)
            for part in re.split(r"\s+AND\s+(?![^(]*\))", stated):
                choices = re.split(r"\s+OR\s+", part.strip().strip("()"))
                if not ALLOWED & set(choices):
                    wrong.append(f"{one['name']} {one['version']}: {stated or 'none stated'}")
        self.assertEqual(wrong, [])

    def test_every_npm_package_of_the_page_is_under_one_too(self) -> None:
        self.assertEqual([one["name"] for one in sbom.npm_packages() if one["license"] not in ALLOWED], [])

    def test_page_lists_every_part_with_a_text_where_its_licence_asks_for_one(self) -> None:
        page = sbom.page()
        self.assertEqual([part["name"] for part in page["parts"] if part["kind"] == "crate" and not part["texts"]], [])
        bare = {part["name"] for part in page["parts"] if part["kind"] == "npm" and not part["texts"] and part["licence"] != "Unlicense"}
        self.assertEqual(bare, set())
        self.assertEqual(len(page["texts"]), len({" ".join(text.split()) for text in page["texts"]}), "each text once")
        for part in page["parts"]:
            self.assertTrue(all(number < len(page["texts"]) for number in part["texts"]))

    def test_of_a_choice_the_first_known_licence_is_taken_and_of_an_and_all(self) -> None:
        self.assertEqual(sbom.chosen("Apache-2.0 OR MIT"), ["MIT"])
        self.assertEqual(sbom.chosen("(MIT OR Apache-2.0) AND Unicode-3.0"), ["MIT", "Unicode-3.0"])
        self.assertEqual(sbom.chosen("Apache-2.0 AND ISC"), ["Apache-2.0", "ISC"])
        self.assertEqual(sbom.expression("MIT/Apache-2.0"), "MIT OR Apache-2.0")

    def test_whose_a_part_is_stands_apart_from_the_text(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            words = "Permission is hereby granted, free of charge, to any person"
            Path(folder, "LICENSE-MIT").write_text(f"Copyright (c) 2020 Somebody\r\n\r\n{words}\n")
            Path(folder, "LICENSE-APACHE").write_text("Apache License\n")
            found, notices = sbom.texts(Path(folder), ["MIT"])
        self.assertEqual(found, {"MIT": words})
        self.assertEqual(notices, ["Copyright (c) 2020 Somebody"])


if __name__ == "__main__":
    unittest.main()
