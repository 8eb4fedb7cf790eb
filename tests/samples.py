"""Made-up frames and notebooks for the tests of charts, fragments and pages."""

import pandas as pd
from nbformat import NotebookNode, v4

from analysis.present import display
from analysis.present import old_charts as charts
from analysis.site.page import Facts

SOURCE = "2024-final-accounts, line 1002: “42.17万元”"
HOSTILE = [
    "<script>alert(1)</script><b>bold</b>",
    "</svg></td></table></div></main><img src=x onerror=alert(1)>",
    "\"quotes\" 'single' &amp; & <!-- ]]> -->",
    '=HYPERLINK("http://example.org","click")',
    "\u202egpj.exe\u202c right \u2066to left",
    "x" * 1000,
    "word " * 200,
    "禁毒" * 500,
    r"$\frac{1}{0}$ \unknown{$$",
    "\x00\x1b[31mred\x1b[0m\ttab\r\nline",
]
FACTS = Facts(
    notebook="budget_execution",
    year=2024,
    parameters={"year": 2024},
    code_version="c" * 64,
    command="analysis reports --year 2024 --notebook budget_execution",
)
nan = float("nan")


def projects() -> pd.DataFrame:
    return pd.DataFrame(
        [
            ("General affairs", "一般行政管理事务", 20.0, 19.19, 95.95, "finding-1", "", ""),
            ("Custodial treatment", "收治经费", 35.0, 35.0, 100.0, "", "printed 35元", ""),
            ("Hair tests", "毛发验毒经费", 10.0, nan, nan, "", "", "not disclosed"),
            ("All projects", "合计", 1065.0, -64.19, 98.75, "", "", ""),
        ],
        columns=["label", "label_zh", "approved", "executed", "rate", "disputed", "corrected",
                 "status"],
    ).assign(source=SOURCE)  # fmt: skip


def frames() -> dict[str, pd.DataFrame]:
    """A frame for each chart, by its name."""
    bridge = pd.DataFrame(
        [
            ("Approved budget", "年初预算", 42.9, "start"),
            (
                "Grants from the higher level, decided during the year",
                "上级补助收入",
                35.0,
                "change",
            ),
            ("Returned to the treasury", "", -2.4, "change"),
            ("Executed", "支出决算数", 75.5, "total"),
        ],
        columns=["label", "label_zh", "value", "kind"],
    )
    tiers = pd.DataFrame(
        [
            (label, chinese, str(year), value)
            for year, values in ((2022, (9, 477, 2764)), (2024, (13, 128, 2990)))
            for (label, chinese), value in zip(
                (("High risk", "高风险"), ("Medium risk", "中风险"), ("Low risk", "低风险")),
                values,
                strict=True,
            )
        ],
        columns=["label", "label_zh", "group", "value"],
    )
    tests = pd.DataFrame(
        [
            ("Users in community treatment", "社区戒毒康复人员", 4 / 372, 0.0042, 0.0273, 372, 4),
            ("Drivers", "驾驶员", 0.0, 0.0, 0.0156, 243, 0),
            ("Other users", "吸毒人员", nan, nan, nan, 1100, nan),
        ],
        columns=["label", "label_zh", "estimate", "low", "high", "n", "k"],
    )  # fmt: skip
    years = pd.DataFrame(
        [
            ("New users (persons)", "新增吸毒人员", 2021, 72, nan, nan, "stated"),
            ("New users (persons)", "新增吸毒人员", 2022, 34, 33, 35, "derived"),
            ("Hair tests of drivers (tests)", "毛发检测", 2022, 243, nan, nan, "stated"),
            ("Hair tests of drivers (tests)", "毛发检测", 2023, nan, nan, nan, "missing"),
            ("Hair tests of drivers (tests)", "毛发检测", 2024, 300, nan, nan, "at_least"),
        ],
        columns=["series", "label_zh", "year", "value", "low", "high", "kind"],
    )
    return {
        "bridge": bridge,
        "bullet": projects()[["label", "label_zh", "executed", "approved"]],
        "stacked": tiers,
        "bars": bridge[["label", "label_zh", "value"]],
        "intervals": tests,
        "multiples": years,
    }


def hostile(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame once for every hostile text, which takes the place of all its labels."""
    texts = ["label", "label_zh", "series", "group", "source", "disputed", "corrected"]
    copies = []
    for text in HOSTILE:
        copies.append(frame.assign(**{c: text for c in texts if c in frame}))
    return pd.concat(copies, ignore_index=True)


def chart(name: str, frame: pd.DataFrame, title: str = "") -> display.Fragment:
    names = [c for c in frame if c not in ("label_zh", "source")]
    return display.chart(
        getattr(charts, name)(frame),
        frame.assign(source=SOURCE),
        title or f"What the {name} shows of 决算",
        f"Text alternative of the {name}.",
        headers={c: c.capitalize() for c in names},
        note="Made up.",
    )


def table(frame: pd.DataFrame, caption: str = "Projects, 2022") -> display.Fragment:
    return display.table(
        frame,
        caption,
        headers={"label": "Project", "approved": "Approved (万元)", "executed": "Executed (万元)",
                 "rate": "Completion (%)"},
        totals=frame.index[-1:],
        digits={"approved": 2, "executed": 2, "rate": 2},
    )  # fmt: skip


def opening(text: str = "Was the money of 2024 spent as planned?") -> display.Fragment:
    headline = pd.DataFrame(
        [
            (text, "支出决算数", "75.50", "万元", "+11.31", text),
            ("Rate", "", "100.00", "%", "", ""),
        ],
        columns=["label", "label_zh", "value", "unit", "change", "note"],
    )
    return display.opening(
        "Budget execution", ("Narcotics Control Office", "禁毒委员会办公室"), 2024, text, headline,
        [text, "All was spent: 100 %."], [(text, "data_quality.ipynb#finding-1"), (text, None)],
    )  # fmt: skip


def shown(fragment: display.Fragment) -> NotebookNode:
    return output({"text/html": fragment._repr_html_(), "text/plain": repr(fragment)})


def output(data: dict[str, str]) -> NotebookNode:
    return v4.new_output("display_data", data)


def notebook(*outputs: NotebookNode) -> NotebookNode:
    """A notebook with one question and one code cell for each output."""
    cells = [v4.new_markdown_cell("# Title"), v4.new_code_cell("year = 2024")]
    for i, one in enumerate(outputs):
        cells += [v4.new_markdown_cell(f"## Question {i}: 决算?")] if i else []
        cells.append(v4.new_code_cell("print(1 < 2)", outputs=[one]))
    return v4.new_notebook(cells=cells)


def report() -> NotebookNode:
    """A notebook with everything a report may show."""
    made = [chart(name, frame) for name, frame in frames().items()]
    notice = display.notice("The document states no planned progress.")
    return notebook(*map(shown, [opening(), table(projects()), *made, notice]))


def hostile_report() -> NotebookNode:
    """The same, with hostile texts wherever a text can be."""
    made = [chart(name, hostile(frame), HOSTILE[1]) for name, frame in frames().items()]
    words = " ".join(HOSTILE)
    fragments = [opening(words), table(hostile(projects()), words), *made, display.notice(words)]
    return notebook(*map(shown, fragments))
