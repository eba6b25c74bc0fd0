"""A server that creates and deletes agents, and looks for a credential first."""

import json
import os
import re
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REGISTRY = json.load(open("examples/registry.json"))
PROVIDERS = {row["name"]: row for row in REGISTRY["providers"]}
agents = {}


def derive(runtime, model, usable):
    """A listed model beats every pattern, and a tie goes to the provider whose credential is there."""
    rows = [(PROVIDERS[native["provider"]], native["models"]) for native in REGISTRY["runtimes"].get(runtime, [])]
    if listing := [row for row, models in rows if model in models]:
        return next(filter(usable, listing), listing[0])
    owners = [row for row, _ in rows if row["pattern"] and re.search(row["pattern"], model)]
    if len(owners) > 1:
        owners = list(filter(usable, owners))
    return owners[0] if len(owners) == 1 else None


def missing(agent):
    """What a refusal says, or None: the gate."""
    usable = lambda row: any(agent["env"].get(name, "").strip() for name in row["accepted"])
    provider = derive(agent["runtime"], agent["model"].strip(), usable)
    if agent.get("external") or provider is None or provider["name"] == "platform" or usable(provider):
        return None
    return f"{provider['name']} needs one of {', '.join(provider['accepted'])}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        self.answer(200, {"status": "ok"})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            agent = json.loads(body)
            problem = missing(agent)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return self.answer(400, {"error": "an agent has a title, a runtime, a model and an env of texts"})
        if agent["runtime"] == "":
            return self.answer(400, {"error": "runtime is empty"})
        if problem:
            return self.answer(422, {"code": "MISSING_BYOK_CREDENTIAL", "error": problem})
        agents[id := str(uuid.uuid4())] = agent
        self.answer(201, {"id": id})

    def do_DELETE(self):
        found = agents.pop(self.path.removeprefix("/agents/"), None)
        self.answer(200 if found else 404, {})


ThreadingHTTPServer.request_queue_size = 128
ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
