"""A kernel over real `jupyter_client`: cells in, everything the kernel says out, each message checked by its schema."""

import json
import queue
import time
from dataclasses import dataclass, field

from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_kernel_test.msgspec_v5 import validate_message

from . import paths, program

SPECS = paths.HOME / "share" / "jupyter" / "kernels"


@dataclass
class Executed:
    """What a cell did: the reply's content, and every message on the way, with the second it arrived."""

    reply: dict
    messages: list = field(default_factory=list)

    @property
    def status(self):
        return self.reply["status"]

    def of(self, *types):
        """The contents of the messages of these types, in order."""
        return [m["content"] for m in self.messages if m["msg_type"] in types]

    @property
    def stdout(self):
        return "".join(c["text"] for c in self.of("stream") if c["name"] == "stdout")

    @property
    def data(self):
        """The MIME bundles that were shown, results and displays."""
        return [c["data"] for c in self.of("display_data", "execute_result")]

    def shown(self, mime):
        """The content of this MIME type in the order shown."""
        return [bundle[mime] for bundle in self.data if mime in bundle]


class Kernel:
    """A running kernel. `with Kernel.from_spec() as kernel: kernel.execute("1 + 1")`."""

    def __init__(self, specs, name, cwd):
        self.manager = KernelManager(kernel_name=name, kernel_spec_manager=KernelSpecManager(kernel_dirs=[str(specs)]))
        self.cwd = cwd
        self.client = None
        self.started = None
        self.info = None

    @classmethod
    def from_spec(cls, cwd=paths.ROOT):
        """Started exactly as the kernelspec that setup wrote says."""
        return cls(SPECS, "tunebook", cwd)

    @classmethod
    def from_cargo_run(cls, folder):
        """The same call through `cargo run`, which exports LD_LIBRARY_PATH and CARGO_* to it."""
        spec = json.loads((SPECS / "tunebook" / "kernel.json").read_text(encoding="utf-8"))
        spec["argv"] = ["cargo", "run", "--release", "--locked", "--quiet", "--", *spec["argv"][1:]]
        place = folder / "tunebook-by-cargo"
        place.mkdir(parents=True, exist_ok=True)
        (place / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
        # Cargo finds the workspace by the folder.
        return cls(folder, "tunebook-by-cargo", paths.ROOT)

    def __enter__(self):
        self.started = time.monotonic()
        self.manager.start_kernel(cwd=str(self.cwd), env=program.environment())
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=120)
        self.info = self.ask(self.client.kernel_info())
        return self

    def __exit__(self, *_):
        if self.client is not None:
            self.client.stop_channels()
        self.manager.shutdown_kernel(now=False)

    def ask(self, request, timeout=60):
        """The content of the reply on the shell channel to a request that was sent."""
        return self._reply(request, time.monotonic() + timeout)["content"]

    def seconds(self):
        """Since the kernel's process was started."""
        return time.monotonic() - self.started

    def execute(self, code, timeout=300, on_message=None):
        """Runs a cell to its end."""
        return self.wait_for(self.client.execute(code), timeout, on_message)

    def send(self, code):
        """Sends a cell and does not wait; `wait_for` takes what is returned."""
        return self.client.execute(code)

    def wait_for(self, request, timeout=300, on_message=None):
        """Collects messages until the kernel is idle again after this request, then the reply."""
        deadline = time.monotonic() + timeout
        messages = []
        while True:
            message = self._next(self.client.get_iopub_msg, deadline, request)
            if message["parent_header"].get("msg_id") != request:
                continue
            validate_message(message, message["msg_type"], request)
            messages.append(message)
            if on_message:
                on_message(message)
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                break
        reply = self._reply(request, deadline)
        return Executed(reply["content"], messages)

    def interrupt(self):
        """As the stop button does."""
        self.manager.interrupt_kernel()

    def _reply(self, request, deadline):
        while True:
            message = self._next(self.client.get_shell_msg, deadline, request)
            if message["parent_header"].get("msg_id") == request:
                # The specification's word is `abort`; every kernel and every client says `aborted`.
                if message["content"].get("status") != "aborted":
                    validate_message(message, message["msg_type"], request)
                return message

    def _next(self, get, deadline, request):
        while True:
            if time.monotonic() > deadline:
                raise AssertionError(f"the kernel did not finish request {request} in time")
            if not self.manager.is_alive():
                raise AssertionError("the kernel's process has ended")
            try:
                return get(timeout=1)
            except queue.Empty:
                continue
