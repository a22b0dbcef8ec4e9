"""The features table of SECURITY.md cannot promise more than is tested: every test that it names exists."""

from __future__ import annotations

import functools
import re
import subprocess
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def rows() -> list[list[str]]:
    """Cells of the features table."""
    text = (ROOT / "SECURITY.md").read_text()
    table = text.split("|---|---|---|\n")[1].split("\n\n")[0]
    return [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in table.splitlines()]


@functools.cache
def tests() -> set[str]:
    """Names of every test of the tree: Rust's, Python's, and the proofs by booting."""
    call = ["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard", "--", "*.rs", "*.py"]
    names: set[str] = set()
    for file in subprocess.run(call, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines():
        path = ROOT / file
        if not path.is_file():
            continue
        text = path.read_text()
        if path.suffix == ".py":
            names |= set(re.findall(r"^\s+def (test_\w+)\(", text, re.MULTILINE))
        else:
            # Between the attribute and the function only other attributes and comments may stand; in a
            # property test the function is inside the macro.
            names |= set(re.findall(r"#\[(?:tokio::)?test\b[^\]]*\]\s*(?:(?:#\[[^\]]*\]|//[^\n]*)\s*)*(?:async )?fn (\w+)\(", text))
    proofs = (ROOT / "tests/image/main.rs").read_text().split("const SHORT")[1].split("/// Builds the")[0]
    return names | set(re.findall(r'"([^"]+)"', proofs))


class Table(unittest.TestCase):
    """SECURITY.md beside the tests."""

    def test_every_promise_names_since_when_and_a_test_that_exists(self) -> None:
        known = tests()
        for feature, since, held in rows():
            with self.subTest(feature=feature):
                self.assertRegex(since, r"^\d+\.\d+$")
                named = re.findall(r"`([^`]+)`", held)
                self.assertTrue(named, "a promise without a test")
                self.assertEqual([name for name in named if name not in known], [])

    def test_table_is_read_whole(self) -> None:
        self.assertGreater(len(rows()), 12)
        self.assertGreater(len(tests()), 500)


if __name__ == "__main__":
    unittest.main()
