"""Look at one recording as the service does: who made it, how long it is, how loud, how fast, in which key."""

import os
import tempfile
from pathlib import Path

from actors.analysis.complete import Analysis
from actors.media.decode import open_decoder
from actors.media.demo import make_demo
from actors.media.probe import probe

with tempfile.TemporaryDirectory() as folder:
    path = os.fsencode(make_demo(Path(folder), count=1, seconds=10.0)[0])

    known = probe(path)
    print(", ".join(known.tags.artists), "–", known.tags.title, f"{known.sound.duration_s:.1f} s", known.sound.codec)
    print("known by its sound:", known.audio_hash)

    with open_decoder(path) as decoder:
        analysis = Analysis(rate_hz=decoder.rate_hz, speakers=decoder.speakers)
        for block in decoder.blocks():
            analysis.add(block)
    features = analysis.result()
    print(features.loudness.integrated_lufs, "LUFS;", features.tempo, features.key and features.key.name)
