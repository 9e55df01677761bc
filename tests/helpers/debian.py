"""Installs Debian packages that tests need."""

import os
import shutil
import subprocess


def install(*packages: str) -> bool:
    """Install packages, if this machine has apt-get and we may use it. Returns: whether we tried.

    A failure prints its reason. The caller has to check that the packages are there.
    """
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return False
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
    for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        subprocess.run([*apt, *command], env=environment, stdout=subprocess.DEVNULL, check=False)
    return True
