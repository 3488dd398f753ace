"""Public packages that the data sets are built from: fetched by name and version, checked by SHA-256."""

import hashlib
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

CACHE = Path(__file__).parents[2] / ".cache" / "data-sources"


@dataclass(frozen=True)
class Source:
    """One package of one registry, at one version."""

    registry: Literal["npm", "pip", "deb"]
    name: str
    version: str
    sha256: str

    def fetch(self) -> Path:
        """Return the package's archive, downloading it with the registry's own client where it is missing."""
        path = CACHE / self.registry / self._file_name()
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(self._command(), cwd=path.parent, check=True)
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != self.sha256:
            raise ValueError(f"{path}: expected SHA-256 {self.sha256}, got {found}; delete it and run again")
        return path

    def read(self, member: str) -> bytes:
        """Return one file of an npm package or a Python wheel."""
        archive = _open(self.fetch())
        if isinstance(archive, zipfile.ZipFile):
            return archive.read(member)
        file = archive.extractfile(f"package/{member}")
        if file is None:
            raise FileNotFoundError(member)
        return file.read()

    def members(self) -> list[str]:
        """Return the names of the files in a Python wheel."""
        return zipfile.ZipFile(self.fetch()).namelist()

    def unpack(self) -> Path:
        """Return the folder that a Debian package was unpacked into."""
        package = self.fetch()
        folder = package.with_suffix("")
        if not folder.exists():
            subprocess.run(["dpkg-deb", "-x", package, folder], check=True)
        return folder

    def _file_name(self) -> str:
        if self.registry == "npm":
            return f"{self.name.lstrip('@').replace('/', '-')}-{self.version}.tgz"
        if self.registry == "pip":
            return f"{self.name.replace('-', '_')}-{self.version}-py3-none-any.whl"
        return f"{self.name}_{self.version.replace(':', '%3a')}_all.deb"

    def _command(self) -> list[str]:
        if self.registry == "npm":
            return ["npm", "pack", "--silent", f"{self.name}@{self.version}"]
        if self.registry == "pip":
            return [sys.executable, "-m", "pip", "download", "--no-deps", f"{self.name}=={self.version}"]
        return ["apt-get", "download", f"{self.name}={self.version}"]


@cache
def _open(path: Path) -> zipfile.ZipFile | tarfile.TarFile:
    return zipfile.ZipFile(path) if path.suffix == ".whl" else tarfile.open(path)
