"""One canonical text for every kind of document, with the place of each line beside it.

A paragraph is a line; a cell of a table is a line after a tab; a blank line ends each row. A cell
that spans columns is printed once, one that spans rows is blank in the rows below its first. The
file is read in a process of its own with bounded time and memory, asks no network and runs
nothing of what it reads.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import subprocess
import sys
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any, NamedTuple

VERSION = "1"  # of this reader; a change of what it writes raises it
SECONDS, MEMORY = 120, 2 << 30
PAGES, BYTES, UNPACKED, LINES = 300, 100 << 20, 300 << 20, 200_000
REFUSED = 3  # exit code of the reading process
Box = tuple[float, float, float, float]
NOWHERE: Box = (0.0, 0.0, 0.0, 0.0)


class RefusedError(ValueError):
    """A document that cannot be read; the message says why and what to do."""


@dataclass(frozen=True)
class Line:
    """A line of the text: its page (from 1, 0 for none), its box (left, top, right, bottom).

    The box is in points, or in columns and rows of its table where there are no pages; a paragraph
    without pages is nowhere. `second` is what PDFium reads in the box of a cell, None where nobody
    read twice.
    """

    text: str
    page: int = 0
    box: Box = NOWHERE
    second: str | None = None

    @property
    def is_cell(self) -> bool:
        """Whether it is a cell of a table, not a paragraph."""
        return self.text.startswith("\t")


@dataclass
class Text:
    """A document as read: its lines, the picture of each page (JPEG, base64) and its size."""

    lines: list[Line]
    pages: list[tuple[str, float, float]] = field(default_factory=list)
    sha256: str = ""
    kind: str = ""

    @property
    def canonical(self) -> str:
        """The text, one line a paragraph or cell."""
        return "\n".join(line.text for line in self.lines)


def read(path: Path) -> Text:
    """Read a document in another process.

    Raises:
        RefusedError: it is no document that can be read, or reading took too long or too much.
    """
    if not path.is_file():
        raise RefusedError(f"{path}: not a file; name the document to transcribe")
    if path.stat().st_size > BYTES:
        raise RefusedError(f"{path.name}: larger than {BYTES >> 20} MB; split it")
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", __name__, str(path.resolve())],
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise RefusedError(
            f"{path.name}: reading took more than {SECONDS} s; print it to PDF anew, or split it"
        ) from None
    if done.returncode == REFUSED:
        raise RefusedError(f"{path.name}: {done.stdout.decode()}")
    if done.returncode:
        if b"No module named" in done.stderr:
            raise RefusedError(
                "a reader is missing; install it: pip install 'analysis[transcribe]'"
            )
        raise RefusedError(
            f"{path.name}: damaged, or more than can be read; open it and save or print it anew"
        )
    told = json.loads(done.stdout)
    told["lines"] = [Line(**{**one, "box": (*one["box"],)}) for one in told["lines"]]
    return Text(**told)


def read_here(path: Path) -> Text:
    """Read a document in this process; see ``read``."""
    content = path.read_bytes()
    head = content[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if b"%PDF-" in content[:1024]:
        text, kind = _pdf(content), "PDF"
    elif content[:2] == b"PK":
        members = _unpacked(content)
        if "word/document.xml" in members:
            text, kind = _docx(content), "DOCX"
        elif "xl/workbook.xml" in members:
            text, kind = _xlsx(content), "XLSX"
        else:
            raise RefusedError(
                "a zip that is neither DOCX nor XLSX; unpack it and name one document"
            )
    elif content[:4] == b"\xd0\xcf\x11\xe0":
        raise RefusedError(
            "encrypted, or an old .doc or .xls; save it without password as DOCX, XLSX"
        )
    elif head[:1] == b"<":
        text, kind = _html(content), "HTML"
    elif path.suffix.lower() == ".txt":
        try:
            lines = content.decode("utf-8-sig").replace("\r\n", "\n").split("\n")
        except UnicodeDecodeError:
            raise RefusedError("not UTF-8; save the text as UTF-8") from None
        text, kind = Text([Line(line) for line in lines]), "text"
    else:
        raise RefusedError(
            "not PDF, DOCX, XLSX, HTML or plain text (.txt); convert it to one of them"
        )
    if len(text.lines) > LINES:
        raise RefusedError(f"more than {LINES} lines; split it")
    if not any(line.text.strip() for line in text.lines):
        raise RefusedError("no text in it")
    text.sha256, text.kind = hashlib.sha256(content).hexdigest(), kind
    return text


def tidy(text: str) -> str:
    """Without the spaces that layout puts between characters; full stop after Latin words kept."""
    text = re.sub(r"[\s\u3000\u00a0]+", " ", unicodedata.normalize("NFC", text)).strip()
    return re.sub(r"(?<![A-Za-z0-9.,%]) | (?![A-Za-z0-9])", "", text)


def _row(cells: list[Line]) -> list[Line]:
    return [*cells, Line("")] if cells else []


# ---------------------------------------------------------------------------------------- PDF


def _pdf(content: bytes) -> Text:
    import pdfplumber
    import pypdfium2

    try:
        second = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise RefusedError("encrypted; save a copy without password") from None
        raise RefusedError("damaged; open it and print it to PDF anew") from None
    if len(second) > PAGES:
        raise RefusedError(f"{len(second)} pages, more than {PAGES}; split it")
    pages: list[list[list[Line]]] = []
    pictures, scans = [], []
    with pdfplumber.open(io.BytesIO(content)) as document:
        for number, page in enumerate(document.pages, start=1):
            if _is_scan(page):
                scans.append(number)
            elif not scans:
                pages.append(_page(page.dedupe_chars(tolerance=1), number, second[number - 1]))
                pictures.append(_picture(second[number - 1]))
            page.close()
    if scans:
        raise RefusedError(
            f"no text on page {', '.join(map(str, scans))}, only a picture; "
            "run character recognition (OCR) first, or get the original from the department"
        )
    return Text(list(_flow(pages)), pictures)


def _is_scan(page: Any) -> bool:
    """A picture of at least a quarter of the page, or drawn outlines, with hardly any text."""
    if len(page.chars) > 20:
        return False
    area = sum(one["width"] * one["height"] for one in page.images)
    return bool(area > 0.25 * page.width * page.height or len(page.curves) > 200)


def _lines(chars: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Characters clustered by baseline, top to bottom, each line left to right.

    Fonts of unequal height share a baseline, not a top.
    """
    lines: list[list[dict[str, Any]]] = []
    for char in sorted(chars, key=lambda c: -c["matrix"][5]):
        if lines and abs(lines[-1][0]["matrix"][5] - char["matrix"][5]) <= 0.35 * char["size"]:
            lines[-1].append(char)
        else:
            lines.append([char])
    return [sorted(line, key=lambda c: c["x0"]) for line in lines]


