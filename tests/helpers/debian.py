"""Installs Debian packages that tests need."""

import os
import shutil
import subprocess


def offers(package: str) -> bool:
    """Say whether apt-get knows of a package and we may install it."""
    if not _may_install() or not shutil.which("apt-cache"):
        return False
    asked = subprocess.run(["apt-cache", "show", package], capture_output=True, check=False)
    return asked.returncode == 0


def install(*packages: str) -> bool:
    """Install packages, if this machine has apt-get and we may use it. Returns: whether we tried.

    A failure prints its reason. The caller has to check that the packages are there.
    """
    if not _may_install():
        return False
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
    for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        subprocess.run([*apt, *command], env=environment, stdout=subprocess.DEVNULL, check=False)
    return True


def _may_install() -> bool:
    return shutil.which("apt-get") is not None and os.geteuid() == 0
