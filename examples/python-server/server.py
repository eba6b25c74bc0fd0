"""A workspace server with a BYOK credential gate, in memory, on Python's
standard library. Provisioning is done when a request to start an agent returns."""

import http.client
import json
import os
import pathlib
import re
import socket
import sys
import threading
import time
import urllib.parse
import urllib.request
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN = os.environ.get("ADMIN_TOKEN") or sys.exit("set ADMIN_TOKEN: it is what clients authenticate with")
PORT = int(sys.argv[sys.argv.index("--port") + 1] if "--port" in sys.argv else os.environ.get("PORT", "8080"))
REGISTRY = json.loads(pathlib.Path(os.environ.get("REGISTRY") or pathlib.Path(__file__).resolve().parent.parent / "registry.json").read_text())
BUDGET = int(os.environ.get("PROBE_BUDGET_MS") or 6000) / 1000  # seconds, for a whole probe
BYPASS = os.environ.get("BYPASS") == "1"  # the original hole: any well-known name counts
MAX_BODY = 2 << 20  # bytes: a secret of 1 MiB, and as much again
MALFORMED = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")  # what no header may hold
PROVIDERS = {row["name"]: row for row in REGISTRY["providers"]}
tenant, agents = {}, {}


class Problem(Exception):
    def __init__(self, status, code, detail, **more):
        self.status, self.body = status, {"code": code, "detail": detail, **more}


def derive(runtime, model, values):
    rows = [(PROVIDERS[n["provider"]], n["models"]) for n in REGISTRY["runtimes"].get(runtime, [])] if model else []
    if listing := [row for row, models in rows if model in models]:
        return next((row for row in listing if not values.keys().isdisjoint(row["accepted"])), listing[0])
    owners = [row for row, _ in rows if row["pattern"] and re.search(row["pattern"], model)]
    if len(owners) > 1:
        owners = [row for row in owners if not values.keys().isdisjoint(row["accepted"])]
    return owners[0] if len(owners) == 1 else None


def presence(agent):
    """All that provisioning asks, and the first half of what create asks: the
    provider and the credential's name and value, None where the gate stays out."""
    # A blank value of the agent does not hide the tenant's.
    scopes = {k: v.strip() for k, v in [*tenant.items(), *agent["secrets"].items()] if v.strip()}
    provider = None if agent["external"] else derive(agent["runtime"], agent["model"].strip(), scopes)
    if provider is None or provider["name"] == "platform":
        return None
    if name := next((name for name in provider["accepted"] if name in scopes), None):
        return provider, name, scopes[name]
    if BYPASS and any(name in scopes for row in PROVIDERS.values() for name in row["accepted"]):
        return None
    detail = f"provider {provider['name']} needs one of {', '.join(provider['accepted'])}; set it and try again"
    raise Problem(422, "MISSING_BYOK_CREDENTIAL", detail, provider=provider["name"], accepted=provider["accepted"])


def admit(agent):
    """Refuses an agent without a credential that may be alive."""
    if not (found := presence(agent)):
        return
    provider, name = found[:2]
    dead, cause = examine(*found)
    if dead:
        detail = f"provider {provider['name']} cannot use {name}: {cause}; replace it and try again"
        raise Problem(422, "INVALID_BYOK_CREDENTIAL", detail, provider=provider["name"], credential=name)
    if cause:
        print(f"WARN allowed without proof provider={provider['name']} credential={name} cause={cause!r}", file=sys.stderr, flush=True)


def examine(provider, name, value):
    """Returns whether the credential is dead, and why that is so or unknown: in
    our words, since the provider's answer may quote the credential."""
    base = provider["base_url"]
    if not base or "{" in base or provider["auth_mode"] == "oauth":
        return False, "the provider cannot be probed"
    if MALFORMED.search(value):
        return True, "its value holds a control character"
    anthropic, secret = provider["protocol"] == "anthropic", value.encode("utf-8", "replace")
    key = {"x-api-key": secret} if anthropic and name != "ANTHROPIC_AUTH_TOKEN" else {"Authorization": b"Bearer " + secret}
    version = {"anthropic-version": "2023-06-01"} if anthropic else {}
    status = probe(urllib.parse.urlsplit(base.rstrip("/") + "/models"), {"Accept": "application/json", **version, **key})
    cause = f"the provider answered {status}" if status else "the provider gave no answer in time"
    return status in (401, 403), "" if 200 <= status <= 299 else cause


