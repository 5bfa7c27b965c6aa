"""The server of a listening test: a page, sounds by number, answers saved at once. It never sends a system's name.

Bound to this machine, or open to a network with a token. A page of another site can neither read nor answer: the
Host header must be this server's (against DNS rebinding), the Origin of an answer as well.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from moien.errors import WrongCall
from moien.listen.design import SCALES, Test, Trial
from moien.listen.store import Store

TEMPLATES = Path(__file__).parent / "templates"
FILES = {
    "/": ("listen.html", "text/html"),
    "/listen.js": ("listen.js", "text/javascript"),
    "/listen.css": ("listen.css", "text/css"),
}
LOOPBACK = ("127.0.0.1", "localhost", "::1")
MOST_BYTES = 4096  # of a body: an answer has a hundred
MOST_NAME = 80
YEAR_S = 365 * 24 * 3600
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; media-src 'self'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Refused(Exception):
    """A request that is answered with a status only."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


class Server(ThreadingHTTPServer):
    """Serves one test; `token` is what a visitor needs, "" for none. WrongCall where the address cannot be used."""

    daemon_threads = True

    def __init__(
        self,
        host: str,
        port: int,
        test: Test,
        sounds: Mapping[tuple[str, str], bytes],
        store: Store,
        token: str,
    ) -> None:
        self.test, self.sounds, self.store, self.token = test, sounds, store, token
        try:
            super().__init__((host, port), Handler)
        except OSError as error:
            raise WrongCall(
                f"cannot listen on {host}:{port}: {error.strerror}", remedy="choose another with --port"
            ) from None

    @property
    def address(self) -> str:
        """The URL of the page."""
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}/" + (f"?token={self.token}" if self.token else "")