def _joined(line: list[dict[str, Any]]) -> str:
    """The characters of a line, a space where two words lie apart."""
    text = line[0]["text"] if line else ""
    for last, char in pairwise(line):
        gap = char["x0"] - last["x1"]
        text += (" " if gap > 0.25 * char["size"] else "") + char["text"]
    return text


def _inside(char: dict[str, Any], box: Box) -> bool:
    x, y = (char["x0"] + char["x1"]) / 2, (char["top"] + char["bottom"]) / 2
    return bool(box[0] <= x <= box[2] and box[1] <= y <= box[3])


def _page(page: Any, number: int, second: Any) -> list[list[Line]]:
    """The printed lines (of one part) and table rows (of cells) of a page, top to bottom."""
    from pdfplumber.utils.geometry import objects_to_bbox

    found: list[tuple[float, list[Line]]] = []  # with their tops
    chars = [c for c in page.chars if c["text"].strip() and c["upright"]]
    textpage, height = second.get_textpage(), page.height
    for table in page.find_tables():
        inside = [c for c in chars if _inside(c, table.bbox)]
        chars = [c for c in chars if not _inside(c, table.bbox)]
        grid = table.rows if inside else []
        for place, row in enumerate(grid):
            cells, above = [], row.bbox[1]
            beside = [c for c in inside if _inside(c, row.bbox)]
            for position, cell in enumerate(row.cells):
                if cell:
                    within = _lines([c for c in beside if _inside(c, cell)])
                    left, top, right, bottom = box = _rounded(cell)
                    again = textpage.get_text_bounded(
                        left + 0.5, height - bottom + 0.5, right - 0.5, height - top - 0.5
                    )
                    text = tidy("".join(map(_joined, within)))
                    cells.append(Line("\t" + text, number, box, tidy(again)))
                    continue
                # what is left here of one that begins in a row above, by its first column
                over = (other.cells[position] for other in grid[:place])
                if covered := next((one for one in over if one and one[3] > above + 2), None):
                    box = (covered[0], above, covered[2], covered[3])
                    cells.append(Line("\t", number, box, ""))
            found.append((above, cells))
    for line in _lines(chars):
        box, text = _rounded(objects_to_bbox(line)), tidy(_joined(line))
        near_edge = box[1] > 0.9 * height or box[3] < 0.08 * height
        if not (near_edge and re.fullmatch(r"[-—–\s]*(第?\s*\d+\s*页?)[-—–\s]*(/\s*\d+)?", text)):
            found.append((box[1], [Line(text, number, box)]))
    return [one for _, one in sorted(found, key=lambda one: one[0])]


