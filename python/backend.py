"""Builds the wheel, with nothing but Python: `pip wheel ./python`, `pip install ./python`.

The wheel holds the C library for this machine. It is built from the repository with CMake, or taken from where
FORWARDPASS_LIBRARY says.
"""

import base64
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
LIBRARY = {"win32": "forwardpass.dll", "darwin": "libforwardpass.dylib"}.get(sys.platform, "libforwardpass.so")
# Of every file in the archive, so that the same sources make the same wheel.
DATE = (1980, 1, 1, 0, 0, 0)


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    version = json.loads((ROOT / "package.json").read_text())["version"].replace("-", "").replace("beta.", "b")
    library = _library()
    tag = f"py3-none-{_platform(library)}"
    name = f"forwardpass-{version}-{tag}.whl"
    info = f"forwardpass-{version}.dist-info"
    files = {f"forwardpass/{path.name}": path.read_bytes() for path in sorted((HERE / "forwardpass").glob("*.py"))}
    files[f"forwardpass/{LIBRARY}"] = library
    files[f"{info}/METADATA"] = _metadata(version).encode()
    files[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: forwardpass\nRoot-Is-Purelib: false\nTag: {tag}\n".encode()
    files[f"{info}/licenses/LICENSE"] = (ROOT / "LICENSE").read_bytes()
    record = "".join(f"{path},sha256={_digest(data)},{len(data)}\n" for path, data in files.items())
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    with zipfile.ZipFile(Path(wheel_directory) / name, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            entry = zipfile.ZipInfo(path, DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o755 if path.endswith(LIBRARY) else 0o644) << 16
            archive.writestr(entry, data)
    return name


def build_sdist(sdist_directory, config_settings=None):
    raise NotImplementedError("the sources are the repository's; build a wheel there")


def _library():
    given = os.environ.get("FORWARDPASS_LIBRARY")
    if given:
        return Path(given).read_bytes()
    if shutil.which("cmake") is None:
        sys.exit("building the library needs CMake and a C++ compiler; or FORWARDPASS_LIBRARY names one that is built")
    with tempfile.TemporaryDirectory() as folder:
        run = lambda *command: subprocess.run(["cmake", *command], check=True, stdout=sys.stderr)
        run("-S", str(ROOT), "-B", folder, "-DCMAKE_BUILD_TYPE=Release")
        run("--build", folder, "--target", "forwardpass_shared", "--config", "Release", "--parallel", "2")
        return next(path for path in Path(folder).rglob(LIBRARY)).read_bytes()


def _platform(library):
    """What the wheel installs on: with glibc, the version that the library's symbols ask for."""
    if not sys.platform.startswith("linux"):
        return re.sub(r"[-.]", "_", sysconfig.get_platform())
    machine = platform.machine()
    needed = [int(minor) for minor in re.findall(rb"GLIBC_2\.(\d+)", library)]
    if not needed:
        return f"musllinux_1_1_{machine}"
    return f"manylinux_2_{max(17, *needed)}_{machine}"


def _metadata(version):
    readme = (HERE / "README.md").read_text()
    lines = [
        "Metadata-Version: 2.1",
        "Name: forwardpass",
        f"Version: {version}",
        "Summary: Runs models frozen by forwardpass: NumPy in and out, the same bits as in Node",
        "License: MIT",
        "Requires-Python: >=3.9",
        "Requires-Dist: numpy>=1.21",
        "Provides-Extra: pandas",
        'Requires-Dist: pandas; extra == "pandas"',
        "Description-Content-Type: text/markdown",
    ]
    return "\n".join(lines) + "\n\n" + readme


def _digest(data):
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


if __name__ == "__main__":
    folder = sys.argv[1] if len(sys.argv) > 1 else "."
    os.makedirs(folder, exist_ok=True)
    print(os.path.join(folder, build_wheel(folder)))
