"""Where connections come from: the sockets of a configuration, listened at."""

import trio
from hypercorn.config import Config
from hypercorn.utils import repr_socket_addr

Listener = trio.SocketListener | trio.SSLListener[trio.SocketStream]


def listen(config: Config) -> tuple[list[Listener], list[str]]:
    """Listeners of every socket, and their addresses as people write them.

    Raises: OSError when a socket cannot be bound; ssl.SSLError or ValueError when a secure one has no certificate to show.
    """
    sockets = config.create_sockets()
    listeners: list[Listener] = []
    addresses = []
    for sock in sockets.secure_sockets:
        sock.listen(config.backlog)
        context = config.create_ssl_context()
        if context is None:
            raise ValueError("secure sockets need a certificate and a key")
        plain = trio.SocketListener(trio.socket.from_stdlib_socket(sock))
        listeners.append(trio.SSLListener(plain, context))
        addresses.append(f"https://{repr_socket_addr(sock.family, sock.getsockname())}")
    for sock in sockets.insecure_sockets:
        sock.listen(config.backlog)
        listeners.append(trio.SocketListener(trio.socket.from_stdlib_socket(sock)))
        addresses.append(f"http://{repr_socket_addr(sock.family, sock.getsockname())}")
    return listeners, addresses


def socket_of(listener: Listener) -> trio.socket.SocketType:
    """The socket that it listens at."""
    plain = listener.transport_listener if isinstance(listener, trio.SSLListener) else listener
    assert isinstance(plain, trio.SocketListener)
    return plain.socket
