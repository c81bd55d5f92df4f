"""A map service on this machine that answers in the form of Tencent's distance matrix, and can fail like it."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from storeapp.domain.place import Datum, Position, distance_m

KEY, SIGNING_KEY = "TESTS-ONLY0-KEY00", "signing-key-of-tests"
PATH = "/ws/distance/v1/matrix"
SPEEDS_M_S = {"walking": 1.2, "bicycling": 3.0, "driving": 6.0}


@dataclass
class Behaviour:
    """What the service does next, and what it was asked."""

    status: int = 0
    http_status: int = 200
    body: bytes | None = None
    no_road: bool = False
    asked: list[dict[str, str]] = field(default_factory=list)


@dataclass
class MapServer:
    url: str
    does: Behaviour


def _places(text: str) -> list[Position]:
    return [Position(float(lat), float(lng), Datum.GCJ02) for lat, lng in (p.split(",") for p in text.split(";"))]


def _element(does: Behaviour, mode: str, a: Position, b: Position) -> dict[str, float]:
    metres = round(distance_m(a, b) * 1.5)
    if does.no_road:
        return {"distance": metres, "duration": 0, "status": 4}
    timed = {} if mode == "bicycling" else {"duration": round(metres / SPEEDS_M_S[mode])}
    return {"distance": metres} | timed


def _answer(does: Behaviour, asked: dict[str, str]) -> dict[str, object]:
    unsigned = "&".join(f"{name}={asked[name]}" for name in sorted(asked) if name != "sig")
    wanted = hashlib.md5(f"{PATH}?{unsigned}{SIGNING_KEY}".encode(), usedforsecurity=False).hexdigest()
    if asked["key"] != KEY:
        return {"status": 190, "message": "无效的KEY"}
    if asked.get("sig", wanted) != wanted:
        return {"status": 111, "message": "签名验证失败"}
    if does.status:
        return {"status": does.status, "message": "-"}
    rows = [
        {"elements": [_element(does, asked["mode"], a, b) for b in _places(asked["to"])]}
        for a in _places(asked["from"])
    ]
    return {"status": 0, "message": "query ok", "result": {"rows": rows}}


@contextmanager
def map_server() -> Iterator[MapServer]:
    does = Behaviour()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            does.asked.append(asked)
            body = does.body if does.body is not None else json.dumps(_answer(does, asked)).encode()
            self.send_response(does.http_status if parts.path == PATH else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Tests listen to no access log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield MapServer(f"http://127.0.0.1:{server.server_address[1]}", does)
    finally:
        server.shutdown()
        thread.join(30)
        server.server_close()
