"""A registry that misbehaves, each repository of it in its own way.

hostile_registry.py ADDRESS PORT LOG [CERTIFICATE KEY]

Every request is a line of LOG: method, path, what came as Authorization, and Range.
"""

import gzip
import hashlib
import io
import json
import random
import re
import ssl
import sys
import tarfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ADDRESS, PORT, LOG = sys.argv[1], int(sys.argv[2]), sys.argv[3]
CERTIFICATE = sys.argv[4:6]
SCHEME = "https" if CERTIFICATE else "http"
OTHER = "127.0.0.2"

lock = threading.Lock()
counts = {}
# What has come of the one upload to `breaking`, and the blobs and manifests that it has.
upload, taken = bytearray(), {}


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def layer(name, content):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


class Image:
    """One layer, packed or not, and its documents."""

    def __init__(self, name, content, packed=True, diff=None, size=None, layers=1, kind="oci", last=None):
        plain = layer(name, content)
        self.blob = gzip.compress(plain, mtime=0) if packed else plain
        config = {
            "architecture": "amd64", "os": "linux", "created": "2001-02-03T04:05:06Z", "config": {"Cmd": ["/bin/sh"]},
            "rootfs": {"type": "layers", "diff_ids": diff if isinstance(diff, list) else [diff or digest(plain)] * layers}}
        self.config = json.dumps(config).encode()
        docker = "application/vnd.docker.image.rootfs.diff.tar.gzip"
        oci = "application/vnd.oci.image.layer.v1.tar" + ("+gzip" if packed else "")
        self.type = {
            "oci": "application/vnd.oci.image.manifest.v1+json",
            "docker": "application/vnd.docker.distribution.manifest.v2+json"}[kind]
        described = [{
            "mediaType": oci if kind == "oci" else docker, "digest": digest(self.blob),
            "size": len(self.blob) if size is None else size}] * layers
        described[-1] = described[-1] | (last or {})
        self.manifest = json.dumps({
            "schemaVersion": 2, "mediaType": self.type,
            "config": {
                "mediaType": {
                    "oci": "application/vnd.oci.image.config.v1+json",
                    "docker": "application/vnd.docker.container.image.v1+json"}[kind],
                "digest": digest(self.config), "size": len(self.config)},
            "layers": described}).encode()
        self.blobs = {digest(self.config): self.config, digest(self.blob): self.blob}
        self.layers = {digest(self.blob)}


class Layered(Image):
    """Several layers, of which other images may have some, too."""

    def __init__(self, *parts, packed=False):
        plain = [layer(name, content) for name, content in parts]
        blobs = [gzip.compress(part, mtime=0) if packed else part for part in plain]
        config = {
            "architecture": "amd64", "os": "linux", "created": "2001-02-03T04:05:06Z", "config": {"Cmd": ["/bin/sh"]},
            "rootfs": {"type": "layers", "diff_ids": [digest(part) for part in plain]}}
        self.config = json.dumps(config).encode()
        self.type = "application/vnd.oci.image.manifest.v1+json"
        kind = "application/vnd.oci.image.layer.v1.tar" + ("+gzip" if packed else "")
        self.manifest = json.dumps({
            "schemaVersion": 2, "mediaType": self.type,
            "config": {
                "mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest(self.config),
                "size": len(self.config)},
            "layers": [{"mediaType": kind, "digest": digest(blob), "size": len(blob)} for blob in blobs]}).encode()
        self.blobs = {digest(blob): blob for blob in blobs + [self.config]}
        self.layers = {digest(blob) for blob in blobs}


noise = random.Random(7).randbytes(2_000_000)
shared = ("shared", noise[:500_000])
# Half of what they have takes no room on the way.
parts = [("part%d" % n, random.Random(n).randbytes(500_000) + b"\0" * 1_000_000) for n in range(3)]
good = Image("file", b"good\n")
images = {
    "good": good, "docker": Image("file", b"docker\n", kind="docker"), "busy": Image("file", b"busy\n"),
    "broken": Image("broken", noise, packed=False), "norange": Image("norange", noise, packed=False),
    "silent": Image("silent", noise, packed=False), "slow": Image("slow", noise, packed=False),
    "garbage": Image("garbage", b"right\n", packed=False),
    "wrongdigest": Image("wrongdigest", b"right\n", packed=False), "wrongdiff": Image("file", b"x\n", diff=digest(b"other")),
    "short": Image("short", b"short\n"), "endless": Image("endless", b"endless\n"), "long": Image("long", b"long\n"),
    "many": Image("many", b"many\n", layers=10_000), "negative": Image("negative", b"n\n", size=-1),
    "elsewhere": Image("elsewhere", b"elsewhere\n"), "downgrade": Image("downgrade", b"downgrade\n"),
    "looping": Image("looping", b"looping\n"), "metadata": Image("metadata", b"metadata\n"), "basic": Image("basic", b"basic\n"),
    "failing": Image("failing", b"failing\n"), "traversal": Image("../../../../../../escaped", b"x\n"),
    "longconfig": Image("longconfig", b"longconfig\n"), "lostconfig": Image("lostconfig", b"lostconfig\n"),
    "lostlayer": Image("lostlayer", b"lostlayer\n"),
    "first": Layered(shared, ("own", noise)), "second": Layered(shared), "three": Layered(*parts, packed=True),
    "twofold": Image("twofold", b"twofold\n", diff=[digest(layer("twofold", b"twofold\n")), digest(b"other")], layers=2),
    # Two descriptions of one archive: each would be brought by a thread of its own, into one file.
    "described": Image("described", b"described\n", layers=2, last={"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip"}),
}
index = {
    "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
    "manifests": [
        {"mediaType": good.type, "digest": digest(good.manifest), "size": len(good.manifest),
         "platform": {"os": "linux", "architecture": "s390x"}},
        {"mediaType": good.type, "digest": digest(good.manifest), "size": len(good.manifest),
         "platform": {"os": "unknown", "architecture": "unknown"}}]}
