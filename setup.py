"""Ships suites, policies and the registry's guide inside the wheel, as `gatekeeper/_data`.

Everything else about the package stands in pyproject.toml. An editable install copies nothing: the
code then reads the folders of the checkout.
"""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
DATA = ("suites/**/*", "policies/**/*", "registry/README.md")


class BuildWithData(build_py):
    """`build_py` that also copies the data folders."""

    def run(self) -> None:
        """Copy after the modules, into the same tree."""
        super().run()
        if not self.editable_mode:
            for source, target in self._data():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        """Name the copies too, so that an uninstall removes them."""
        return [*super().get_outputs(include_bytecode), *(str(to) for _, to in self._data())]

    def _data(self) -> list[tuple[Path, Path]]:
        inside = Path(self.build_lib) / "gatekeeper" / "_data"
        return [
            (path, inside / path.relative_to(ROOT))
            for pattern in DATA
            for path in sorted(ROOT.glob(pattern))
            if path.is_file() and "__pycache__" not in path.parts
        ]


setup(cmdclass={"build_py": BuildWithData})
