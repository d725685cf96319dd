"""Ends a first `tunebook setup` by Ctrl-C while it compiles, and looks at what is left: `interrupt_setup.py CRATES`.

Nothing may look finished, and nothing may go on in the background. Afterwards `tunebook setup` is to be run again.
"""

import os
import re
import signal
import subprocess
import sys
import time

from support import paths
from support.program import environment

COMPILED = re.compile(r"(\d+) of \d+ crates")


def start():
    """Setup in a process group of its own, as a terminal starts it, with Ctrl-C at its default."""
    return subprocess.Popen(
        [str(paths.PROGRAM), "setup"], env=environment(), text=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def wait_for_crates(setup, crates):
    """Until so many crates are compiled; what was said until then."""
    said = []
    for line in setup.stdout:
        said.append(line)
        found = COMPILED.search(line)
        if found and int(found[1]) >= crates:
            return said
    sys.exit(f"setup ended before it was to be interrupted (exit code {setup.wait()}):\n{''.join(said)}")


def still_running(session):
    """The command lines of the processes of this session that have not ended."""
    listed = subprocess.run(["ps", "-s", str(session), "-o", "stat=,args="], capture_output=True, text=True, check=False)
    return [line for line in listed.stdout.splitlines() if line.strip() and not line.startswith("Z")]


def main():
    crates = int(sys.argv[1])
    setup = start()
    wait_for_crates(setup, crates)
    os.killpg(setup.pid, signal.SIGINT)
    rest = setup.stdout.read()
    code = setup.wait(timeout=30)
    if code == 0:
        sys.exit(f"setup went on to its end in spite of Ctrl-C:\n{rest}")
    deadline = time.monotonic() + 10
    while (left := still_running(setup.pid)) and time.monotonic() < deadline:
        time.sleep(0.1)
    if left:
        sys.exit("an interrupted setup left processes that go on:\n" + "\n".join(left))
    if (paths.HOME / "seed").exists():
        sys.exit("an interrupted setup left a seed that looks finished")
    print(f"setup was interrupted after {crates} crates and ended with {code}; nothing goes on")


main()
