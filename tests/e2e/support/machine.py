"""Machines that lack something: folders of programs to put on PATH instead of, or before, the real ones."""

import os
import shutil
import subprocess
from pathlib import Path

from . import paths

# What Cargo, a linker and shell scripts need.
TOOLS = ("cargo", "rustc", "rustup", "cc", "gcc", "ld", "as", "ar", "sh", "bash", "env", "uname", "cat", "mkdir", "cp", "rm")


def without_python(folder):
    """A folder that holds the tools of a machine with Rust and no Python."""
    folder.mkdir(parents=True, exist_ok=True)
    for tool in TOOLS:
        found = shutil.which(tool)
        if found:
            (folder / tool).symlink_to(found)
    return folder


def tool(folder, name, script):
    """A program that is a shell script."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def python_without_venv(folder):
    """A PATH on which every Python is like Debian's without `python3-venv`."""
    without_python(folder)
    real = shutil.which("python3")
    tool(folder, "python3", f"""case "$*" in
*venv*|*ensurepip*) echo 3.11.2; echo "ModuleNotFoundError: No module named 'ensurepip'" >&2; exit 1 ;;
esac
exec {real} "$@" """)
    return str(folder)


def without_rust_src(folder):
    """A PATH whose compiler has a sysroot like the real one, but for the sources of the standard library."""
    real = Path(subprocess.run(["rustup", "which", "rustc"], cwd=paths.ROOT, check=True, capture_output=True, text=True)
                .stdout.strip())
    sysroot = folder / "sysroot"
    rustlib = sysroot / "lib" / "rustlib"
    rustlib.mkdir(parents=True)
    for entry in (real.parent.parent / "lib" / "rustlib").iterdir():
        if entry.name != "src":
            (rustlib / entry.name).symlink_to(entry)
    compiler = tool(folder / "bin", "rustc", f"""case "$*" in
*--print*sysroot*) echo "{sysroot}" ;;
*) exec "{real}" "$@" ;;
esac""")
    tool(folder / "bin", "rustup", f"""case "$1 $2" in
"which rustc") echo "{compiler}" ;;
"which cargo") echo "{real.parent / "cargo"}" ;;
*) exit 1 ;;
esac""")
    return f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"


def on_small_disk(mount, call, megabytes):
    """A command line that runs `call` with a file system of so many megabytes mounted at `mount`, seen by nobody else.

    None where this user may not mount.
    """
    mount.mkdir(parents=True, exist_ok=True)
    for new in (["unshare", "--mount"], ["unshare", "--user", "--map-root-user", "--mount"]):
        script = f'mount -t tmpfs -o size={megabytes}m none "$0" && exec "$@"'
        prefix = [*new, "sh", "-c", script, str(mount)]
        if shutil.which("unshare") and subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0:
            return [*prefix, *map(str, call)]
    return None
