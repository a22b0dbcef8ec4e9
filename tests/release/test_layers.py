"""Recipes, crate list, unit files and board files agree: what a recipe names is what the repository has.

Needs no upstream layer. What does need them (parse, dry run, layer check) is run by hand, as yocto/README.md tells.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import tomllib
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LAYERS = ROOT / "yocto"
sys.path.insert(0, str(LAYERS / "meta-branchline/lib"))

from branchline import rootfs, stated

# Made on the build machine before bitbake runs; yocto/README.md says how.
MADE_BEFORE = {".cache/packs", "web-ui/dist/index.html"}
# What builds each early module of a board into this route's kernel.
BUILT_IN = {
    "virtio_pci": "VIRTIO_PCI",
    "virtio_mmio": "VIRTIO_MMIO",
    "virtio_blk": "VIRTIO_BLK",
    "nvme": "BLK_DEV_NVME",
    "ahci": "SATA_AHCI",
    "sd_mod": "BLK_DEV_SD",
    "usb_storage": "USB_STORAGE",
    "uas": "USB_UAS",
    "xhci_pci": "USB_XHCI_PCI",
    "xhci_plat_hcd": "USB_XHCI_PLATFORM",
    "mmc_block": "MMC_BLOCK",
    "sdhci_pci": "MMC_SDHCI_PCI",
    "sdhci_acpi": "MMC_SDHCI_ACPI",
    "loop": "BLK_DEV_LOOP",
    "dm-verity": "DM_VERITY",
    "squashfs": "SQUASHFS",
}


def tracked() -> list[str]:
    """Every file of the repository."""
    call = ["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard"]
    return subprocess.run(call, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()


def metadata(*kinds: str) -> list[Path]:
    """Files of the layers, by suffix."""
    return sorted(path for path in LAYERS.rglob("*") if path.suffix in kinds)


def machines() -> dict[str, Path]:
    """Board named by each machine."""
    found = {}
    for path in (LAYERS / "meta-branchline-bsp/conf/machine").glob("*.conf"):
        found[re.search(r'^BRANCHLINE_BOARD = "(.+)"$', path.read_text(), re.MULTILINE)[1]] = path
    return found


def board(name: str) -> dict:
    """What a board says of its kernel, its own file over the common one."""
    common, own = (tomllib.loads(path.read_text()) for path in stated.board_files(str(ROOT), name))
    return common.get("kernel", {}) | own.get("kernel", {})


class Layers(unittest.TestCase):
    """What the layers say beside what the repository has."""

    def test_crate_list_is_what_cargo_lock_makes_it(self) -> None:
        subprocess.run([str(ROOT / "scripts/crates-inc"), "--check"], check=True)

    def test_files_that_recipes_name_are_there(self) -> None:
        missing = []
        for path in metadata(".bb", ".bbclass", ".bbappend", ".inc"):
            for name in re.findall(r"\$\{(?:BRANCHLINE_ROOT|S)\}/([\w./*-]+[\w*])", path.read_text()):
                if name not in MADE_BEFORE and not list(ROOT.glob(name)):
                    missing.append(f"{path.relative_to(ROOT)}: {name}")
        for path in metadata(".bbappend"):
            for name in re.findall(r"file://([\w.-]+)", path.read_text()):
                if not (path.parent / "files" / name).is_file():
                    missing.append(f"{path.relative_to(ROOT)}: {name}")
        self.assertEqual(missing, [])

    def test_no_recipe_carries_a_unit_or_a_rule_of_its_own(self) -> None:
        restated = [path.name for path in LAYERS.rglob("*") if path.suffix in {".service", ".socket", ".timer", ".nft", ".network", ".wks"}]
        self.assertEqual(restated, [])

    def test_units_of_the_program_are_those_that_the_board_enables(self) -> None:
        units = stated.units(str(ROOT))
        self.assertIn("branchline.service", units)
        enabled = [line.split()[1] for line in rootfs.words((ROOT / "board/common/units").read_text()) if line.startswith("enable branchline")]
        self.assertEqual(sorted(set(enabled) - set(units)), [], "enabled by board/common/units, and not the program's")

    def test_users_are_read_from_sysusers(self) -> None:
        users = stated.users(str(ROOT))
        for name in ("branchline", "branchline-speech"):
            self.assertRegex(users, rf"--shell /sbin/nologin[^;]* {name}(;|$)")
        self.assertIn("--groups audio", users)

    def test_no_key_and_no_certificate_is_in_the_tree(self) -> None:
        found = []
        for name in tracked():
            path = ROOT / name
            if path.suffix in {".pem", ".key", ".crt", ".cer", ".der", ".p12", ".pfx", ".auth", ".esl"} or path.is_file() and re.search(rb"-----BEGIN [A-Z ]*(PRIVATE KEY|CERTIFICATE)-----\n", path.read_bytes()):
                found.append(name)
        self.assertEqual(found, [])

    def test_distribution_and_machines_are_named_unlike_every_recipe(self) -> None:
        recipes = {path.stem.partition("_")[0] for path in metadata(".bb")}
        distros = {path.stem for path in (LAYERS / "meta-branchline/conf/distro").glob("*.conf")}
        boards = {path.stem for path in machines().values()}
        self.assertEqual(recipes & (distros | boards), set())
        self.assertEqual(len(distros), 1)

    def test_rust_of_the_release_can_build_the_workspace(self) -> None:
        needed = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["rust-version"]
        self.assertLessEqual(tuple(map(int, needed.split("."))), (1, 94), "wrynose has Rust 1.94.1")

    def test_every_machine_is_of_a_board_and_of_its_processor(self) -> None:
        for name, path in machines().items():
            with self.subTest(board=name):
                self.assertEqual(path.stem, f"branchline-{name}")
                own = tomllib.loads(stated.board_files(str(ROOT), name)[1].read_text())
                self.assertIn({"x86-64": "/x86/", "arm64": "/arm/"}[own["arch"]], path.read_text())

    def test_what_the_initial_ram_disk_loads_is_built_into_this_routes_kernel(self) -> None:
        files = LAYERS / "meta-branchline-bsp/recipes-kernel/linux/files"
        for name in machines():
            text = "".join((files / part).read_text() for part in ("branchline.cfg", f"branchline-{name}.cfg"))
            for module in board(name)["initrd"]:
                with self.subTest(board=name, module=module):
                    self.assertIn(f"CONFIG_{BUILT_IN[module]}=y\n", text)

    def test_layers_name_each_layer_that_they_use(self) -> None:
        conf = (LAYERS / "meta-branchline/conf/layer.conf").read_text()
        for layer in ("core", "openembedded-layer", "networking-layer", "rauc", "branchline-bsp"):
            self.assertRegex(conf, rf'LAYERDEPENDS_branchline = ".*\b{layer}\b.*"')
        readme = (LAYERS / "README.md").read_text()
        for word in ("openembedded-core", "bitbake", "meta-openembedded", "meta-rauc", "wrynose"):
            self.assertIn(word, readme)

    def test_nothing_here_fetches_layers(self) -> None:
        self.assertEqual([path.name for path in LAYERS.rglob("*") if path.suffix in {".yml", ".yaml", ".sh"}], [])


class Programs(unittest.TestCase):
    """What is taken out of a release."""

    def test_only_named_programs_stay_with_what_their_links_lead_to(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            tree = Path(folder)
            (tree / "usr/bin").mkdir(parents=True)
            (tree / "usr/sbin").mkdir()
            for name in ("usr/bin/sh.real", "usr/bin/mount.util-linux", "usr/bin/rauc", "usr/sbin/nft"):
                (tree / name).write_text("")
            (tree / "usr/bin/sh").symlink_to("sh.real")
            (tree / "usr/bin/mount").symlink_to("/usr/bin/mount.util-linux")
            (tree / "usr/sbin/init").symlink_to("../lib/systemd/systemd")
            gone = rootfs.keep_programs(tree, {"mount", "rauc", "init", "fsck"})
            self.assertEqual(gone, ["nft", "sh", "sh.real"])
            left = sorted(path.name for path in tree.glob("usr/*bin/*"))
            self.assertEqual(left, ["init", "mount", "mount.util-linux", "rauc"])

    def test_lists_hold_words_and_comments(self) -> None:
        self.assertEqual(rootfs.words("# all\nnft # firewall\n\nrauc\n"), ["nft", "rauc"])


class Packs(unittest.TestCase):
    """What the packs recipe checks."""

    def test_a_file_that_is_not_the_manifests_is_named(self) -> None:
        own = next(pack for pack in stated.packs(str(ROOT)) if pack["name"] == "emotion")
        folder = stated.pack_folder(str(ROOT), "/nowhere", own)
        self.assertEqual(stated.wrong_files(own, folder), [])
        with tempfile.TemporaryDirectory() as other:
            wrong = stated.wrong_files(own, Path(other))
            self.assertEqual(len(wrong), len(own["files"]))
            self.assertIn("is missing", wrong[0])
            (Path(other) / own["files"]["card"]["path"]).write_text("another")
            self.assertTrue(any("SHA-256" in one for one in stated.wrong_files(own, Path(other))))


if __name__ == "__main__":
    unittest.main()
