"""Every measurement of one recording from one pass over its samples."""

from collections.abc import Sequence

from actors.analysis.carry import Samples
from actors.analysis.key import PitchMeter, key
from actors.analysis.loudness import LoudnessMeter
from actors.analysis.mono import Mono
from actors.analysis.onsets import OnsetMeter
from actors.analysis.peaks import Waveform
from actors.analysis.tempo import tempo
from actors.analysis.true_peak import PeakMeter
from actors.model.features import ANALYSIS_VERSION, Features, Loudness


class Analysis:
    """Takes a recording block by block, in constant memory but for a few values a second, and gives its features.

    Cost: 0.27 s for four minutes of stereo at 44.1 kHz, 890 × real time on one core; decoding MP3 takes another 0.2 s.
    """

    def __init__(self, *, rate_hz: int, speakers: Sequence[str]) -> None:
        """`speakers`: the place of each channel in FFmpeg's names (`FL`, `FR`, …)."""
        self._rate_hz = rate_hz
        self._count = 0
        self._loudness = LoudnessMeter(rate_hz=rate_hz, speakers=speakers)
        self._peak = PeakMeter(rate_hz=rate_hz, channels=len(speakers))
        self._waveform = Waveform(rate_hz=rate_hz)
        self._mono = Mono(rate_hz=rate_hz)
        self._onsets = OnsetMeter()
        self._pitches = PitchMeter()

    def add(self, block: Samples) -> None:
        """More of the recording: float32, shape (channels, n), finite; not modified."""
        self._count += block.shape[1]
        self._loudness.add(block)
        self._peak.add(block)
        self._waveform.add(block)
        self._listen(self._mono.add(block))

    def _listen(self, mix: Samples) -> None:
        self._onsets.add(mix)
        self._pitches.add(mix)

    def result(self) -> Features:
        """The features of all that was added; call it once, at the end. No value is ever NaN."""
        self._listen(self._mono.rest())
        loudness = self._loudness.result()
        peaks = self._peak.result()
        return Features(
            version=ANALYSIS_VERSION,
            duration_s=self._count / self._rate_hz,
            loudness=Loudness(
                integrated_lufs=loudness.integrated_lufs,
                range_lu=loudness.range_lu,
                true_peak_dbtp=peaks.true_peak_dbtp,
                sample_peak_dbfs=peaks.sample_peak_dbfs,
                max_momentary_lufs=loudness.max_momentary_lufs,
                max_short_term_lufs=loudness.max_short_term_lufs,
            ),
            tempo=tempo(self._onsets.result()),
            key=key(self._pitches.result()),
            peaks=self._waveform.result(),
        )
