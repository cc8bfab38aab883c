"""A release without the upload, step by step as RELEASE.md has them: `make release-check`.

    python tools/release_check.py                 what is wrong, and what is still to be done
    python tools/release_check.py --tag v0.1.0    may this commit carry this tag?

Builds the committed files, never the work tree, in an environment of its own under build/release.
Exit code 1 when something is wrong; with --tag, also when something is still to be done.
"""

from __future__ import annotations

import argparse
import io
import re
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "build" / "release"
TOOLS = ("build==1.3.0", "twine==6.2.0")
TAKEN = "gatekeeper"
"""On PyPI this name belongs to somebody else."""
WANTED = ("Name", "Version", "Summary", "License-Expression", "Requires-Python", "Keywords")
INSIDE = (
    "/py.typed",
    "/templates/report.html",
    "/general/suite.yaml",
    "/default.yaml",
    "/policies/schema.json",
    "/LICENSE",
)
"""What a wheel must hold beside the modules; `make wheel-test` tries it out."""


@dataclass
class Findings:
    """What is wrong with a release, and what only has to be done before it."""

    wrong: list[str] = field(default_factory=list)
    to_do: list[str] = field(default_factory=list)


def changelog(text: str, version: str) -> Iterator[tuple[str, bool]]:
    """Faults of the changelog for a version, each with whether it is wrong or only to be done."""
    heads = [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")]
    if not heads:
        yield "CHANGELOG.md has no section.", True
    elif heads[0].split()[0] != version:
        yield f"CHANGELOG.md begins with {heads[0].split()[0]}, the package is {version}.", True
    elif "unreleased" in heads[0]:
        yield f"CHANGELOG.md: put the date beside {version}, in place of (unreleased).", False


def tag(wanted: str | None, at_head: list[str], elsewhere: str, version: str) -> list[str]:
    """What is wrong with the tag that is wanted, or with those that HEAD has."""
    faults = [
        f"The tag {name} is not v{version}, which is the version of the package."
        for name in ([wanted] if wanted else at_head)
        if name != f"v{version}"
    ]
    if wanted and elsewhere and wanted not in at_head:
        faults.append(f"The tag {wanted} is taken: it names {elsewhere[:12]}.")
    return faults


def metadata(read: Message) -> list[str]:
    """What the metadata of a distribution leaves out."""
    return [f"The metadata has no {name}." for name in WANTED if not read.get(name)]


def relative_links(readme: str) -> list[str]:
    """Links of a README that work beside its files and would be broken on PyPI."""
    found = re.findall(r"\]\(([^)#\s]+)[^)]*\)", readme)
    return sorted({link for link in found if "://" not in link})


def main() -> int:
    """Check, tell, and leave the distributions in build/release/dist."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tag", help="the tag that the release will have")
    given = parser.parse_args()
    found = Findings()
    named = git("rev-parse", "-q", "--verify", f"{given.tag}^{{commit}}") if given.tag else ""
    if git("status", "--porcelain"):
        found.to_do.append("The work tree has changes: only what is committed was built.")
    wheel, sdist = build()
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        [place] = [name for name in names if name.endswith(".dist-info/METADATA")]
        read = HeaderParser().parsestr(archive.read(place).decode("utf-8"))
    version = str(read["Version"])
    found.wrong += metadata(read)
    found.wrong += [
        f"The wheel has no {end[1:]}." for end in INSIDE if not any(n.endswith(end) for n in names)
    ]
    found.wrong += tag(given.tag, git("tag", "--points-at", "HEAD").split(), named, version)
    for text, is_wrong in changelog((ROOT / "CHANGELOG.md").read_text("utf-8"), version):
        (found.wrong if is_wrong else found.to_do).append(text)
    twine = run([str(python()), "-m", "twine", "check", "--strict", str(wheel), str(sdist)])
    if twine.returncode:
        found.wrong.append(f"twine check: {twine.stdout.strip()}")
    if not given.tag:
        found.to_do.append(f"Tag the commit: git tag -s v{version}.")
    tell(found, wheel, sdist, str(read["Name"]), read.get_payload())
    return 1 if found.wrong or (given.tag and found.to_do) else 0


def tell(found: Findings, wheel: Path, sdist: Path, name: str, readme: object) -> None:
    """Print what was built and found. What concerns an upload alone holds up no tag."""
    for file in (sdist, wheel):
        print(f"built   {file.relative_to(ROOT)}  {file.stat().st_size / 1e6:.1f} MB")
    for text in found.wrong:
        print(f"WRONG   {text}")
    for text in found.to_do:
        print(f"to do   {text}")
    if name == TAKEN:
        print(f"upload  The name {name} on PyPI belongs to somebody else: choose another for the")
        print("        distribution (the import name can stay) before the first upload.")
    if ending := relative_links(str(readme)):
        print(
            f"upload  {len(ending)} links of the README would be broken on PyPI: {ending[0]}, ..."
        )
    print("ready" if not (found.wrong or found.to_do) else "not ready")


def build() -> tuple[Path, Path]:
    """An sdist of what is committed, and a wheel made from that sdist."""
    shutil.rmtree(WORK / "source", ignore_errors=True)
    shutil.rmtree(WORK / "dist", ignore_errors=True)
    (WORK / "source").mkdir(parents=True)
    packed = subprocess.run(
        ["git", "-C", str(ROOT), "archive", "HEAD"], check=True, capture_output=True
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(WORK / "source", filter="data")
    if not python().exists():
        venv.create(WORK / "venv", with_pip=True)
    run([str(python()), "-m", "pip", "install", "-q", *TOOLS], must=True)
    run([str(python()), "-m", "build", "-o", str(WORK / "dist"), str(WORK / "source")], must=True)
    [wheel], [sdist] = (WORK / "dist").glob("*.whl"), (WORK / "dist").glob("*.tar.gz")
    return wheel, sdist


def python() -> Path:
    """The interpreter of the environment under build/release."""
    return WORK / "venv" / "bin" / "python"


def run(command: list[str], *, must: bool = False) -> subprocess.CompletedProcess[str]:
    """Run a command; with `must`, end with what it wrote when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if must and done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done


def git(*arguments: str) -> str:
    """What git answers; "" when it knows nothing."""
    return run(["git", "-C", str(ROOT), *arguments]).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