nested = {"schemaVersion": 2, "mediaType": index["mediaType"], "manifests": []}


def layered(layers):
    """What belongs to the configuration of `good`, but for its layers."""
    return json.dumps({**json.loads(good.manifest), "layers": layers}).encode()


layers = json.loads(good.manifest)["layers"]
odd_manifests = {
    "nolayers": (good.type, lambda: layered([])), "twolayers": (good.type, lambda: layered(layers * 2)),
    "otherlayer": (good.type, lambda: layered([layers[0] | {"digest": digest(b"nowhere")}])),
    "huge": (good.type, lambda: b" " * (64 << 20) + good.manifest),
    "oldform": ("application/vnd.docker.distribution.manifest.v1+prettyjws", lambda: b'{"schemaVersion":1,"name":"x"}'),
    "nojson": (good.type, lambda: b"<html>"), "list": (good.type, lambda: b"[]"),
    "both": (good.type, lambda: json.dumps({**json.loads(good.manifest), "manifests": []}).encode()),
    "foreignplatform": (index["mediaType"], lambda: json.dumps(index).encode()),
    "empty": (index["mediaType"], lambda: json.dumps(nested).encode()),
    "chart": (good.type, lambda: good.manifest.replace(b"oci.image.config.v1+json", b"cncf.helm.config.v1+json")),
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def note(self):
        with lock, open(LOG, "a") as log:
            part = self.headers.get("Range") or self.headers.get("Content-Range") or "-"
            words = [self.command, self.path, self.headers.get("Authorization", "-"), part]
            print(f"{ADDRESS}", *words, self.headers.get("X-Secret", "-"), file=log)

    def count(self, name):
        with lock:
            counts[name] = counts.get(name, 0) + 1
            return counts[name]

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def error(self, status, code, **headers):
        self.answer(status, json.dumps({"errors": [{"code": code, "message": code.lower()}]}).encode(), **headers)

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        self.note()
        if self.path == "/v2/":
            if ADDRESS == OTHER or self.headers.get("Authorization"):
                return self.answer(200)
            return self.answer(401, WWW_Authenticate='Basic realm="test"')
        if self.path == "/v2/breaking/blobs/uploads/1":
            return self.answer(204, Range=f"0-{max(len(upload) - 1, 0)}", Location=self.path)
        match = re.fullmatch(r"/v2/([a-z/]+)/(manifests|blobs)/([^/?]+)(?:\?.*)?", self.path)
        if not match:
            return self.error(404, "NOT_FOUND")
        name, kind, reference = match.groups()
        if name == "breaking":
            return self.answer(200, taken[reference]) if reference in taken else self.error(404, "BLOB_UNKNOWN")
        if name == "metadata":
            realm = "http://169.254.169.254/token" if reference == "latest" else f"http://{OTHER}:{PORT}/token"
            return self.error(401, "UNAUTHORIZED", WWW_Authenticate=f'Bearer realm="{realm}",service="s"')
        if kind == "manifests":
            return self.manifest(name, reference)
        return self.content(name, reference)

    # `breaking` takes pushes: of what is longer it has the first part and breaks off, three times.

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length", "0")))

    def do_POST(self):
        self.note()
        self.body()
        if not self.path.startswith("/v2/breaking/blobs/uploads/"):
            return self.error(404, "NAME_UNKNOWN")
        upload.clear()
        self.answer(202, Location="/v2/breaking/blobs/uploads/1")

    def do_PATCH(self):
        self.note()
        length = int(self.headers["Content-Length"])
        start = int(self.headers.get("Content-Range", "0-0").split("-")[0])
        if start != len(upload):
            return self.error(416, "BLOB_UPLOAD_INVALID")
        if length > 100_000 and self.count("breaking") <= 3:
            upload.extend(self.rfile.read(length // 4))
            return self.break_off()
        upload.extend(self.rfile.read(length))
        self.answer(202, Location=self.path, Range=f"0-{len(upload) - 1}")

    def do_PUT(self):
        self.note()
        body, place = self.body(), self.path.rpartition("/")[2]
        if "digest=" in place:
            place, body = place.partition("digest=")[2].replace("%3A", ":"), bytes(upload)
            if digest(body) != place:
                return self.error(400, "DIGEST_INVALID")
        taken[place] = body
        self.answer(201)

    def manifest(self, name, reference):
        if name == "looping":
            return self.answer(307, Location=f"/v2/looping/manifests/{reference}")
        if name == "failing":
            return self.error(503, "UNAVAILABLE")
        if name == "busy" and self.count("busy") < 3:
            return self.error(429, "TOOMANYREQUESTS", Retry_After="1")
        if name in odd_manifests:
            kind, body = odd_manifests[name]
            return self.answer(200, body(), Content_Type=kind)
        if name not in images:
            return self.error(404, "MANIFEST_UNKNOWN")
        image = images[name]
        if reference.startswith("sha256:") and reference != digest(image.manifest):
            # Something else than was asked for.
            return self.answer(200, image.manifest, Content_Type=image.type)
        self.answer(200, image.manifest, Content_Type=image.type, Docker_Content_Digest=digest(image.manifest))

    def content(self, name, reference):
        image = images.get(name, good)
        body = image.blobs.get(reference)
        if body is None:
            return self.error(404, "BLOB_UNKNOWN")
        if reference in image.layers:
            special = getattr(self, "blob_" + name, None)
            if special:
                return special(body)
        elif name == "longconfig":
            return self.answer(200, body + b" " * (20 << 20))
        elif name == "lostconfig":
            return self.blob_lostlayer(body)
        self.answer(200, body)

    # Each of these has a blob in its own way.

    def begin(self, status, length, **headers):
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def break_off(self):
        self.close_connection = True
        self.wfile.flush()

    def blob_broken(self, body):
        """Breaks off after a third of what is left, until the range begins late enough."""
        start = int((self.headers.get("Range") or "bytes=0-")[6:-1])
        rest = body[start:]
        headers = {"Content_Range": f"bytes {start}-{len(body) - 1}/{len(body)}"} if start else {}
        self.begin(206 if start else 200, len(rest), **headers)
        if len(rest) < 500_000:
            self.wfile.write(rest)
        else:
            self.wfile.write(rest[: len(rest) // 3])
            self.break_off()

    def blob_norange(self, body):
        self.begin(200, len(body))
        if self.count("norange") < 3:
            self.wfile.write(body[: len(body) // 2])
            return self.break_off()
        self.wfile.write(body)

    def blob_silent(self, body):
        self.begin(200, len(body))
        self.wfile.write(body[:1000])
        self.wfile.flush()
        time.sleep(600)

    def blob_slow(self, body):
        start = int((self.headers.get("Range") or "bytes=0-")[6:-1])
        headers = {"Content_Range": f"bytes {start}-{len(body) - 1}/{len(body)}"} if start else {}
        self.begin(206 if start else 200, len(body) - start, **headers)
        for place in range(start, len(body), 100_000):
            self.wfile.write(body[place : place + 100_000])
            self.wfile.flush()
            time.sleep(0.2)

    blob_first = blob_second = blob_three = blob_slow

    def blob_wrongdigest(self, body):
        self.answer(200, layer("wrongdigest", b"wrong\n"))

    def blob_garbage(self, body):
        self.answer(200, b"x" * len(body))

    def blob_short(self, body):
        self.answer(200, body[:-10])

    def blob_long(self, body):
        self.answer(200, body + b"more")

    def blob_endless(self, body):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"10000\r\n" + b"\0" * 65536 + b"\r\n")
        except OSError:
            pass

    def blob_elsewhere(self, body):
        if ADDRESS == OTHER:
            return self.answer(200, body)
        self.answer(307, Location=f"{SCHEME}://{OTHER}:{PORT}{self.path}?signature=secret")

    def blob_lostlayer(self, body):
        if ADDRESS == OTHER:
            return self.answer(404)
        self.answer(307, Location=f"{SCHEME}://{OTHER}:{PORT}{self.path}?signature=secret")

    def blob_downgrade(self, body):
        self.answer(307, Location=f"http://{OTHER}:{PORT}{self.path}")


server = ThreadingHTTPServer((ADDRESS, PORT), Handler)
server.daemon_threads = True
if CERTIFICATE:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*CERTIFICATE)
    server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