def _rounded(box: Sequence[float]) -> Box:
    left, top, right, bottom = (round(float(one), 1) for one in box)
    return left, top, right, bottom


def _picture(page: Any) -> tuple[str, float, float]:
    image = page.render(scale=1.25, grayscale=True).to_pil()
    held = io.BytesIO()
    image.save(held, "JPEG", quality=40)
    return base64.b64encode(held.getvalue()).decode(), *page.get_size()


HTML = {"body": "body", "p": "p", "tbl": "table", "tr": "tr", "tc": "td"}  # for tags of DOCX
BLOCK = re.compile("p|div|li|ul|ol|h[1-6]|section|article|body|main|t[dhr]|table|br")
START = re.compile(
    r"第[一二三四五六七八九十]+部分|[一二三四五六七八九十]+、|（[一二三四五六七八九十]+）"
    r"|\([一二三四五六七八九十]+\)|\d+[、.．](?!\d)|[①-⑳]|注[：:]|单位[：:]"
)


def _flow(pages: list[list[list[Line]]]) -> Iterator[Line]:
    """Printed lines joined to paragraphs, across pages; the rows of tables between them."""
    held: list[Line] = []  # of the open paragraph
    for page in pages:
        body = [row[0].box for row in page if not row[0].is_cell]
        margin = min((box[0] for box in body), default=0.0)
        edge = max((box[2] for box in body), default=0.0)
        for row in page:
            line = row[0]
            if held and (line.is_cell or _begins(line, held[-1], margin, edge)):
                yield _paragraph(held)
                held = []
            if line.is_cell:
                yield from _row(row)
            else:
                held.append(line)
    if held:
        yield _paragraph(held)


def _begins(line: Line, last: Line, margin: float, edge: float) -> bool:
    """Whether a paragraph begins with a printed line, that stands below another."""
    size = line.box[3] - line.box[1]
    reaches = last.page != line.page or last.box[2] > edge - 2.5 * size
    indented = line.box[0] > margin + 1.2 * size
    ended = last.text.endswith("。") and last.box[2] < edge - size
    if not (START.match(line.text) or indented or not reaches or ended):
        return False
    return not re.match("（[类款项]）|[，。；、）]", line.text)


