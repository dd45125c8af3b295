"""The search of a registry of version 1.

search_server.py PORT LOG

Every request is a line of LOG. Words: `none` finds nothing, `broken` is no JSON, `busy` fails; anything else finds three.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

PORT, LOG = int(sys.argv[1]), sys.argv[2]
RESULTS = [
    {"name": "some/thing", "description": "Not the\nfirst one, and with a description that is much too long for a table",
     "star_count": 7, "is_official": False, "is_automated": True},
    {"name": "thing", "description": "The first one", "star_count": 4000, "is_official": True, "is_automated": False},
    {"name": "bare\u001b[31m"},
]


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        with open(LOG, "a") as log:
            log.write(self.path + "\n")
        address = urlsplit(self.path)
        if address.path != "/v1/search":
            return self.answer(404, b"")
        query = parse_qs(address.query)
        word = query["q"][0]
        if word == "busy":
            return self.answer(403, b"")
        if word == "broken":
            return self.answer(200, b"<html>")
        found = [] if word == "none" else RESULTS[: int(query["n"][0])]
        self.answer(200, json.dumps({"query": word, "num_results": len(found), "results": found}).encode())

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
