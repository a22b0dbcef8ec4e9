"""What is taken out of a root once all packages are in it: every program that the release does not name."""

from __future__ import annotations

from pathlib import Path

PROGRAM_FOLDERS = ("usr/bin", "usr/sbin")


def words(text: str) -> list[str]:
    """Words of a list, one a line, comments left out."""
    stripped = (line.split("#")[0].strip() for line in text.splitlines())
    return [line for line in stripped if line]


def keep_programs(tree: Path, names: set[str]) -> list[str]:
    """Removes programs that are not named; gives those that went.

    A name may be a link, as alternatives are: what it leads to inside the same folders stays as well.
    """
    folders = [tree / folder for folder in PROGRAM_FOLDERS if (tree / folder).is_dir()]
    present = {path.name: path for folder in folders for path in folder.iterdir()}
    kept: set[str] = set()
    waiting = [name for name in names if name in present]
    while waiting:
        name = waiting.pop()
        if name in kept:
            continue
        kept.add(name)
        path = present[name]
        if path.is_symlink():
            target = Path(path.readlink()).name
            if target in present:
                waiting.append(target)
    gone = sorted(set(present) - kept)
    for name in gone:
        present[name].unlink()
    return gone