def _paragraph(held: list[Line]) -> Line:
    from pdfplumber.utils.geometry import merge_bboxes

    page = held[0].page
    box = merge_bboxes([line.box for line in held if line.page == page])
    return Line(tidy(" ".join(line.text for line in held)), page, box)


# --------------------------------------------------------------------------- DOCX, XLSX, HTML


def _unpacked(content: bytes) -> set[str]:
    """Names in an office file that is safe to unpack."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if len(members) > 5000 or sum(one.file_size for one in members) > UNPACKED:
                raise RefusedError(
                    "unpacks to more than can be read; save it anew without pictures"
                )
            for one in members:
                if one.filename.endswith((".xml", ".rels")):
                    with archive.open(one) as file:
                        if b"<!DOCTYPE" in file.read(4096).upper():
                            raise RefusedError("declares entities, which is not read; save it anew")
            return {one.filename for one in members}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError):
        raise RefusedError("damaged or encrypted; open it and save it anew") from None


def _docx(content: bytes) -> Text:
    """Its elements under the tags of HTML that say the same, read as such."""
    from lxml import etree

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        document = archive.read("word/document.xml")
    parser = etree.XMLParser(no_network=True, resolve_entities=False, remove_comments=True)
    tree = etree.fromstring(document, parser)
    etree.strip_elements(tree, "{*}del", "{*}moveFrom", "{*}Fallback", with_tail=False)
    for one in tree.iter("{*}gridSpan"):
        one.getparent().getparent().set("colspan", one.attrib.values()[0])
    for one in [*tree.iter("{*}vMerge")]:
        if one.attrib.values() in ([], ["continue"]):
            del one.getparent().getparent()[:]
    for one in [*tree.iter("{*}gridBefore")]:
        blank = etree.Element("tc", colspan=one.attrib.values()[0])
        one.getparent().getparent().insert(0, blank)
    for one in tree.iter("{*}*"):
        name = etree.QName(one).localname
        if name != "t":
            one.text = " " if name in ("tab", "br") else None
        one.tail = None
        in_cell = next(one.iterancestors("td"), None) is not None  # where all is its words
        one.tag = "span" if in_cell else HTML.get(name, "span")
    return _blocks(tree)


def _html(content: bytes) -> Text:
    from lxml import etree, html

    declared = re.search(rb"charset=[\"']?([\w-]+)", content[:2048])
    encoding = declared[1].decode() if declared else "utf-8"
    try:
        decoded = content.decode("gb18030" if encoding.lower().startswith("gb") else encoding)
    except (LookupError, UnicodeDecodeError):
        raise RefusedError(f"not {encoding} as it says; save it as UTF-8") from None
    decoded = re.sub(r"^\s*<\?xml[^>]*\?>", "", decoded)
    parser = etree.HTMLParser(no_network=True, remove_comments=True, remove_pis=True)
    tree = html.document_fromstring(decoded, parser=parser)
    etree.strip_elements(tree, "script", "style", "head", "noscript", "template", with_tail=False)
    return _blocks(tree)


def _blocks(tree: Any) -> Text:
    """The blocks of HTML as paragraphs, its innermost tables as rows."""
    from lxml import etree

    lines: list[Line] = []
    held = ""
    walk = etree.iterwalk(tree, events=("start", "end"))
    for event, element in walk:
        if BLOCK.fullmatch(element.tag):
            lines += _words(held)
            held = ""
        if event == "end":
            held += element.tail or ""
        elif element.tag == "table" and not element.xpath(".//table"):
            lines += _table(element.xpath(".//tr"))
            walk.skip_subtree()
        else:
            held += element.text or ""
    return Text(lines)


def _words(text: str) -> list[Line]:
    return [Line(text)] if (text := tidy(text)) else []


def _table(rows: list[Any]) -> Iterator[Line]:
    """The cells of each row, blank where one of a row above reaches down."""
    covered: dict[tuple[int, int], int] = {}  # row and column: width of a cell from above
    for number, row in enumerate(rows):
        cells: list[Line] = []
        column = 0
        for cell in [*row.xpath(".//td | .//th"), None]:
            while width := covered.get((number, column)):
                cells.append(_cell("", column, number, width))
                column += width
            if cell is not None:
                width, height = _small(cell.get("colspan")), _small(cell.get("rowspan"))
                cells.append(_cell("".join(cell.itertext()), column, number, width))
                covered |= {(number + below, column): width for below in range(1, height)}
                column += width
        yield from _row(cells)


def _cell(text: str, column: int, row: int, width: int) -> Line:
    return Line("\t" + tidy(text), 0, (column, row, column + width, row + 1))


def _small(number: str | None) -> int:
    return min(max(int(number), 1), 100) if number and number.strip().isdigit() else 1


class Square(NamedTuple):
    """A cell of a sheet; `drawn` where a line is above or below it."""

    text: str
    column: int
    row: int
    width: int
    drawn: bool


def _xlsx(content: bytes) -> Text:
    from openpyxl import load_workbook

    lines: list[Line] = []
    for sheet in load_workbook(io.BytesIO(content), data_only=True).worksheets:
        if sheet.sheet_state != "visible" or sheet.max_row * sheet.max_column > 1_000_000:
            continue
        spans = {place: one for one in sheet.merged_cells.ranges for place in one.cells}
        rows: list[list[Square]] = []
        for row in sheet.iter_rows():
            rows.append([])
            for cell in row:
                span = spans.get((cell.row, cell.column))
                if span and cell.column > span.min_col:
                    continue
                width = span.size["columns"] if span and cell.row == span.min_row else 1
                drawn = any(one and one.style for one in (cell.border.top, cell.border.bottom))
                shown = tidy(_shown(cell))
                rows[-1].append(Square(shown, cell.column, cell.row, width, drawn))
        lines += _sheet(rows, sheet.max_column)
    return Text(lines)


def _shown(cell: Any) -> str:
    """A cell's value as the sheet shows it."""
    if cell.value is None:
        return ""
    if isinstance(cell.value, bool) or not isinstance(cell.value, int | float):
        return str(cell.value)
    places = re.search(r"0\.(0+)", cell.number_format)
    comma = "," if "#,##" in cell.number_format else ""
    return f"{cell.value:{comma}.{len(places[1])}f}" if places else f"{cell.value:.12g}"


