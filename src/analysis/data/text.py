"""Text of strangers, made inert for a terminal."""


def inert(text: str) -> str:
    """The text with controls, marks of direction and what else is not printed as escapes."""
    return "".join(
        one if one.isprintable() or one == "\u3000" else one.encode("unicode_escape").decode()
        for one in text
    )
