"""Three sounds that differ by count and pitch, so that a verdict is heard by people who look at the parcel."""

import math
import shutil
import struct
import sys
import wave
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QProcess

_RATE_HZ = 22_050
_LOUDNESS = 0.45
_FADE_MS = 8
_COMMANDS: tuple[tuple[str, ...], ...] = (
    ("paplay",),
    ("pw-play",),
    ("aplay", "-q"),
    ("afplay",),
)


class Sound(StrEnum):
    """What is heard, named like the verdicts."""

    PASSED = "pass"
    HOLD = "hold"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Tones:
    """A sound as beeps: how many, how high, how long."""

    count: int
    pitch_hz: int
    beep_ms: int
    pause_ms: int


TONES: Mapping[Sound, Tones] = {
    Sound.PASSED: Tones(count=2, pitch_hz=1_320, beep_ms=80, pause_ms=60),
    Sound.HOLD: Tones(count=1, pitch_hz=740, beep_ms=420, pause_ms=0),
    Sound.STOP: Tones(count=3, pitch_hz=330, beep_ms=170, pause_ms=80),
}


class Player(Protocol):
    """Plays a WAV file and returns at once."""

    def play(self, file: Path) -> None:
        """Begin to play."""


class ProcessPlayer:
    """Plays through a small program of the operating system."""

    def __init__(self, command: tuple[str, ...]) -> None:
        self._command = command

    def play(self, file: Path) -> None:
        """Start the program; it ends by itself."""
        QProcess.startDetached(self._command[0], [*self._command[1:], str(file)])


class WindowsPlayer:
    """Plays through Windows itself."""

    def play(self, file: Path) -> None:
        """Begin to play; Windows plays on its own thread."""
        if sys.platform == "win32":
            import winsound

            winsound.PlaySound(str(file), winsound.SND_FILENAME | winsound.SND_ASYNC | winsound.SND_NODEFAULT)


def find_player() -> Player | None:
    """The player of this machine, or None where there is no sound."""
    if sys.platform == "win32":
        return WindowsPlayer()
    found = (command for command in _COMMANDS if shutil.which(command[0]))
    command = next(found, None)
    return ProcessPlayer(command) if command else None


class Sounds:
    """Plays verdict sounds; silent without a player or when muted."""

    def __init__(self, folder: Path, player: Player | None, *, muted: bool = False) -> None:
        """Write the sounds that are missing.

        Args:
            folder: a cache directory; it is made if it is not there.
            player: what plays, see ``find_player``.
            muted: whether staff switched sounds off.
        """
        self.muted = muted
        self._player = player
        self._files = {sound: folder / f"{sound}-{_RATE_HZ}.wav" for sound in Sound}
        folder.mkdir(parents=True, exist_ok=True)
        for sound, file in self._files.items():
            if not file.exists():
                write_wav(file, TONES[sound])

    @property
    def available(self) -> bool:
        """Whether this machine can play at all."""
        return self._player is not None

    def play(self, sound: Sound) -> None:
        """Play a sound without waiting for its end."""
        if self._player and not self.muted:
            self._player.play(self._files[sound])


def write_wav(file: Path, tones: Tones) -> None:
    """Write beeps as 16-bit mono WAV; the file appears whole or not at all."""
    samples = list(_samples(tones))
    partial = file.with_suffix(".part")
    with wave.open(str(partial), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(_RATE_HZ)
        out.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    partial.replace(file)


def _samples(tones: Tones) -> Iterator[int]:
    beep, pause = _RATE_HZ * tones.beep_ms // 1000, _RATE_HZ * tones.pause_ms // 1000
    for number in range(tones.count):
        yield from (_sample(at, beep, tones.pitch_hz) for at in range(beep))
        yield from (0 for _ in range(pause if number < tones.count - 1 else 0))


def _sample(at: int, length: int, pitch_hz: int) -> int:
    """One sample with a short fade at both ends, without which speakers click."""
    fade = _RATE_HZ * _FADE_MS / 1000
    loudness = _LOUDNESS * min(1.0, at / fade, (length - at) / fade)
    phase = 2 * math.pi * pitch_hz * at / _RATE_HZ
    return round(32_767 * loudness * (math.sin(phase) + math.sin(2 * phase) / 4) / 1.25)
