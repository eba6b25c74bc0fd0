"""Agents and secrets: the state of the server, and what is done with it."""

import sys
import threading
import uuid
from dataclasses import dataclass
from http import HTTPStatus


class Problem(Exception):
    def __init__(self, status, code, detail, **more):
        super().__init__(code)
        self.status = status
        self.body = {"title": HTTPStatus(status).phrase, "status": status, "code": code, "detail": detail, **more}


@dataclass
class Agent:
    id: str
    label: str
    runtime: str
    model: str
    external: bool
    secrets: dict
    status: str = "provisioning"
    starts: int = 0
    failure: dict | None = None

    def shown(self):
        return {key: getattr(self, key) for key in ("id", "label", "status", "starts", "failure")}

    def question(self, shared):
        # The agent's own value hides the tenant's of the same name, also where it is blank.
        return self.runtime, self.model, self.external, {**shared, **self.secrets}


class Service:
    """The state, and what is done with it. Methods answer (status, body)."""

    def __init__(self, gate):
        self.gate, self.lock, self.agents, self.shared = gate, threading.Lock(), {}, {}

    def create(self, body):
        check(isinstance(body, dict), "the body is no object")
        texts = [body.get(key, "") for key in ("label", "runtime", "model")]
        external, secrets = body.get("external", False), body.get("secrets", {})
        check(all(isinstance(text, str) for text in texts), "label, runtime and model are texts")
        check(texts[0], "an agent needs a label")
        check(isinstance(external, bool), "external is true or false")
        check(isinstance(secrets, dict), "secrets are an object")
        check(all(isinstance(value, str) for value in secrets.values()), "the values of secrets are texts")
        agent = Agent(str(uuid.uuid4()), *texts, external, secrets)
        with self.lock:
            question = agent.question(self.shared)
        # Nothing is stored before the gate has answered, so a refusal has nothing to undo.
        decision = self.gate.decide(*question)
        if decision.refusal:
            raise Problem(422, decision.refusal, decision.detail, provider=decision.provider)
        if not external and not self.gate.derives(agent.runtime, agent.model, question[-1]):
            raise Problem(422, "MODEL_NOT_SERVED", "the registry knows nobody who serves this model to this runtime")
        if decision.warning:
            log(f"WARN allowed without proof agent={agent.id} provider={decision.provider}"
                f" credential={decision.credential} cause={decision.warning!r}")
        with self.lock:
            self.agents[agent.id] = agent
        return self.start(agent.id, status=201)

    def start(self, agent_id, status=202):
        """Provisions an agent in the background, if presence still holds."""
        with self.lock:
            agent = self.find(agent_id)
            agent.starts += 1
            agent.status, agent.failure = "provisioning", None
            shown = agent.shown()
        threading.Thread(target=self.provision, args=(agent, shown["starts"]), daemon=True).start()
        return status, shown

    def provision(self, agent, start):
        with self.lock:
            if agent.starts != start:
                return  # a later start has taken over
            decision = self.gate.presence(*agent.question(self.shared))
            agent.status = "failed" if decision.refusal else "running"
            agent.failure = {"code": decision.refusal, "detail": decision.detail} if decision.refusal else None

    def show(self, agent_id):
        with self.lock:
            return 200, self.find(agent_id).shown()

    def list(self):
        with self.lock:
            return 200, [agent.shown() for agent in self.agents.values()]

    def delete(self, agent_id):
        with self.lock:
            del self.agents[self.find(agent_id).id]
        return 204, None

    def names(self, agent_id=None):
        with self.lock:
            return 200, sorted(self.scope(agent_id))

    def put_secret(self, name, value, agent_id=None):
        check(isinstance(value, str), "a secret is one text")
        with self.lock:
            self.scope(agent_id)[name] = value
        return 204, None

    def delete_secret(self, name, agent_id=None):
        with self.lock:
            if self.scope(agent_id).pop(name, None) is None:
                raise Problem(404, "NOT_FOUND", "there is no such secret")
        return 204, None

    def scope(self, agent_id):
        return self.shared if agent_id is None else self.find(agent_id).secrets

    def find(self, agent_id):
        if agent_id not in self.agents:
            raise Problem(404, "NOT_FOUND", "there is no such agent")
        return self.agents[agent_id]


def check(holds, detail):
    if not holds:
        raise Problem(400, "INVALID", detail)


def log(line):
    sys.stderr.write(line + "\n")  # in one piece, since threads write at once
