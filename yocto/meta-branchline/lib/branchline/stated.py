"""The repository's own statements, read where they stand: board files, workspace, sysusers, model manifest.

Recipes call these while they are parsed, so that no recipe repeats what a board, a unit or a manifest says.
Nothing here decides anything; the crate `board` is the judge of board files.
"""

from __future__ import annotations

import hashlib
import shlex
import tomllib
from pathlib import Path


def board_files(root: str, name: str) -> list[Path]:
    """The files that state a board."""
    return [Path(root, "board/common/board.toml"), Path(root, "board", name, "board.toml")]


def version(root: str) -> str:
    """Version of the workspace, which is the product's."""
    return tomllib.loads(Path(root, "Cargo.toml").read_text())["workspace"]["package"]["version"]


def units(root: str) -> list[str]:
    """Unit files of the program, by name, templates left out: those are started by their socket."""
    folder = Path(root, "appliance/gateway/dist")
    kinds = {".service", ".socket", ".timer", ".target"}
    return sorted(path.name for path in folder.iterdir() if path.suffix in kinds and "@." not in path.name)


def users(root: str) -> str:
    """The program's users as `useradd` takes them, from the sysusers files beside its units."""
    calls = []
    for path in sorted(Path(root, "appliance/gateway/dist/sysusers.d").glob("*.conf")):
        lines = [shlex.split(line, comments=True) for line in path.read_text().splitlines()]
        extra: dict[str, list[str]] = {}
        for words in lines:
            if words[:1] == ["m"]:
                extra.setdefault(words[1], []).append(words[2])
        for words in lines:
            if words[:1] not in (["u"], ["u!"]):
                continue
            name = words[1]
            groups = f" --groups {','.join(extra[name])}" if name in extra else ""
            calls.append(f"--system --user-group --no-create-home --home-dir / --shell /sbin/nologin{groups} {name}")
    return "; ".join(calls)


def packs(root: str) -> list[dict]:
    """The model packs that a box gets by default."""
    manifest = tomllib.loads(Path(root, "models/manifest.toml").read_text())
    return [pack for pack in manifest["pack"] if pack["default"]]


def pack_folder(root: str, made: str, pack: dict) -> Path:
    """Where a pack's files lie: our own in the workspace, all others where scripts/models made them."""
    own = Path(root, "models", pack["name"])
    return own if own.is_dir() else Path(made, pack["name"])


def wrong_files(pack: dict, folder: Path) -> list[str]:
    """Files of a pack that are missing or are not what the manifest says."""
    wrong = []
    for file in pack["files"].values():
        path = folder / file["path"]
        if not path.is_file():
            wrong.append(f"{path} is missing")
            continue
        with path.open("rb") as stream:
            got = hashlib.file_digest(stream, "sha256").hexdigest()
        if got != file["sha256"]:
            wrong.append(f"{path} has SHA-256 {got}")
    return wrong