def _sheet(rows: list[list[Square]], width: int) -> Iterator[Line]:
    """What has borders is a table; where nothing has, rows with several filled cells are.

    A row of one wide or long cell is a paragraph. A table ends where its last filled cell does.
    """
    bordered = any(one.drawn for row in rows for one in row)

    def is_row(row: list[Square]) -> bool:
        filled = [one for one in row if one.text]
        if bordered or len(filled) != 1:
            return any(one.drawn for one in row) if bordered else bool(filled)
        text = filled[0].text
        return filled[0].width <= width / 2 and len(text) <= 24 and not START.match(text)

    for table, group in groupby(rows, is_row):
        part = list(group)
        if table and (bordered or any(sum(bool(one.text) for one in row) > 1 for row in part)):
            end = max(c.column + c.width for row in part for c in row if c.drawn or c.text)
            for row in part:
                yield from _row([_cell(*c[:4]) for c in row if c.column + c.width <= end])
        else:
            for row in part:
                yield from _words("".join(one.text for one in row))


# ------------------------------------------------------------------------------------ process


def main(path: Path) -> int:
    """Read one document and print it as JSON, within limits; the other end of ``read``."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    except (ImportError, ValueError):  # Windows has no such limits: time is bounded by the caller
        pass
    try:
        text = read_here(path)
    except RefusedError as error:
        print(error, end="")
        return REFUSED
    print(json.dumps(asdict(text), ensure_ascii=True))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
