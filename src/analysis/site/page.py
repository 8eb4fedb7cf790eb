"""An executed notebook as one HTML file that runs nothing and asks no network for anything.

Whatever a cell displays is rebuilt from an allowlist of elements and attributes, all text escaped
anew, so nothing in it can run, load, reach out of its place or break the page; the page's
Content-Security-Policy is the second line of defence.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from html import escape
from html.parser import HTMLParser
from importlib.metadata import version
from importlib.resources import files
from platform import python_version
from typing import Any

from markupsafe import Markup
from nbconvert.exporters.templateexporter import TemplateExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

from analysis.data.package import load
from analysis.present import display
from analysis.present.old_charts import Row

TEMPLATES = files("analysis.site").joinpath("template")
PACKAGES = ("pandas", "matplotlib", "papermill", "nbconvert")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


VOID = _words("br hr img col")
ELEMENTS = VOID | _words("""
    a abbr b bdi blockquote caption cite code colgroup dd del details dfn div dl dt em figcaption
    figure h1 h2 h3 h4 h5 h6 i ins kbd li mark ol p pre q s samp section small span strong sub
    summary sup table tbody td tfoot th thead time tr u ul var
    svg g path rect circle ellipse line polyline polygon text tspan desc defs clippath use""")
# elements whose content is no text for readers
SILENT = _words("""
    script style iframe object embed applet template noscript noembed noframes textarea title
    select math xmp plaintext audio video canvas head foreignobject metadata""")
PAINT = _words("""
    fill stroke stroke-width stroke-linecap stroke-linejoin stroke-dasharray stroke-opacity
    fill-opacity opacity font-size font-weight font-style text-anchor""")
ATTRIBUTES = PAINT | _words("""
    class id lang dir title role scope colspan rowspan headers start open download alt width
    height viewbox d points x y x1 x2 y1 y2 dx dy cx cy r rx ry transform clip-path""")
STYLES = PAINT | _words("""
    text-align vertical-align color background-color text-decoration white-space""")
REFERENCES = ("aria-labelledby", "aria-describedby", "headers", "clip-path", "href", "id")
IMAGE = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]+")


@dataclass(frozen=True)
class Facts:
    """What a report's footer tells of how it was made."""

    notebook: str
    year: int | None
    parameters: dict[str, Any]
    data_hash: str
    code_version: str
    command: str


def render(notebook: NotebookNode, facts: Facts) -> str:
    """The page of an executed, or partly executed, notebook."""
    shell = Shell("" if facts.year is None else "../")
    html, _ = exporter("report.html.j2").from_notebook_node(
        notebook, {"shell": shell, "facts": facts}
    )
    return str(html)


@cache
def exporter(template: str) -> TemplateExporter:
    """nbconvert's exporter for one of our templates, which escapes what it is given."""
    made = TemplateExporter(template_paths=[str(TEMPLATES)], template_file=template)  # type: ignore[no-untyped-call]
    made.environment.autoescape = made.environment.trim_blocks = True
    made.environment.lstrip_blocks = True
    made.environment.filters |= {"bare": bare, "printed": printed}
    return made


def bare(text: str) -> str:
    """Text without the colour codes of a terminal."""
    return re.sub(r"\x1b\[.*?[@-~]", "", text)


def printed(text: str) -> str:
    """What a terminal would show: of a progress bar what its last carriage return left."""
    return re.sub(r"[^\n]*\r(?!\n)", "", bare(text))