class Handler(BaseHTTPRequestHandler):
    """One request. A listener is known by a cookie."""

    server: Server
    server_version, sys_version = "moien", ""
    timeout = 30

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the times at which somebody listens are private."""

    def do_GET(self) -> None:
        """The page and its files, `/state`, `/trial/N`, `/sound/N/POSITION`."""
        self._guarded(self._get)

    def do_POST(self) -> None:
        """`/answer` with trial, position and value; `/name` with a name."""
        self._guarded(self._post)

    def _guarded(self, answer: Any) -> None:
        try:
            self._check_host()
            url = urlsplit(self.path)
            if self._enter_with_token(parse_qs(url.query)):
                return
            answer(url.path)
        except Refused as refused:
            self._send(refused.status, "text/plain", refused.status.phrase.encode())

    def _check_host(self) -> None:
        host = urlsplit(f"//{self.headers.get('Host', '')}")
        if not self.server.token and host.hostname not in LOOPBACK:
            raise Refused(HTTPStatus.FORBIDDEN)

    def _enter_with_token(self, query: dict[str, list[str]]) -> bool:
        """Refuse a visitor without the token; one in the URL becomes a cookie: the history should not keep it."""
        if not (token := self.server.token):
            return False
        if given := query.get("token"):
            if not hmac.compare_digest(given[0].encode(), token.encode()):
                raise Refused(HTTPStatus.FORBIDDEN)
            self.send_response(HTTPStatus.SEE_OTHER)
            self.send_header("Location", "/")
            self.send_header("Set-Cookie", cookie("token", token))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return True
        if not hmac.compare_digest(self._cookie("token").encode(), token.encode()):
            raise Refused(HTTPStatus.FORBIDDEN)
        return False

    def _get(self, path: str) -> None:
        if path in FILES:
            name, kind = FILES[path]
            listener = self._cookie("listener")
            new = {} if listener or path != "/" else {"Set-Cookie": cookie("listener", secrets.token_hex(16))}
            self._send(HTTPStatus.OK, f"{kind}; charset=utf-8", (TEMPLATES / name).read_bytes(), new)
            return
        listener = self._listener()
        trials = self.server.test.trials(listener)
        match path.strip("/").split("/"):
            case ["state"]:
                self._send_json(self._state(listener, trials))
            case ["trial", number]:
                self._send_json(self._trial(listener, trials, index(number, len(trials))))
            case ["sound", number, place]:
                trial = trials[index(number, len(trials))]
                systems = trial.systems
                if self.server.test.kind == "mushra":  # the last sound is the open reference
                    systems += (self.server.test.systems[0],)
                sound = self.server.sounds[systems[index(place, len(systems))], trial.sentence]
                self._send(HTTPStatus.OK, "audio/wav", sound)
            case _:
                raise Refused(HTTPStatus.NOT_FOUND)

    def _state(self, listener: str, trials: list[Trial]) -> dict[str, Any]:
        test, given = self.server.test, self.server.store.values(listener)
        all_answers = [(n, p) for n, trial in enumerate(trials) for p in range(test.answers(trial))]
        first = next((n for n, p in all_answers if (n, p) not in given), len(trials))
        name = self.server.store.name(listener)
        return {
            "kind": test.kind,
            "total": len(trials),
            "first": first,
            "name": name,
            "done": first == len(trials),
        }

    def _trial(self, listener: str, trials: list[Trial], number: int) -> dict[str, Any]:
        given = self.server.store.values(listener)
        trial = trials[number]
        values = [given.get((number, place)) for place in range(self.server.test.answers(trial))]
        return {"sounds": len(trial.systems), "values": values}

    def _post(self, path: str) -> None:
        if urlsplit(self.headers.get("Origin", "")).netloc != self.headers.get("Host"):
            raise Refused(HTTPStatus.FORBIDDEN)
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MOST_BYTES:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        try:
            facts = json.loads(self.rfile.read(int(length)))
            if path == "/name":
                self.server.store.enter(self._listener(), str(facts["name"])[:MOST_NAME])
            elif path == "/answer":
                self._answer(facts["trial"], facts["position"], facts["value"])
            else:
                raise Refused(HTTPStatus.NOT_FOUND)
        except (ValueError, KeyError, TypeError):
            raise Refused(HTTPStatus.BAD_REQUEST) from None
        self._send_json({"saved": True})

    def _answer(self, number: int, position: int, value: float) -> None:
        listener, test = self._listener(), self.server.test
        trials = test.trials(listener)
        low, high = SCALES[test.kind]
        if not (
            0 <= number < len(trials)
            and 0 <= position < test.answers(trials[number])
            and low <= value <= high
        ):
            raise Refused(HTTPStatus.BAD_REQUEST)
        self.server.store.enter(listener)
        self.server.store.save(listener, number, trials[number], position, value)

    def _cookie(self, name: str) -> str:
        try:
            found = SimpleCookie(self.headers.get("Cookie", "")).get(f"moien-{name}")
        except CookieError:
            return ""
        return found.value if found else ""

    def _listener(self) -> str:
        listener = self._cookie("listener")
        if not listener.isalnum() or len(listener) > 64:
            raise Refused(HTTPStatus.FORBIDDEN)  # the page was not opened before
        return listener

    def _send_json(self, facts: dict[str, Any]) -> None:
        self._send(HTTPStatus.OK, "application/json", json.dumps(facts).encode())

    def _send(
        self, status: HTTPStatus, kind: str, body: bytes, extra: Mapping[str, str] | None = None
    ) -> None:
        headers = {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "Content-Security-Policy": POLICY,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        }
        self.send_response(status)
        for name, value in (headers | dict(extra or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def cookie(name: str, value: str) -> str:
    """A Set-Cookie that no script reads and no other site sends."""
    return f"moien-{name}={value}; Path=/; Max-Age={YEAR_S}; HttpOnly; SameSite=Strict"


def index(text: str, count: int) -> int:
    """A number below `count`, or 404."""
    if not text.isdecimal() or len(text) > 9 or int(text) >= count:
        raise Refused(HTTPStatus.NOT_FOUND)
    return int(text)
