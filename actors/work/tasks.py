"""What a worker can do with a file. Each task imports what it needs when it is chosen, and nothing before."""

from collections.abc import Callable

Progress = Callable[[float], None]
Task = Callable[[bytes, Progress], object]
"""Path and a sink for progress (0–1) to a result that MessagePack can carry. Raises UnreadableError for a bad file."""


def probing() -> Task:
    """Tags, technical data and the payload's hash: a `Probe`."""
    from actors.media.probe import probe  # noqa: PLC0415 — only this task's workers pay for it

    def look(path: bytes, _: Progress) -> object:
        return probe(path)

    return look


def analyzing() -> Task:
    """Every measurement of one recording from one decode: `Features`."""
    from actors.analysis.complete import Analysis  # noqa: PLC0415 — only this task's workers pay for it
    from actors.media.decode import open_decoder  # noqa: PLC0415

    def analyze(path: bytes, progress: Progress) -> object:
        with open_decoder(path) as decoder:
            analysis = Analysis(rate_hz=decoder.rate_hz, speakers=decoder.speakers)
            for block in decoder.blocks():
                analysis.add(block)
                progress(decoder.position)
            return analysis.result()

    return analyze


TASKS: dict[str, Callable[[], Task]] = {"probe": probing, "analyze": analyzing}
