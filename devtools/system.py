"""Finds the system libraries and fonts that Qt needs on Linux, so that the first window doesn't fail cryptically."""

import ctypes
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from devtools import SetupProblem

# What QtGui, QtWidgets, QtPrintSupport and the offscreen and xcb platforms of PySide6 6.11.3 link to
# (objdump -p), and the Debian package of each.
QT_LIBRARIES: Mapping[str, str] = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libX11.so.6": "libx11-6",
    "libcups.so.2": "libcups2",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxcb.so.1": "libxcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libzstd.so.1": "libzstd1",
}
CJK_FONT_PACKAGE = "fonts-noto-cjk"
CJK_FONT_FILE = re.compile(
    r"noto(sans|serif)?cjk|noto.*sc-|sourcehan|wqy|wenquanyi|droidsansfallback|simhei|msyh", re.IGNORECASE
)
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")


def loads(library: str) -> bool:
    """Whether the system's loader finds a shared library and all that it needs."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def has_cjk_font(folders: Iterable[str] = FONT_FOLDERS) -> bool:
    """Whether a font with Chinese characters is installed."""
    if shutil.which("fc-list"):
        listed = subprocess.run(["fc-list", ":lang=zh-cn", "file"], capture_output=True, check=False)
        return bool(listed.stdout.strip())
    files = (name for folder in folders for _, _, names in os.walk(Path(folder).expanduser()) for name in names)
    return any(CJK_FONT_FILE.search(name) for name in files)


def packages_for_qt(*, missing: Iterable[str], cjk_font: bool) -> list[str]:
    """The Debian packages that bring the missing libraries and, where there is none, a Chinese font."""
    packages = {QT_LIBRARIES[library] for library in missing}
    return sorted(packages if cjk_font else packages | {CJK_FONT_PACKAGE})


def packages_for_bundle(*, tools: bool, shared_python: bool, version: tuple[int, int]) -> list[str]:
    """The Debian packages that PyInstaller needs: objdump and objcopy, and Python as a shared library."""
    packages = [] if tools else ["binutils"]
    return packages if shared_python else [*packages, f"libpython{version[0]}.{version[1]}"]


def install_commands(packages: Sequence[str], *, sudo: bool) -> list[list[str]]:
    """What to type to install packages on Debian and its children."""
    prefix = ["sudo"] if sudo else []
    return [
        [*prefix, "apt-get", "update"],
        [*prefix, "apt-get", "install", "-y", "--no-install-recommends", *packages],
    ]


def advice(packages: Sequence[str], *, debian: bool) -> str:
    """Words for a person who has to install packages by hand."""
    if debian:
        lines = " && ".join(" ".join(command) for command in install_commands(packages, sudo=True))
        return f"Some system packages are missing. Install them, then start again:\n\n  {lines}\n"
    return (
        "Some system packages are missing. Install what your distribution calls these Debian packages, "
        f"then start again:\n\n  {' '.join(packages)}\n"
    )


def provide(packages: Sequence[str]) -> None:
    """Install packages as root, or say how.

    Raises:
        SetupProblem: this user may not install, the system isn't Debian-like, or the installation failed.
    """
    if not packages:
        return
    debian = shutil.which("apt-get") is not None
    if not debian or os.geteuid() != 0:
        raise SetupProblem(advice(packages, debian=debian))
    print("Installing system packages:", " ".join(packages), flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    update, install = install_commands(packages, sudo=False)
    # A foreign repository that doesn't answer must not stop packages that the others have.
    subprocess.run([*update, "-qq"], env=environment, check=False)
    if subprocess.run([*install, "-qq"], env=environment, stdout=subprocess.DEVNULL, check=False).returncode:
        raise SetupProblem(f"The installation of system packages failed: {' '.join(packages)}")


def provide_qt() -> None:
    """Make sure that Qt can start on this machine; Windows and macOS bring everything."""
    if sys.platform != "linux":
        return
    missing = [library for library in QT_LIBRARIES if not loads(library)]
    provide(packages_for_qt(missing=missing, cjk_font=has_cjk_font()))


def provide_bundler() -> None:
    """Make sure that PyInstaller can work on this machine."""
    if sys.platform != "linux":
        return
    tools = all(shutil.which(tool) for tool in ("objdump", "objcopy"))
    shared = loads(str(sysconfig.get_config_var("INSTSONAME")))
    provide(packages_for_bundle(tools=tools, shared_python=shared, version=sys.version_info[:2]))


def provide_postgresql() -> None:
    """Make sure that the tests can start a PostgreSQL of their own; elsewhere than on Linux they leave it out."""
    if sys.platform != "linux":
        return
    from devtools.postgres import programs

    provide([] if programs() else ["postgresql"])


def provide_venv() -> None:
    """Make sure that this Python can make a virtual environment; Debian splits that part off."""
    try:
        import ensurepip  # noqa: F401 - present or not is the question
    except ModuleNotFoundError:
        provide([f"python{sys.version_info.major}.{sys.version_info.minor}-venv"])
