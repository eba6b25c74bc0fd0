"""A workspace server with a BYOK credential gate: agents and secrets as
resources, problems as application/problem+json (RFC 9457), in memory."""

import argparse
import hmac
import json
import os
import pathlib
import re
import sys
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from agents import Problem, Service, log
from gate import Gate

MAX_BODY = 2 << 20  # bytes: a secret of 1 MiB, and as much again

# What is done, by method and path. POST /agents and every PUT take the body.
AGENT = r"/agents/(?P<agent_id>[^/]+)"
SECRETS = rf"(?:{AGENT})?/secrets"  # the tenant's where the path has no agent
ROUTES = [(method, re.compile(path), action) for method, path, action in [
    ("POST", r"/agents", Service.create),
    ("GET", r"/agents", Service.list),
    ("GET", AGENT, Service.show),
    ("DELETE", AGENT, Service.delete),
    ("POST", AGENT + r"/starts", Service.start),
    ("GET", SECRETS, Service.names),
    ("PUT", SECRETS + r"/(?P<name>[^/]+)", Service.put_secret),
    ("DELETE", SECRETS + r"/(?P<name>[^/]+)", Service.delete_secret),
]]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps connections
    disable_nagle_algorithm = True
    service, authorization = None, b""

    def answer(self):
        try:
            status, body = self.route(self.read())
        except Problem as problem:
            status, body = problem.status, problem.body
        except OSError:
            raise  # the client left
        except Exception as error:
            log(f"ERROR {self.command} failed with {type(error).__name__}")  # its text may quote a secret
            status, body = 500, Problem(500, "INTERNAL", "the server had a fault").body
        self.reply(status, body)

    do_GET = do_POST = do_PUT = do_DELETE = answer

    def route(self, body):
        path = self.path.partition("?")[0]
        if (self.command, path) == ("GET", "/health"):
            return 200, {"up": True}
        if not hmac.compare_digest(self.headers.get("Authorization", "").encode(), self.authorization):
            raise Problem(401, "UNAUTHORIZED", "send the admin token as Authorization: Bearer")
        for method, pattern, action in ROUTES:
            if method == self.command and (match := pattern.fullmatch(path)):
                named = {key: urllib.parse.unquote(part) for key, part in match.groupdict().items() if part is not None}
                if method == "PUT":
                    named["value"] = parse(body)
                elif action is Service.create:
                    named["body"] = parse(body)
                return action(self.service, **named)
        raise Problem(404, "NOT_FOUND", "there is nothing here")

    def read(self):
        # Whatever is not read would be taken for the next request.
        if "Transfer-Encoding" in self.headers or not (length := self.headers.get("Content-Length", "0")).isdecimal():
            self.close_connection = True
            raise Problem(411, "LENGTH_REQUIRED", "send the body with a Content-Length")
        if (left := int(length)) <= MAX_BODY:
            return self.rfile.read(left)
        while left > 0 and (piece := self.rfile.read(min(left, 1 << 16))):
            left -= len(piece)  # dropped, so that the client gets to see the reply
        raise Problem(413, "TOO_LARGE", f"a body may have {MAX_BODY} bytes")

    def reply(self, status, body):
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        if data:
            self.send_header("Content-Type", "application/json" if status < 400 else "application/problem+json")
        if status != 204:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format, *args):
        """Keeps no access log: paths hold the names of secrets."""


class Server(ThreadingHTTPServer):
    request_queue_size = 1024  # connections that may wait; the default is 5

    def handle_error(self, request, client_address):
        log(f"ERROR a connection ended with {sys.exc_info()[0].__name__}")


def parse(body):
    try:
        return json.loads(body)
    except (ValueError, RecursionError):  # their words quote the body
        raise Problem(400, "INVALID", "the body is not JSON") from None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=os.environ.get("PORT", "8080"))
    beside = pathlib.Path(__file__).resolve().parent.parent / "registry.json"
    parser.add_argument("--registry", default=os.environ.get("REGISTRY") or beside)
    options = parser.parse_args()
    token = os.environ.get("ADMIN_TOKEN") or parser.error("set ADMIN_TOKEN: it is what clients authenticate with")
    budget = int(os.environ.get("PROBE_BUDGET_MS") or 6000) / 1000
    Handler.service = Service(Gate(options.registry, budget, bypass=os.environ.get("BYPASS") == "1"))
    Handler.authorization = f"Bearer {token}".encode()
    Server((os.environ.get("BIND_ADDR") or "127.0.0.1", options.port), Handler).serve_forever()


if __name__ == "__main__":
    main()
