"""A matplotlib figure as SVG text: small, the same on every run, in the colours of the page.

A renderer of our own in place of matplotlib's SVG backend, because the page needs text as text
(with its Chinese marked), colours by class, so that one drawing serves light, dark and print, and
no ids, which would differ between two drawings of a page.
"""

import hashlib
import re
import unicodedata
from functools import cache
from html import escape
from typing import Any

import numpy as np
from matplotlib.backend_bases import GraphicsContextBase, RendererBase
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ft2font import LoadFlags
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Transform

from analysis.present.language import current
from analysis.present.text import HAN, marked, plain

TYPE, SMALL = 13.0, 12.0
GAP = "\u2003"  # between a label and its term
INK, SOFT, PAPER = "#1a1c1f", "#565d65", "#ffffff"
FILLS = {  # the classes of the stylesheet, and their colours on a light page
    "a1": "#1c4e7f",
    "a2": "#4a80b0",
    "a3": "#7094b3",
    "hi": "#a4161a",
    "mi": "#a95200",
    "lo": "#5c7080",
    "ok": "#8095a5",
}
_CLASSES = {colour: name for name, colour in FILLS.items()}
_LINES = {SOFT: "ax", INK: "lim"} | {colour: f"o {name}" for colour, name in _CLASSES.items()}
_hex = cache(to_hex)
_LETTERS = {Path.MOVETO: "M", Path.LINETO: "L", Path.CURVE3: "Q", Path.CURVE4: "C"}


def draw(figure: Figure, alt: str, ident: str) -> str:
    """The figure as an element described by `alt`; `ident` is free for ids on the page."""
    figure.set_dpi(72)  # a point is a unit of the drawing
    width, height = (figure.get_size_inches() * 72).tolist()
    renderer = _Renderer(width, height)
    figure.draw(renderer)
    return (
        f'<svg viewBox="0 0 {width:.4g} {height:.4g}" role="img" aria-labelledby="{ident}">'
        f'<desc id="{ident}">{escape(plain(alt))}</desc>{"".join(renderer.out)}</svg>'
    )


def ident(*parts: str) -> str:
    """An address on a page by what stands there, the same on every run."""
    return "a" + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]


class _Renderer(RendererBase):
    def __init__(self, width: float, height: float) -> None:
        super().__init__()
        self.width, self.height = width, height
        self.out: list[str] = []

    def get_canvas_width_height(self) -> tuple[float, float]:
        return self.width, self.height

    def get_text_width_height_descent(
        self, s: str, prop: FontProperties, ismath: Any
    ) -> tuple[float, float, float]:
        return width(s, size=prop.get_size_in_points()), prop.get_size_in_points(), 0.0

    def draw_path(
        self,
        gc: GraphicsContextBase,
        path: Path,
        transform: Transform,
        rgbFace: Any = None,  # noqa: N803
    ) -> None:
        filled = rgbFace is not None and (len(rgbFace) < 4 or rgbFace[3])
        fill, colour = _hex(tuple(rgbFace)) if filled else PAPER, _hex(gc.get_rgb())
        stroke, hatch = gc.get_linewidth() and gc.get_rgb()[3], gc.get_hatch()
        if fill == PAPER and not stroke and not hatch:
            return  # nothing, or the ground
        dashed, closed = gc.get_dashes()[1] is not None, _closed(path)
        if hatch or (fill == PAPER and dashed and closed):
            kind, other = "dv" if hatch else "no", ""
        elif fill != PAPER:
            kind, other = _CLASSES.get(fill, ""), f'fill="{fill}"'
        else:
            kind, other = _LINES.get(colour, ""), f'fill="none" stroke="{colour}"'
        paint = f' class="{kind}"' if kind else f" {other}"
        if dashed and not closed:
            paint += ' stroke-dasharray="2 2"'
        if not closed and gc.get_linewidth() != 1:
            paint += f' stroke-width="{gc.get_linewidth():.4g}"'
        d = _data(path.transformed(transform), self.height)
        if self.out and self.out[-1].startswith(f'<path{paint} d="'):
            self.out[-1] = f'{self.out[-1][:-3]}{d}"/>'  # one element for marks in a row
        else:
            self.out.append(f'<path{paint} d="{d}"/>')

    def draw_text(
        self, gc: GraphicsContextBase, x: float, y: float, s: str, prop: FontProperties,
        angle: float, ismath: Any = False, mtext: Text | None = None,
    ) -> None:  # fmt: skip
        kind = ["z"] * (_hex(gc.get_rgb()) == SOFT) + ["b"] * (prop.get_weight() == "bold")
        across = mtext.get_horizontalalignment() if mtext is not None else "left"
        if mtext is not None and not angle:  # where it is anchored, whatever font the reader has
            x = mtext.get_transform().transform(mtext.get_unitless_position())[0]
        kind += ["r"] * (across == "right")
        given = f' class="{" ".join(kind)}"' if kind else ""
        given += f' x="{_short(x)}"' if _short(x) != "0" else ""
        given += ' text-anchor="middle"' if across == "center" else ""
        if angle:
            given += f' transform="rotate({-angle:.4g} {_short(x)} {_short(y)})"'
        label, _, term = s.partition(GAP)
        lang = ' lang="zh-Hans"' if current() == "en" and re.search(HAN, term) else ""
        term = f'<tspan class="z"{lang}>{escape(term)}</tspan>' if term else ""
        said = " ".join(filter(None, [marked(label, "tspan"), term]))
        # what JupyterLab leaves of a drawing that it does not trust still reads one text a line
        self.out.append(f'\n<text{given} y="{_short(y)}">{said}</text>')


