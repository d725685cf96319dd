"""A server on this machine that speaks the Hugging Face Hub's file paths, and serves one folder as one model or data set."""

import hashlib
import json
import re
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

RESOLVE = re.compile(r"^/(datasets/)?(?P<owner>[^/]+)/(?P<name>[^/]+)/resolve/(?P<revision>[^/]+)/(?P<file>.+)$")
TREE = re.compile(r"^/api/datasets/(?P<owner>[^/]+)/(?P<name>[^/]+)/tree/(?P<revision>[^/]+)$")
INFO = re.compile(r"^/api/models/(?P<owner>[^/]+)/(?P<name>[^/]+?)(/revision/(?P<revision>[^/]+))?$")
RANGE = re.compile(r"^bytes=(\d+)-(\d*)$")


@dataclass
class Fault:
    """What goes wrong with one answer that holds a file's content.

    `close`: the connection ends after `at` bytes. `alter`: the byte at `at` is another one. `short`: the answer says that it is
    `at` bytes shorter, and is. `refuse`: the answer is an error page with the status `at`, and `page`: one with the status 200.
    """

    kind: str
    at: int = 0


class Hub:
    """Start with `with Hub(folder, "owner/name") as hub`; `hub.requests` lists (method, path, status)."""

    def __init__(self, folder, model, commit="1110a243fdf4706b3f48f1d95db1a4f5529b4d41", branch="main"):
        self.folder, self.model, self.commit, self.branch = Path(folder), model, commit, branch
        self.requests = []
        self.ranges = []
        self.etags = {}
        # By the name of a file, the faults of its next answers, one for each.
        self.faults = {}
        self.gated = False
        self.tokens = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Handler,), {"hub": self}))
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def etag(self, path):
        """As on the Hub, in quotes: the SHA-256 of large files, git's hash of the others."""
        if path not in self.etags:
            content = path.read_bytes()
            if path.suffix in (".safetensors", ".bin", ".parquet"):
                digest = hashlib.sha256(content)
            else:
                digest = hashlib.sha1(b"blob %d\0" % len(content) + content)
            self.etags[path] = f'"{digest.hexdigest()}"'
        return self.etags[path]

    def downloads(self, name):
        """How often the content of a file was sent."""
        return sum(method == "GET" and path.endswith(f"/{name}") and status in (200, 206)
                   for method, path, status in self.requests)


class Handler(BaseHTTPRequestHandler):
    """Answers as the Hub does; `hub` is set by the subclass that `Hub` makes."""

    hub = None
    protocol_version = "HTTP/1.1"

    def do_HEAD(self):
        self.answer(send_body=False)

    def do_GET(self):
        self.answer(send_body=True)

    def answer(self, send_body):
        path = self.path.split("?")[0]
        self.hub.tokens.append(self.headers.get("Authorization"))
        plain = self.hub.folder / path.removeprefix("/files/")
        if path.startswith("/files/") and plain.is_file():
            return self.file(plain, send_body)
        match = RESOLVE.match(path) or TREE.match(path) or INFO.match(path)
        if not match:
            return self.refuse(404, "NotFound", "no such path")
        if f"{match['owner']}/{match['name']}" != self.hub.model:
            # The Hub does not tell strangers whether a model is private or not there at all.
            return self.refuse(401, "RepoNotFound", "Repository Not Found")
        if self.hub.gated:
            return self.refuse(401, "GatedRepo", "Access to this model is restricted")
        if (match["revision"] or self.hub.branch) not in (self.hub.branch, self.hub.commit):
            return self.refuse(404, "RevisionNotFound", f"Invalid rev id: {match['revision']}")
        if match.re is TREE:
            return self.tree(send_body)
        if match.re is INFO:
            return self.info(send_body)
        file = (self.hub.folder / match["file"]).resolve()
        if not file.is_relative_to(self.hub.folder.resolve()) or not file.is_file():
            return self.refuse(404, "EntryNotFound", "Entry not found")
        return self.file(file, send_body)

    def info(self, send_body):
        files = sorted(p for p in self.hub.folder.rglob("*") if p.is_file())
        names = [{"rfilename": p.relative_to(self.hub.folder).as_posix()} for p in files]
        self.json({"id": self.hub.model, "modelId": self.hub.model, "sha": self.hub.commit,
                   "private": False, "siblings": names}, send_body)

    def tree(self, send_body):
        files = sorted(p for p in self.hub.folder.rglob("*") if p.is_file())
        self.json([{"type": "file", "oid": self.hub.etag(p).strip('"'), "size": p.stat().st_size,
                    "path": p.relative_to(self.hub.folder).as_posix()} for p in files], send_body)

    def json(self, value, send_body):
        body = json.dumps(value).encode()
        self.head(200, {"Content-Type": "application/json", "Content-Length": len(body)})
        if send_body:
            self.wfile.write(body)

    def file(self, file, send_body):
        etag, size = self.hub.etag(file), file.stat().st_size
        headers = {"X-Repo-Commit": self.hub.commit, "ETag": etag, "Accept-Ranges": "bytes", "Content-Type": "application/octet-stream"}
        if self.headers.get("If-None-Match") == etag:
            return self.head(304, headers)
        start, end, status = 0, size - 1, 200
        asked = RANGE.match(self.headers.get("Range") or "")
        if asked:
            start, end, status = int(asked[1]), int(asked[2] or size - 1), 206
            headers["Content-Range"] = f"bytes {start}-{end}/{size}"
        if start >= size:
            return self.head(416, {"Content-Range": f"bytes */{size}", "Content-Length": 0})
        with open(file, "rb") as content:
            content.seek(start)
            body = content.read(end - start + 1)
        faults = self.hub.faults.get(file.name, []) if send_body else []
        fault = faults.pop(0) if faults else Fault("none")
        if fault.kind in ("refuse", "page"):
            status, body = (fault.at if fault.kind == "refuse" else 200), b"<html>Please sign in to this network.</html>"
        elif fault.kind == "alter":
            body = bytes(byte ^ (index + start == fault.at) for index, byte in enumerate(body))
        elif fault.kind == "short":
            body = body[: len(body) - fault.at]
        headers["Content-Length"] = len(body)
        self.head(status, headers)
        if send_body:
            self.hub.ranges.append((file.name, start))
            self.wfile.write(body[: fault.at] if fault.kind == "close" else body)
            self.close_connection = fault.kind == "close"
        return None

    def refuse(self, status, code, message):
        body = json.dumps({"error": message}).encode()
        headers = {"X-Error-Code": code, "X-Error-Message": message,
                   "Content-Type": "application/json", "Content-Length": len(body)}
        if code == "EntryNotFound":
            headers["X-Repo-Commit"] = self.hub.commit
        self.head(status, headers)
        if self.command != "HEAD":
            self.wfile.write(body)

    def head(self, status, headers):
        self.hub.requests.append((self.command, self.path, status))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, str(value))
        self.end_headers()

    def log_message(self, *_):
        """The requests are kept in `hub.requests` instead."""