def probe(url, headers):
    """Returns the status of one GET, 0 where there is none in time; no redirect is
    followed. Cutting the socket off bounds even a provider that drips bytes."""
    proxy = urllib.request.getproxies().get("https") if url.scheme == "https" else None
    at = urllib.parse.urlsplit(proxy) if proxy else url
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    connection = kind(at.hostname, at.port, timeout=BUDGET)  # trusts SSL_CERT_FILE
    if proxy:
        connection.set_tunnel(url.hostname, url.port or 443)
    began = time.monotonic()
    timer = threading.Timer(BUDGET, lambda: connection.sock and connection.sock.shutdown(socket.SHUT_RDWR))
    timer.start()
    try:
        connection.request("GET", url.path, headers=headers)
        status = connection.getresponse().status
        return 0 if time.monotonic() - began >= BUDGET else status  # a head that was cut off passes for a whole one
    except (OSError, ValueError, http.client.HTTPException):
        return 0
    finally:
        timer.cancel()
        connection.close()

class Handler(BaseHTTPRequestHandler):
    """Agents, and secrets of an agent or, where the path has none, of the tenant."""

    protocol_version, disable_nagle_algorithm = "HTTP/1.1", True
    log_message = lambda *_: None  # no access log: paths hold the names of secrets

    def answer(self):
        try:
            path = [urllib.parse.unquote(part) for part in self.path.partition("?")[0].strip("/").split("/")]
            status, body = self.route(path, self.read())
        except Problem as problem:
            status, body = problem.status, problem.body
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_DELETE = answer

    def read(self):
        if (length := int(self.headers.get("Content-Length", "0"))) > MAX_BODY:
            self.close_connection = True  # what is not read would be taken for the next request
            raise Problem(413, "TOO_LARGE", f"a body may have {MAX_BODY} bytes")
        return self.rfile.read(length)

    def route(self, path, raw):
        if path == ["health"]:
            return 200, {}
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise Problem(401, "UNAUTHORIZED", "send the admin token as Authorization: Bearer")
        try:
            body = json.loads(raw or b"{}")
        except (ValueError, RecursionError):  # their words quote the body
            raise Problem(400, "INVALID", "the body is not JSON") from None
        agent = agents.get(path[1]) if path[0] == "agents" and len(path) > 1 else None
        match self.command, *path:
            case "POST", "agents":
                return create(body)
            case "GET", "agents":
                return 200, [{"id": a["id"], "label": a["label"]} for a in list(agents.values())]
            case "GET", "agents", _ if agent:
                return 200, {k: agent[k] for k in ("id", "label", "status", "starts", "failure")}
            case "DELETE", "agents", id if agent:
                return 200, {"deleted": agents.pop(id, None) is not None}
            case "POST", "agents", _, "starts" if agent:
                return 200, {"status": start(agent)["status"]}
            case method, "agents", _, "secrets", *rest if agent:
                return secret(method, agent["secrets"], rest, body)
            case method, "secrets", *rest:
                return secret(method, tenant, rest, body)
        raise Problem(404, "NOT_FOUND", "there is nothing here")


def create(body):
    match body:
        case {"label": str(), "runtime": str(), "model": str(), "secrets": dict() as secrets} if body["runtime"] and all(isinstance(v, str) for v in secrets.values()):
            agent = {"external": False, **body, "id": str(uuid.uuid4()), "starts": 0}
        case _:
            raise Problem(400, "INVALID", "label, runtime and model are texts, runtime is not empty, secrets an object of texts")
    admit(agent)  # nothing is stored yet, so a refusal has nothing to undo
    agents[agent["id"]] = start(agent)
    return 201, {"id": agent["id"]}


def start(agent):
    agent["starts"] += 1
    try:
        presence(agent)
        agent["status"], agent["failure"] = "running", None
    except Problem as problem:
        agent["status"], agent["failure"] = "failed", problem.body
    return agent


def secret(method, scope, rest, body):
    match method, *rest:
        case "GET",:
            return 200, list(scope)
        case "PUT", name if isinstance(body, str):
            scope.update({name: body})
            return 200, {}
        case "DELETE", name if scope.pop(name, None) is not None:
            return 200, {}
    raise Problem(404, "NOT_FOUND", "there is no such secret")


ThreadingHTTPServer.request_queue_size = 1024  # connections that may wait; the default is 5
ThreadingHTTPServer((os.environ.get("BIND_ADDR") or "127.0.0.1", PORT), Handler).serve_forever()
