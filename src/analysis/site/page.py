"""An executed notebook as one HTML file that runs nothing and asks no network for anything."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.metadata import version
from importlib.resources import files
from itertools import pairwise
from platform import python_version
from typing import Any

from markupsafe import Markup
from nbconvert.exporters.templateexporter import TemplateExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

from analysis.present import text
from analysis.present.language import LANGUAGES, _, current, ngettext, use
from analysis.present.tables import HATCH, stylesheet
from analysis.site.clean import clean

TEMPLATES = files("analysis.site").joinpath("template")
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
    html, _resources = exporter("report.html.j2").from_notebook_node(
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
    made.environment.globals |= {"_": _, "ngettext": ngettext}
    return made


def bare(text: str) -> str:
    """Text without the colour codes of a terminal."""
    return re.sub(r"\x1b\[.*?[@-~]", "", text)


def printed(text: str) -> str:
    """What a terminal would show: of a progress bar what its last carriage return left."""
    return re.sub(r"[^\n]*\r(?!\n)", "", bare(text))


class Shell:
    """What the templates ask of Python; it remembers the addresses that one page has given out.

    `path` leads from the folder of the English reports to this page ("" where it has no twin).
    """

    def __init__(self, root: str, path: str) -> None:
        self.root, self.lang = root, LANGUAGES[current()]
        up = "" if current() == "en" else "../"
        self.twin = f"{root}{up}{'zh/' if current() == 'en' else ''}{path}" if path else ""
        self.seen: set[str] = {"main", "hatch"}

    def css(self) -> Markup:
        """The whole stylesheet."""
        light, dark, report = map(stylesheet, ("light", "dark", "report"))
        return Markup(
            f":root{{color-scheme:light dark;{light}}}"
            f"@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}"
            f"{report}{stylesheet('page', 'site/template')}"
        )

    def hatch(self) -> Markup:
        return Markup(HATCH)

    def words(self, value: object) -> Markup:
        """Text of ours or of the data, its figures bound and its Chinese marked."""
        return Markup(text.html(value))

    def html(self, html: str) -> Markup:
        """What is harmless in some HTML."""
        return Markup(clean(html, self.root, self.seen))

    def markdown(self, source: str, attachments: dict[str, Any] | None = None) -> Markup:
        """Markdown as HTML, by nbconvert."""
        renderer = IPythonRenderer(
            escape=False, exclude_anchor_links=True, attachments=attachments or {}
        )
        html = MarkdownWithMath(renderer=renderer).render(source)
        # figures bound and Chinese marked in the text between the tags
        bound = re.sub(r"(?<=>)[^<&]+(?=<)", lambda found: _spaced(found[0]), html)
        return self.html(bound)

    def output(self, data: dict[str, Any]) -> Markup:
        """The richest form of an output that a page without scripts can show."""
        shown = data.get("text/html", "").replace(HATCH, "")
        if html := self.html(shown).strip():
            if html.startswith('<div class="an"'):
                return html
            # an empty heading says nothing to a screen reader
            html = Markup(html.replace("<th></th>", "<td></td>"))
            return Markup('<div class="wide" tabindex="0">{}</div>').format(html)
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
        if any(map(_opens, blocks)):
            # the notebook's title and question are for those who have not run it yet
            blocks = [block for block in blocks if not block["source"].startswith("# ")]
        for before, block in pairwise(blocks):
            if _shows(before, TABLE) and _shows(block, TABLE):
                before["beside"] = block["beside"] = True
        made: list[list[Row]] = [[]]
        for block in sorted(blocks, key=lambda block: not _opens(block)):
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

    def versions(self) -> str:
        """The versions that shape a page."""
        parts = [f"Python {python_version()}", *(f"{p} {version(p)}" for p in PACKAGES)]
        return (", " if current() == "en" else "、").join(parts)

    def documents(self, cells: Iterable[NotebookNode]) -> list[Row]:
        """The documents that the outputs introduce and cite, with the lines cited."""
        told = [output.get("metadata", {}).get("analysis", {})
                for cell in cells for output in cell.get("outputs", [])]  # fmt: skip
        lines: dict[str, set[int]] = {}
        for document, line in (cite for one in told for cite in one.get("cites", [])):
            lines.setdefault(document, set()).add(line)
        rows = {row["document"]: row for one in told for row in one.get("documents", [])}
        return [row | {"cited": sorted(lines.get(name, ()))} for name, row in rows.items()]

    def document(self, row: Row) -> Markup:
        """A document by its title, with its date of publication and its address where known."""
        title = text.html(row["title"] if current() == "zh" else row["title_en"])
        if current() == "en":
            title += f" {text.chinese(row['title'], 'z')}"
        told = [title]
        if published := row.get("published"):
            told.append(text.html(_("published on {date}").format(date=published)))
        address = row.get("address", "")
        if address.startswith(("https://", "http://")):
            told.append(f'<a href="{escape(address)}">{escape(address)}</a>')
        return Markup(("; " if current() == "en" else "；").join(told))

    def asked(self, documents: Iterable[Row]) -> Markup:
        """Whom to ask about the documents."""
        field = "contact" if current() == "zh" else "contact_en"
        told = dict.fromkeys(row[field] for row in documents if row.get(field))
        return Markup((", " if current() == "en" else "、").join(map(text.html, told)))


def _spaced(said: str) -> str:
    """Text with its figures bound, and the space around it kept."""
    before, after = said[: len(said) - len(said.lstrip())], said[len(said.rstrip()) :]
    return before + text.html(said) + after if said.strip() else said


def _opens(block: Row) -> bool:
    return _shows(block, "<h1")


def _shows(block: Row, mark: str) -> bool:
    return any(mark in output.get("data", {}).get("text/html", "") for output in block["outputs"])


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
