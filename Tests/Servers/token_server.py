"""A token server for a registry (distribution-spec, "Token Authentication"): whoever has the password gets everything,
but for `hidden` together with another repository.

token_server.py PORT KEY CERTIFICATE ISSUER SERVICE USER PASSWORD
"""

import base64
import json
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

PORT, KEY, CERTIFICATE, ISSUER, SERVICE, USER, PASSWORD = sys.argv[1:8]


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def certificate():
    return "".join(line for line in open(CERTIFICATE).read().splitlines() if "CERTIFICATE" not in line)


def token(access):
    now = int(time.time())
    header = {"typ": "JWT", "alg": "RS256", "x5c": [certificate()]}
    claims = {
        "iss": ISSUER, "sub": USER, "aud": SERVICE, "exp": now + 300, "nbf": now - 10, "iat": now, "jti": str(now), "access": access}
    text = encoded(json.dumps(header).encode()) + "." + encoded(json.dumps(claims).encode())
    signed = subprocess.run(["openssl", "dgst", "-sha256", "-sign", KEY], input=text.encode(), capture_output=True, check=True)
    return text + "." + encoded(signed.stdout)


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def do_GET(self):
        wanted = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") != wanted:
            return self.answer(401, {"details": "incorrect username or password"})
        access, scopes = [], parse_qs(urlparse(self.path).query).get("scope", [])
        if len(scopes) > 1 and "repository:hidden:pull" in scopes:
            return self.answer(403, {"details": "no access to hidden"})
        for scope in scopes:
            kind, name, actions = scope.split(":")
            access.append({"type": kind, "name": name, "actions": actions.split(",")})
        self.answer(200, {"token": token(access), "expires_in": 300})

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer(("127.0.0.1", int(PORT)), Handler).serve_forever()
