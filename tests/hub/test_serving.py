"""What a hub listens on."""

import socket

from hub.serving import listen


def test_the_end_of_an_answer_never_waits_for_the_acknowledgement_of_its_beginning() -> None:
    with listen("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