def _closed(path: Path) -> bool:
    return path.codes is not None and bool(np.asarray(path.codes)[-1] == Path.CLOSEPOLY)


def _data(path: Path, height: float) -> str:
    """Path data from the top left, to a tenth of a point; a rectangle in its short form."""
    points = np.asarray(path.vertices)
    if len(points) == 5 and _closed(path):
        across, up = map(set, points.T.tolist())
        x, right, bottom, y = min(across), max(across), min(up), max(up)
        if across <= {x, right} and up <= {y, bottom}:
            wide, high = _short(right - x), _short(y - bottom)
            return f"M{_short(x)} {_short(height - y)}h{wide}v{high}h-{wide}z"
    out = []
    for run, code in path.iter_segments(simplify=False):
        pairs = np.asarray(run).reshape(-1, 2).tolist() if code in _LETTERS else []
        places = " ".join(f"{_short(x)} {_short(height - y)}" for x, y in pairs)
        out.append(_LETTERS.get(code, "Z") + places)
    return "".join(out)


def _short(value: float) -> str:
    """A length to a tenth of a point, in as few characters as it takes."""
    return f"{round(value, 1) + 0:.1f}".removesuffix(".0")


@cache
def _em(c: str) -> float:
    """How wide a character is in ems: a wide one is square, others as in matplotlib's own font."""
    if unicodedata.east_asian_width(c) in "WF":
        return 1.0
    font = get_font(findfont("DejaVu Sans"))
    if not font.get_char_index(ord(c)):
        return 1.0
    return float(font.load_char(ord(c), LoadFlags.NO_SCALE).horiAdvance / font.units_per_EM)


def width(text: str, bold: bool = False, size: float = TYPE) -> float:
    """How wide a text is, on the safe side: hardly a system font is wider than DejaVu Sans."""
    return size * sum(map(_em, text)) * (1.1 if bold else 1)


def fit(text: str, room: float, bold: bool = False) -> str:
    """The text, or as much of its beginning as there is room for, with an ellipsis."""
    if width(text, bold) <= room:
        return text
    text = text[: int(room / TYPE * 4)]
    while text and width(text + "…", bold) > room:
        text = text[:-1]
    return text.rstrip() + "…"


def wrap(text: str, room: float) -> list[str]:
    """The text in two lines at most, broken at spaces and between ideographs."""
    words = re.findall(
        r"[\u3400-\u9fff][\u3000-\u303f\uff00-\uffef]*|[^\s\u3400-\u9fff]+\s*|\s+", text[:1000]
    )
    line = words.pop(0) if words else ""
    while words and width((line + words[0]).rstrip()) <= room:
        line += words.pop(0)
    return [fit(one, room) for one in map(str.strip, (line, "".join(words))) if one]
