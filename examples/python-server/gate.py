"""The credential gate: which provider owns (runtime, model), is there a
credential that it accepts, and is that one alive? It stores nothing."""

import asyncio
import json
import re
import ssl
import threading
import urllib.parse
import urllib.request
from dataclasses import dataclass, field

# A header takes no control character but the tab.
MALFORMED = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-9][0-9][0-9])[ \r\n]")


@dataclass(frozen=True)
class Decision:
    """With neither a refusal nor a credential's name the gate stayed out."""

    provider: str = ""
    credential: str = ""
    refusal: str = ""  # its code; empty where the workspace is allowed
    detail: str = ""
    # Why nothing proved the credential alive; whoever allows the workspace has to log it.
    warning: str = ""
    value: str = field(default="", repr=False)


class Gate:
    """bypass opens the original hole: any well-known name counts for presence."""

    def __init__(self, registry, budget, bypass=False):
        with open(registry, encoding="utf-8") as file:
            document = json.load(file)
        self.providers = {row["name"]: row for row in document["providers"]}
        self.runtimes = {
            runtime: [(self.providers[native["provider"]], native["models"]) for native in natives]
            for runtime, natives in document["runtimes"].items()
        }
        self.well_known = {name for row in document["providers"] for name in row["accepted"]} if bypass else set()
        self.budget = budget  # seconds, for a whole probe
        self.tls = ssl.create_default_context()  # trusts SSL_CERT_FILE
        # One event loop makes all probes: unlike blocking sockets, it can bound
        # a whole exchange, down to a provider that drips one byte at a time.
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def derives(self, runtime, model, secrets):
        """Says whether the registry knows who owns the pair."""
        return self._derive(runtime, model, in_scope(secrets)) is not None

    def presence(self, runtime, model, external, secrets):
        """All that provisioning asks, and the first half of what create asks, so
        the two cannot disagree. It calls nobody."""
        values = in_scope(secrets)
        provider = None if external else self._derive(runtime, model, values)
        if provider is None or provider["name"] == "platform":
            return Decision()
        for name in provider["accepted"]:
            if name in values:
                return Decision(provider["name"], name, value=values[name])
        if not self.well_known.isdisjoint(values):
            return Decision()
        names = ", ".join(provider["accepted"])
        detail = f"provider {provider['name']} needs one of {names}; set it and try again"
        return Decision(provider["name"], refusal="MISSING_BYOK_CREDENTIAL", detail=detail)

    def decide(self, runtime, model, external, secrets):
        """Adds the question whether the credential is alive."""
        found = self.presence(runtime, model, external, secrets)
        if not found.credential:
            return found
        dead, cause = self._examine(self.providers[found.provider], found.credential, found.value)
        if not dead:
            return Decision(found.provider, found.credential, warning=cause)
        detail = f"provider {found.provider} cannot use {found.credential}: {cause}; replace it and try again"
        return Decision(found.provider, found.credential, "INVALID_BYOK_CREDENTIAL", detail)

    def _derive(self, runtime, model, values):
        model = model.strip()
        natives = self.runtimes.get(runtime, []) if model else []
        listing = [row for row, models in natives if model in models]
        matching = [row for row, _ in natives if row["pattern"] and re.search(row["pattern"], model)]
        usable = [row for row in listing or matching if not values.keys().isdisjoint(row["accepted"])]
        if listing:
            return (usable or listing)[0]
        owners = usable if len(matching) > 1 else matching
        return owners[0] if len(owners) == 1 else None

    def _examine(self, provider, name, value):
        """Returns whether the credential is dead, and why that is so or unknown:
        in our words, since the provider's answer may quote the credential."""
        base = provider["base_url"]
        if not base or "{" in base or provider["auth_mode"] == "oauth":
            return False, "the provider cannot be probed"
        if MALFORMED.search(value):
            return True, "its value holds a control character"
        probe = self._probe(urllib.parse.urlsplit(base.rstrip("/") + "/models"), headers(provider, name, value))
        try:
            status = asyncio.run_coroutine_threadsafe(probe, self.loop).result()
        except TimeoutError:
            return False, "no answer within the probe budget"
        except (OSError, EOFError, ValueError):
            return False, "the provider could not be reached"
        if 200 <= status <= 299:
            return False, ""
        return status in (401, 403), f"the provider answered {status}"

    async def _probe(self, url, header_lines):
        async with asyncio.timeout(self.budget):
            return await get(url, header_lines, self.tls)


def in_scope(secrets):
    """The trimmed values that count, by name."""
    return {name: value.strip() for name, value in secrets.items() if value.strip()}


def headers(provider, name, value):
    secret = value.encode("utf-8", "replace")
    lines = [b"Accept: application/json", b"Connection: close"]
    if provider["protocol"] == "anthropic":
        lines.append(b"anthropic-version: 2023-06-01")
    if provider["protocol"] == "anthropic" and name != "ANTHROPIC_AUTH_TOKEN":
        return [*lines, b"x-api-key: " + secret]
    return [*lines, b"Authorization: Bearer " + secret]


async def get(url, header_lines, tls):
    """Returns the status of one GET. The status decides, so no body is read and
    no redirect followed. The caller bounds the time."""
    reader, writer = await connect(url, tls)
    try:
        lines = [f"GET {url.path} HTTP/1.1".encode(), f"Host: {url.netloc}".encode(), *header_lines]
        writer.write(b"\r\n".join(lines) + b"\r\n\r\n")
        while 100 <= (status := await read_head(reader)) <= 199:
            pass  # an interim answer; the real one follows
        return status
    finally:
        writer.transport.abort()


async def connect(url, tls):
    port = url.port or (443 if url.scheme == "https" else 80)
    proxy = urllib.request.getproxies().get(url.scheme)
    if not proxy or urllib.request.proxy_bypass(url.netloc):
        return await asyncio.open_connection(url.hostname, port, ssl=tls if url.scheme == "https" else None)
    via = urllib.parse.urlsplit(proxy)
    reader, writer = await asyncio.open_connection(via.hostname, via.port or 80)
    try:
        writer.write(f"CONNECT {url.hostname}:{port} HTTP/1.1\r\nHost: {url.hostname}:{port}\r\n\r\n".encode())
        if await read_head(reader) != 200:
            raise ConnectionError("the proxy opens no tunnel")
        if url.scheme == "https":
            await writer.start_tls(tls, server_hostname=url.hostname)
    except BaseException:  # a timeout too
        writer.transport.abort()
        raise
    return reader, writer


async def read_head(reader):
    """Reads an answer's head to its end and returns the status."""
    status = STATUS_LINE.match(await reader.readline())
    if not status:
        raise ValueError("not HTTP")
    while (line := await reader.readline()) not in (b"\r\n", b"\n"):
        if not line.endswith(b"\n"):
            raise EOFError("the head breaks off")
    return int(status[1])
