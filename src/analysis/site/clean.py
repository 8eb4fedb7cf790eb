"""What is harmless in some HTML: nothing in it can run, load, reach out of its place or mislead.

`nh3` (ammonia) parses as a browser does and keeps what is listed here; the page's
Content-Security-Policy is the second line of defence.
"""

import re

import nh3

from analysis.present.tables import AUDIT


def _words(text: str) -> set[str]:
    return set(text.split())


HTML = _words("""
    a abbr b bdi blockquote br caption cite code col colgroup dd del details dfn div dl dt em
    figcaption figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp section small
    span strong sub summary sup table tbody td tfoot th thead time tr u ul var wbr""")
SVG = _words("svg g path rect circle ellipse line polyline polygon text tspan desc")
# elements whose content is no text for readers
SILENT = _words("""
    script style iframe object embed noscript noembed noframes textarea title select math xmp
    plaintext audio video canvas template foreignobject metadata image animate set""")
PAINT = _words("""
    fill stroke stroke-width stroke-linecap stroke-linejoin stroke-dasharray stroke-opacity
    fill-opacity opacity font-size font-weight text-anchor viewBox d points x y x1 x2 y1 y2 dx dy
    cx cy r rx ry transform width height""")
ANYWHERE = _words("class id lang dir title role tabindex scope headers open")
ATTRIBUTES = dict.fromkeys(SVG, PAINT) | {
    "*": ANYWHERE,
    "a": {"href", "download"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan", "style", "data-of"},
    "th": {"colspan", "rowspan", "style"},
    "ol": {"start"},
}
REFERENCES = ("id", "headers", "aria-labelledby", "aria-describedby")
IMAGE = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]+")


def clean(html: str, root: str, taken: set[str]) -> str:
    """The harmless part of some HTML, its addresses made unique on the page.

    Args:
        html: what a cell displays.
        root: the way from the page to the folder of the reports ("" or "../").
        taken: addresses given out on this page; those of `html` are added.
    """
    found = set(re.findall(r"""\bid=["']?([^"'\s>]+)""", html))
    twice, suffix = found & taken, f"-{len(taken)}"

    def renamed(one: str) -> str:
        return one + suffix if one in twice else one

    def kept(tag: str, name: str, value: str) -> str | None:
        if name in REFERENCES:
            ids = [renamed(one) for one in value.split()]
            taken.update(ids if name == "id" else ())
            return " ".join(ids)
        if name == "href":
            target = _target(value, root)
            return f"#{renamed(target[1:])}" if target and target[0] == "#" else target
        if name == "src":
            return value if IMAGE.fullmatch(value) else None
        return None if "url(" in value.lower() else value

    return nh3.clean(
        html,
        tags=HTML | SVG,
        clean_content_tags=SILENT,
        attributes=ATTRIBUTES,
        attribute_filter=kept,
        generic_attribute_prefixes={"aria-"},
        filter_style_properties={"text-align", "vertical-align"},
        url_schemes={"http", "https", "mailto", "data"},
        link_rel=None,
    )


def _target(target: str, root: str) -> str | None:
    """A link that a reader may follow: within the page, to a report, or out by a click."""
    target = re.sub(r"[\x00-\x20]+", "", target)
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", target)
    if target.startswith(("//", "\\", "/")):
        return None
    if scheme:
        allowed = scheme[1].lower() in ("http", "https", "mailto")
        return target if allowed or target.startswith("data:text/csv;") else None
    page, mark, place = target.partition("#")
    if page == AUDIT:
        page = root + page
    return re.sub(r"\.ipynb$", ".html", page) + mark + place or None