class Shell:
    """What the templates ask of Python; it remembers the addresses that one page has given out."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.seen: set[str] = {"main"}

    def css(self) -> Markup:
        """The whole stylesheet."""
        page, dark = display.stylesheet("page.css", "site/template"), display.stylesheet("dark.css")
        return Markup(display.stylesheet() + page.replace("DARK", dark))

    def html(self, html: str) -> Markup:
        """What is harmless in some HTML."""
        duplicates = self.seen & set(re.findall(r"""\bid=["']?([^"'\s>]+)""", html))
        cleaner = _Cleaner(self.root, duplicates, f"-{len(self.seen)}")
        cleaner.feed(html)
        cleaner.close()
        self.seen |= cleaner.given
        return Markup(cleaner.result())

    def markdown(self, source: str, attachments: dict[str, Any] | None = None) -> Markup:
        """Markdown as HTML, by nbconvert."""
        renderer = IPythonRenderer(
            escape=False, exclude_anchor_links=True, attachments=attachments or {}
        )
        return self.html(MarkdownWithMath(renderer=renderer).render(source))

    def output(self, data: dict[str, Any]) -> Markup:
        """The richest form of an output that a page without scripts can show."""
        if html := self.html(data.get("text/html", "")).strip():
            if html.startswith('<div class="an">'):
                return html
            # an empty heading says nothing to a screen reader
            html = Markup(html.replace("<th></th>", "<td></td>"))
            return Markup('<div class="t" tabindex="0">{}</div>').format(html)
        if "text/markdown" in data:
            return self.markdown(data["text/markdown"])
        if svg := self.html(data.get("image/svg+xml", "")).strip():
            return Markup('<figure role="img" aria-label="{}">{}</figure>').format(
                data.get("text/plain", "Figure"), svg
            )
        for kind in ("image/png", "image/jpeg"):
            if kind in data:
                alt = escape(data.get("text/plain", "Figure"))
                return self.html(f'<img alt="{alt}" src="data:{kind};base64,{data[kind].strip()}">')
        return Markup("<pre>{}</pre>").format(bare(data.get("text/plain", "")))

    def cells(self, cells: Iterable[NotebookNode]) -> list[dict[str, Any]]:
        """The cells that show something, the opening first, each with the code that led to it."""
        shown: list[dict[str, Any]] = []
        code: list[str] = []
        for cell in cells:
            if "papermill-error-cell-tag" in cell.metadata.get("tags", []):
                continue
            if cell.cell_type == "code":
                code += [cell.source] if cell.source.strip() else []
                if outputs := joined(cell.outputs):
                    shown.append({"source": "", "outputs": outputs, "code": code})
                    code = []
            elif cell.cell_type == "markdown":
                shown.append({"source": cell.source, "files": cell.get("attachments")})
        if code:
            shown.append({"source": "", "outputs": [], "code": code})
        if any(map(_opens, shown)):
            # the notebook's title is for those who have not run it yet
            titled = next((b for b in shown if b["source"].startswith("# ")), {})
            titled["source"] = titled.get("source", "").partition("\n")[2]
        return sorted(shown, key=lambda block: not _opens(block))

    def heading(self, body: str) -> str:
        """The text of the page's first heading."""
        found = re.search(r"<h1[^>]*>(.*?)</h1>", body, re.DOTALL)
        return str(Markup(found[1]).striptags()) if found else ""

    def versions(self) -> str:
        """The versions that shape a page."""
        parts = [f"Python {python_version()}", *(f"{p} {version(p)}" for p in PACKAGES)]
        return ", ".join(parts)

    def documents(self, body: str) -> list[Row]:
        """The documents a page cites, with the lines cited."""
        cited: list[Row] = []
        for row in load("documents").to_dict("records"):
            pattern = re.escape(str(display.text(row["document"]))) + r", line (\d+)"
            if lines := sorted({int(line) for line in re.findall(pattern, body)}):
                cited.append({**row, "cited": lines})
        return cited

    def corrections(self, documents: list[Row]) -> list[Row]:
        """The corrections to lines a page cites."""
        cited = {(row["document"], line) for row in documents for line in row["cited"]}
        rows = load("corrections").to_dict("records")
        return [row for row in rows if (row["document"], int(row["line"])) in cited]


class _Cleaner(HTMLParser):
    """Writes anew what is allowed, balanced and escaped, and forgets the rest."""

    def __init__(self, root: str, duplicates: set[str], suffix: str) -> None:
        super().__init__()
        self.root, self.duplicates, self.suffix = root, duplicates, suffix
        self.out: list[str] = []
        self.open: list[str] = []
        self.silent: list[str] = []
        self.given: set[str] = set()

    def result(self) -> str:
        return "".join(self.out) + "".join(f"</{tag}>" for tag in reversed(self.open))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.silent or tag in SILENT:
            self.silent += [tag] * (tag != "embed")  # which has no end tag
        elif tag in ELEMENTS:
            kept = "".join(f' {name}="{escape(value)}"' for name, value in self.kept(tag, attrs))
            self.out.append(f"<{tag}{kept}>")
            if tag not in VOID:
                self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if "svg" not in self.open:
            self.handle_starttag(tag, attrs)
        elif not self.silent and tag in ELEMENTS:
            self.handle_starttag(tag, attrs)
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.silent:
            if tag in self.silent:
                del self.silent[self.silent.index(tag) :]
        elif tag in self.open:
            while (last := self.open.pop()) != tag:
                self.out.append(f"</{last}>")
            self.out.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.out.append(escape(data, quote=False))

    def kept(self, tag: str, attrs: list[tuple[str, str | None]]) -> Iterable[tuple[str, str]]:
        for name, value in attrs:
            value = value or ""
            if name in ("href", "xlink:href"):
                name, value = "href", self.link(tag, value)
            elif name == "src":
                value = value if tag == "img" and IMAGE.fullmatch(value) else ""
            elif name == "style":
                value = ";".join(_styles(value))
            elif name == "tabindex":
                value = value if value in ("0", "-1") else ""
            elif not (name in ATTRIBUTES or name.startswith("aria-")) or (
                "url(" in value and not re.fullmatch(r"url\(#[\w-]+\)", value)
            ):
                continue
            if name in REFERENCES:
                value = re.sub(r"[^\s#()]+", self.renamed, value) if self.duplicates else value
            if name == "id":
                self.given.add(value)
            if value or name in ("alt", "open", "class", "download"):
                yield name, value

    def renamed(self, match: re.Match[str]) -> str:
        return match[0] + self.suffix if match[0] in self.duplicates else match[0]

    def link(self, tag: str, target: str) -> str:
        """A link that a reader may follow: within the page, to a report, or out by a click."""
        target = re.sub(r"[\x00-\x20]+", "", target)
        if tag == "use" or target.startswith("#"):
            return target if target.startswith("#") else ""
        scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", target)
        if tag != "a" or target.startswith(("//", "\\")):
            return ""
        if scheme:
            allowed = scheme[1].lower() in ("http", "https", "mailto")
            return target if allowed or target.startswith("data:text/csv;") else ""
        page, hash_, place = target.partition("#")
        if page == display.FINDINGS:
            page = self.root + page
        return re.sub(r"\.ipynb$", ".html", page) + hash_ + place


def _styles(style: str) -> Iterable[str]:
    for declaration in style.split(";"):
        name, _, value = (part.strip().lower() for part in declaration.partition(":"))
        if name in STYLES and re.fullmatch(r"[\w\s#.,%-]+|rgba?\([\d\s.,%]+\)", value):
            yield f"{name}:{value}"


def _opens(block: dict[str, Any]) -> bool:
    return any("<h1" in output.get("data", {}).get("text/html", "")
               for output in block.get("outputs", []))  # fmt: skip


def joined(outputs: Iterable[NotebookNode]) -> list[NotebookNode]:
    """Outputs with neighbouring streams joined, what was printed before what was warned."""
    result: list[NotebookNode] = []
    streams: dict[str, NotebookNode] = {}
    for output in outputs:
        if output.output_type == "stream":
            if output.name in streams:
                streams[output.name].text += output.text
            else:
                streams[output.name] = output
        else:
            result += [streams.pop(name) for name in ("stdout", "stderr") if name in streams]
            result.append(output)
    return result + [streams[name] for name in ("stdout", "stderr") if name in streams]
