"""Pure functions: figures in, measures out. Meaning is in ids; labels are looked up when shown."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """Whether a measure has a value, and if not, of which kind the reason is."""

    COMPUTED = "computed"
    NOT_APPLICABLE = "not_applicable"
    NOT_DISCLOSED = "not_disclosed"
    DIFFERENT_BASIS = "different_basis"
    NOT_COMPARABLE = "not_comparable"
