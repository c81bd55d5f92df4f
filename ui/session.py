"""Who is signed in at this window, and since when nobody touched it."""

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from typing_extensions import override

from storeapp.domain.words import Role
from storeapp.services.counter import Actor

IDLE_MINUTES = 15
_TOUCHES = frozenset({QEvent.Type.KeyPress, QEvent.Type.MouseButtonPress, QEvent.Type.Wheel})


class Session(QObject):
    """The person at the counter; after a while without a touch nobody is."""

    signed_in = Signal()
    """Somebody signed in, or somebody else did."""
    signed_out = Signal()
    """Nobody is signed in any more."""

    def __init__(self, *, idle_minutes: int = IDLE_MINUTES) -> None:
        super().__init__()
        self.actor: Actor | None = None
        self.name = ""
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.setInterval(idle_minutes * 60_000)
        self._idle.timeout.connect(self.sign_out)

    @property
    def is_manager(self) -> bool:
        """Whether a manager is signed in."""
        return self.actor is not None and self.actor.role is Role.MANAGER

    def sign_in(self, actor: Actor, name: str) -> None:
        """This person works from now on."""
        self.actor, self.name = actor, name
        self._idle.start()
        self.signed_in.emit()

    def sign_out(self) -> None:
        """Nobody works; the screens stay, and the next act asks who it is."""
        if self.actor is not None:
            self.actor, self.name = None, ""
            self._idle.stop()
            self.signed_out.emit()

    def end(self) -> None:
        """The window is closing: nobody is there to be signed out later."""
        self._idle.stop()
        self.actor, self.name = None, ""

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _TOUCHES and self.actor is not None:
            self._idle.start()
        return super().eventFilter(watched, event)
