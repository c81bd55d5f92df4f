"""The people of the hub: their names, their passwords, and what proves that a page of ours has asked for an act."""

import base64
import hashlib
import hmac
import os

import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from hub.core import Hub
from hub.problems import HubProblem
from hub.tables import console_user

COST = {"n": 1 << 14, "r": 8, "p": 1, "maxmem": 1 << 26}
PASSWORD_MINIMUM = 12


def add_user(hub: Hub, name: str, password: str) -> None:
    """Let somebody read the console; a name that exists gets the new password.

    Raises:
        HubProblem: ``password_short``.
    """
    if len(password) < PASSWORD_MINIMUM:
        raise HubProblem("password_short", minimum=PASSWORD_MINIMUM)
    salt = os.urandom(16)
    row = {"name": name, "salt": salt, "verifier": _stretched(password, salt)}
    with hub.db.writing() as connection:
        hub.db.put(connection, console_user, [row])


def _stretched(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, dklen=32, **COST)


def is_user(hub: Hub, header: str) -> bool:
    """Whether the header of a request names somebody of the hub with the right password."""
    try:
        name, _, password = base64.b64decode(header.removeprefix("Basic "), validate=True).decode().partition(":")
    except ValueError:
        return False
    with hub.db.reading() as connection:
        found = connection.execute(sa.select(console_user).where(console_user.c.name == name)).first()
    # An unknown name takes as long as a wrong password.
    salt, verifier = (found.salt, found.verifier) if found else (b"\0" * 16, b"")
    return hmac.compare_digest(_stretched(password, salt), verifier)


async def checked(hub: Hub, request: Request) -> str:
    """Who asks; whoever guesses is slowed down, and costs nothing meanwhile: to try a password is dear on purpose.

    Raises:
        HubProblem: ``password_wrong`` or ``too_many_requests``.
    """
    header, address = request.headers.get("authorization", ""), request.client.host if request.client else ""
    if not header:
        raise HubProblem("password_wrong")
    hub.passwords.check(address)
    if not await run_in_threadpool(is_user, hub, header):
        hub.passwords.count(address)
        raise HubProblem("password_wrong")
    # A browser sends the password by itself, even where the page of another site asks it to.
    if request.headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
        raise HubProblem("password_wrong")
    return base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")[0]


def form_token(hub: Hub, user: str) -> str:
    """What only a page of ours can bring back, for browsers that do not say where a form stood."""
    key = hashlib.sha256(b"console/1|" + hub.identity.key.seed).digest()
    return hmac.new(key, user.encode(), hashlib.sha256).hexdigest()


def check_token(hub: Hub, user: str, token: str) -> None:
    """Refuse a form that was not ours.

    Raises:
        HubProblem: ``password_wrong``.
    """
    if not hmac.compare_digest(form_token(hub, user).encode(), token.encode()):
        raise HubProblem("password_wrong")
