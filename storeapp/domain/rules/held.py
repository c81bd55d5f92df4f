"""The rule by which a person decides about a command that the hub did not apply."""

from collections.abc import Callable
from typing import ClassVar

from msgspec import Struct

from storeapp.domain.held import CHOICES, HUB, Cause, HeldCommand, HeldResolved, Resolution
from storeapp.domain.kernel import Command, Context, Draft, Refusal


class ResolveHeld(Struct, frozen=True, gc=False):
    """Somebody decided about a command that waits, and about all that follow it. The hub carries it out."""

    KIND: ClassVar[str] = "held.resolve"
    FACT: ClassVar[bool] = False
    command_id: str
    resolution: Resolution


def resolve(command: ResolveHeld, draft: Draft, ctx: Context) -> Refusal | None:
    """The first decision counts; whoever decides the same later has nothing to add."""
    held = draft.get(HeldCommand, command.command_id)
    if held is None or held.store != ctx.store:
        return Refusal("unknown_command")
    if not held.open:
        same = held.resolution == command.resolution
        return None if same else Refusal("already_resolved", {"by": held.resolved_by})
    if held.root:
        return Refusal("follows_another", {"command": held.root})
    if held.cause is Cause.QUARANTINED and ctx.device != HUB:
        return Refusal("hub_decides")
    if command.resolution not in CHOICES[held.cause]:
        return Refusal("cannot_resolve_so", {"cause": held.cause.value})
    for each in (held, *_followers(draft, held)):
        draft.emit(HeldResolved(each.id, command.resolution, ctx.now, ctx.actor, ctx.device))
    return None


def _followers(draft: Draft, held: HeldCommand) -> list[HeldCommand]:
    found = (draft.get(HeldCommand, follower) for follower in dict.fromkeys(held.followers))
    return [each for each in found if each is not None and each.open and each.root == held.id]


RULES: tuple[tuple[type[Command], Callable[..., Refusal | None]], ...] = ((ResolveHeld, resolve),)
