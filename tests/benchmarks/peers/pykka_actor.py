"""Pykka: an actor is a thread with a queue."""

import time

import pykka
from figure import answer, resident_bytes


class Sink(pykka.ThreadingActor):
    """Takes everything and answers with it."""

    def on_receive(self, message: object) -> object:
        """Answer with the message."""
        return message


def tell(count: int) -> float:
    """Messages per second, drained."""
    ref = Sink.start()
    began = time.perf_counter()
    for number in range(count):
        ref.tell(number)
    ref.ask("last")
    return count / (time.perf_counter() - began)


def ask(count: int) -> float:
    """Answers per second, one at a time."""
    ref = Sink.start()
    began = time.perf_counter()
    for number in range(count):
        ref.ask(number, timeout=60)
    return count / (time.perf_counter() - began)


def start(count: int) -> float:
    """Actors per second, each answering before the next is started, since a start waits for nothing."""
    began = time.perf_counter()
    for _ in range(count):
        Sink.start().ask("up?", timeout=60)
    return count / (time.perf_counter() - began)


def idle(count: int) -> float:
    """Bytes of an actor that waits."""
    before = resident_bytes()
    for _ in range(count):
        Sink.start().ask("up?", timeout=60)
    return (resident_bytes() - before) / count


answer({function.__name__: function for function in (tell, ask, start, idle)})
pykka.ActorRegistry.stop_all()
