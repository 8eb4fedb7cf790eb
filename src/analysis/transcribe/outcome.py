"""What a transcription comes to: written by `draft`, shown by `review`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from analysis.transcribe import tables
from analysis.transcribe.text import Text


@dataclass
class Outcome:
    """What was written where, and what is left to a person, worst first."""

    folder: Path
    document: str
    text: Text
    tables: list[tables.Table]
    review: list[dict[str, str]] = field(default_factory=list)
    summary: list[str] = field(default_factory=list)
