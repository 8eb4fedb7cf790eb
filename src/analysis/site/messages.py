"""What is to be translated, for `pybabel extract` (see [tool.babel] and `make messages`).

Babel's own reader of Python misses what stands within f-strings; this one reads the syntax tree.
A cell of markdown is one message, whole, so that its sentences can be put in another order.
"""

import ast
import json
from collections.abc import Iterator, Mapping
from typing import IO, Any

Message = tuple[int, str, str | tuple[str, ...], list[str]]  # line, function, text, comments


def python(
    file: IO[bytes], keywords: Mapping[str, Any], _tags: Any, options: Any
) -> Iterator[Message]:
    """The constant texts of calls of `_` and `ngettext` (the signature is Babel's)."""
    for node in ast.walk(ast.parse(file.read())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            texts = [a.value for a in node.args if isinstance(a, ast.Constant)]
            said = tuple(text for text in texts if isinstance(text, str))
            if node.func.id in keywords and said:
                yield node.lineno, node.func.id, said if len(said) > 1 else said[0], []


def notebook(file: IO[bytes], _keywords: Any, _tags: Any, options: Any) -> Iterator[Message]:
    """The cells of markdown of a notebook (the signature is Babel's)."""
    for number, cell in enumerate(json.load(file)["cells"], 1):
        if cell["cell_type"] == "markdown" and (text := "".join(cell["source"]).strip()):
            yield number, "_", text, []
