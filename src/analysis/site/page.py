"""An executed notebook as one HTML file that runs nothing and asks no network for anything."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.metadata import version
from itertools import groupby, pairwise
from platform import python_version
from typing import Any

from jinja2 import Environment, PackageLoader, Template
from markupsafe import Markup
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

from analysis.data.text import inert
from analysis.present.language import LANGUAGES, _, current, either, ngettext, use
from analysis.present.tables import HATCH, stylesheet
from analysis.present.text import chinese, html
from analysis.site.clean import clean

PACKAGES = ("pandas", "matplotlib", "papermill", "nbconvert")
TABLE = '<div class="tab">'
Row = dict[str, Any]


@dataclass(frozen=True)
class Facts:
    """What a report's footer tells of how it was made.

    `released` is the date of the data's release (from the package), `twin` whether the report
    exists in the other language too, `unreviewed` how many points of a
    draft nobody has looked at. The language is the parameter of that name, else English.
    """

    notebook: str
    year: int | None
    parameters: dict[str, Any]
    command: str
    released: str = ""
    unreviewed: int = 0
    twin: bool = True

    @property
    def language(self) -> str:
        return str(self.parameters.get("language", "en"))


def render(notebook: NotebookNode, facts: Facts) -> str:
    """The page of an executed, or partly executed, notebook."""
    use(facts.language)
    root = "" if facts.year is None else "../"
    path = f"{f'{facts.year}/' if facts.year else ''}{facts.notebook}.html"
    shell = Shell(root, path if facts.twin else "")
    return template("report").render(
        cells=notebook.cells,
        shell=shell,
        facts=facts,
        unreviewed=facts.unreviewed,
        documents=cited(notebook.cells),
    )


@cache
def template(name: str) -> Template:
    """One of our templates, which escapes what it is given."""
    return _environment().get_template(f"{name}.html.j2")


@cache
def _environment() -> Environment:
    loader = PackageLoader("analysis.site", "template")
    made = Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    made.filters |= {"bare": bare, "chinese": chinese, "inert": inert, "printed": printed,
                     "words": html}  # fmt: skip
    made.globals |= {"_": _, "css": css, "either": either, "hatch": Markup(HATCH),
                     "ngettext": ngettext, "versions": versions}  # fmt: skip
    return made


def bare(text: str) -> str:
    """Text without the colour codes of a terminal."""
    return re.sub(r"\x1b\[.*?[@-~]", "", text)


def printed(text: str) -> str:
    """What a terminal would show: of a progress bar what its last carriage return left."""
    return re.sub(r"[^\n]*\r(?!\n)", "", bare(text))


@cache
def css() -> Markup:
    """The whole stylesheet."""
    light, dark, report = map(stylesheet, ("light", "dark", "report"))
    return Markup(
        f":root{{color-scheme:light dark;{light}}}"
        f"@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}"
        f"{report}{stylesheet('page', 'site/template')}"
    )


@cache
def _versions() -> list[str]:
    return [f"Python {python_version()}", *(f"{p} {version(p)}" for p in PACKAGES)]


def versions() -> str:
    """The versions that shape a page."""
    return either(", ", "、").join(_versions())


def answer(html: str) -> str:
    """The sentence that a page opens with, as text; "" where it has none."""
    found = re.search(r'<p class="answer">(.*?)</p>', html)
    return str(Markup(found[1]).striptags()) if found else ""


def cited(cells: Iterable[NotebookNode]) -> list[Row]:
    """The documents that the outputs introduce, each with the lines that they cite."""
    told = [output.get("metadata", {}).get("analysis", {})
            for cell in cells for output in cell.get("outputs", [])]  # fmt: skip
    lines: dict[str, set[int]] = {}
    for document, line in (cite for one in told for cite in one.get("cites", [])):
        lines.setdefault(document, set()).add(line)
    rows = {row["document"]: row for one in told for row in one.get("documents", [])}
    return [row | {"cited": sorted(lines.get(name, ()))} for name, row in rows.items()]


class Shell:
    """What the templates ask of Python; it remembers the addresses that one page has given out.

    `path` leads from the folder of the English reports to this page ("" where it has no twin).
    """

    def __init__(self, root: str, path: str) -> None:
        self.root, self.lang = root, LANGUAGES[current()]
        self.twin = f"{root}{either('zh/', '../')}{path}" if path else ""
        self.seen: set[str] = {"main", "hatch"}

    def html(self, html: str) -> Markup:
        """What is harmless in some HTML."""
        return Markup(clean(html, self.root, self.seen))

    def markdown(self, source: str, attachments: dict[str, Any] | None = None) -> Markup:
        """Markdown as HTML, by nbconvert."""
        renderer = IPythonRenderer(
            escape=False, exclude_anchor_links=True, attachments=attachments or {}
        )
        shown = MarkdownWithMath(renderer=renderer).render(source)
        # figures bound and Chinese marked in the text between the tags, the space around it kept
        return self.html(
            re.sub(
                r"(?<=>)(\s*)([^<&]*[^<&\s])(\s*)(?=<)",
                lambda found: f"{found[1]}{html(found[2])}{found[3]}",
                shown,
            )
        )

    def output(self, data: dict[str, Any]) -> Markup:
        """The richest form of an output that a page without scripts can show."""
        if shown := self.html(data.get("text/html", "").replace(HATCH, "")).strip():
            if shown.startswith('<div class="an"'):
                return shown
            # an empty heading says nothing to a screen reader
            shown = Markup(shown.replace("<th></th>", "<td></td>"))
            return Markup('<div class="wide" tabindex="0">{}</div>').format(shown)
        if "text/markdown" in data:
            return self.markdown(data["text/markdown"])
        said = data.get("text/plain", "Figure")
        if svg := self.html(data.get("image/svg+xml", "")).strip():
            return Markup('<figure role="img" aria-label="{}">{}</figure>').format(said, svg)
        for kind in ("image/png", "image/jpeg"):
            if kind in data:
                image = f"data:{kind};base64,{data[kind].strip()}"
                return self.html(f'<img alt="{escape(said)}" src="{image}">')
        return Markup("<pre>{}</pre>").format(bare(data.get("text/plain", "")))

    def sections(self, cells: Iterable[NotebookNode]) -> list[list[Row]]:
        """The cells that show something, the opening first; a question begins a section.

        A block has `source` (markdown) or `outputs`, and `beside`: one of several tables in a row.
        """
        blocks: list[Row] = []
        for cell in cells:
            if "papermill-error-cell-tag" in cell.metadata.get("tags", []):
                continue
            if cell.cell_type == "markdown":
                source = _(cell.source.strip())
                blocks.append({"source": source, "files": cell.get("attachments"), "outputs": []})
            elif cell.cell_type == "code" and (outputs := joined(cell.outputs)):
                blocks.append({"source": "", "outputs": outputs})
        blocks.sort(key=lambda block: not _shows(block, "<h1"))
        if blocks and _shows(blocks[0], "<h1"):
            # the notebook's title and question are for those who have not run it yet
            blocks = [block for block in blocks if not block["source"].startswith("# ")]
        for before, block in pairwise(blocks):
            if _shows(before, TABLE) and _shows(block, TABLE):
                before["beside"] = block["beside"] = True
        made: list[list[Row]] = [[]]
        for block in blocks:
            if block["source"].startswith("## "):
                made.append([])
            made[-1].append(block)
        return [blocks for blocks in made if blocks]

    def heading(self, body: str) -> str:
        """The text of the page's first heading."""
        found = re.search(r"<h1[^>]*>(.*?)</h1>", body, re.DOTALL)
        return str(Markup(found[1]).striptags()) if found else ""

    def title(self, cells: Iterable[NotebookNode]) -> str:
        """The notebook's own title, for a page that did not get as far as its opening."""
        titles = (_(c.source.strip()) for c in cells if c.source.startswith("# "))
        return next(titles, "").partition("\n")[0].removeprefix("# ")


def _shows(block: Row, mark: str) -> bool:
    return any(mark in output.get("data", {}).get("text/html", "") for output in block["outputs"])


def joined(outputs: Iterable[NotebookNode]) -> list[NotebookNode]:
    """Outputs with neighbouring streams joined, what was printed before what was warned."""
    result: list[NotebookNode] = []
    for streams, group in groupby(outputs, lambda output: output.output_type == "stream"):
        run = list(group)
        for name in ("stdout", "stderr") if streams else ():
            if said := [output for output in run if output.name == name]:
                text = "".join(output.text for output in said)
                made = NotebookNode({**said[0], "text": text})  # type: ignore[no-untyped-call]
                result.append(made)
        result += [] if streams else run
    return result
