"""Made-up frames and notebooks for the tests of charts, fragments and pages."""

import pandas as pd
from matplotlib.figure import Figure
from nbformat import NotebookNode, v4

from analysis.present import charts, tables
from analysis.present.tables import Fragment
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
    command="analysis reports --year 2024 --notebook budget_execution",
    released="2026-11-24",
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


def documents() -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "document": "2024-final-accounts",
                "title": "2024年部门决算公开",
                "title_en": "2024 departmental final accounts",
                "short_en": "2024 accounts",
                "short_zh": "2024年决算",
                "department": "禁毒委员会办公室",
                "department_en": "Narcotics Control Office",
                "contact": "办公室",
                "contact_en": "the office",
                "address": "https://example.org/2024",
                "published": "2025-09-01",
                "sha256": "e" * 64,
            }
        ]
    )


def frames() -> dict[str, pd.DataFrame]:
    """A frame for each chart, by its name."""
    steps = pd.DataFrame(
        [
            ("Approved budget", "年初预算", 42.9, "start", "stated"),
            ("Grants from the higher level, decided during the year", "上级补助收入", 35.0,
             "change", "stated"),
            ("Returned to the treasury", "缴回国库", -2.4, "change", "derived"),
            ("Executed", "支出决算数", 75.5, "total", "stated"),
        ],
        columns=["label", "label_zh", "value", "kind", "known"],
    )  # fmt: skip
    tiers = pd.DataFrame(
        [
            ("High risk", "高风险", 13, "high"),
            ("Medium risk", "中风险", 128, "medium"),
            ("Low risk", "低风险", 2990, "low"),
        ],
        columns=["label", "label_zh", "value", "shade"],
    )
    shares = pd.DataFrame(
        [
            ("Users in community treatment", "社区戒毒康复人员", 1.08, 0.42, 2.73, "4 of 372"),
            ("Drivers", "驾驶员", 0.0, nan, nan, ""),
            ("Other users", "吸毒人员", nan, nan, nan, "1,100 tests"),
        ],
        columns=["label", "label_zh", "value", "low", "high", "note"],
    )
    bars = pd.DataFrame(
        [
            ("Drivers", "重点驾驶人", 300, "at_least", 1, "all negative"),
            ("Users", "吸毒人员", 1100, "at_least", "outline", "result not stated"),
            ("Public employees", "公职人员", nan, "missing", 1, ""),
        ],
        columns=["label", "label_zh", "value", "known", "shade", "note"],
    )
    checks = [("Revenue", "holds", "")] * 30 + [
        ("Revenue", "contradicted", "high"),
        ("Revenue", "not_reconcilable", "medium"),
        ("Persons 人员", "own_test", "low"),
        ("Persons 人员", "zero", ""),
        ("Persons 人员", "not_checked", ""),
    ]
    years = pd.DataFrame(
        [
            ("New users", "新增吸毒人员", 2021, 72, nan, nan, "stated"),
            ("New users", "新增吸毒人员", 2022, 34, 33, 35, "derived"),
            ("New users", "新增吸毒人员", 2024, 300, nan, nan, "at_least"),
        ],
        columns=["label", "label_zh", "year", "value", "low", "high", "known"],
    )
    return {
        "bars": bars,
        "changes": tiers.assign(value=[4, -349, 226]),
        "dots": pd.DataFrame(checks, columns=["section", "verdict", "severity"]),
        "ledger": tiers,
        "parts": tiers.assign(shade=[1, 2, 3]),
        "series": years,
        "shares": shares,
        "steps": steps,
    }


def drawn(name: str, frame: pd.DataFrame) -> Figure:
    """The chart of that name."""
    if name == "ledger":
        total = pd.Series({"label": "In the community", "label_zh": "社会面", "value": 3131})
        return charts.ledger(frame, total)
    if name == "shares":
        return charts.shares(frame, ceiling=3, ceiling_text="ceiling of 3 %")
    if name == "steps":
        return charts.steps(frame, unit="万元", split=[(50, "half spent"), (25.5, "left")])
    figure: Figure = getattr(charts, name)(frame)
    return figure


def hostile(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame once for every hostile text, which takes the place of all its labels."""
    texts = ["label", "label_zh", "section", "note", "source", "disputed", "corrected"]
    copies = []
    for text in HOSTILE:
        copies.append(frame.assign(**{c: text for c in texts if c in frame}))
    return pd.concat(copies, ignore_index=True)


def figure(name: str, frame: pd.DataFrame, title: str = "") -> Fragment:
    chart = drawn(name, frame)
    words = title or f"What the {name} shows of 决算"
    data = frame.assign(source=SOURCE) if "label" in frame else None
    return tables.figure(words, words, [(words, chart, "Made up."), (words, chart, "")], data)


def table(frame: pd.DataFrame, caption: str = "Projects, 2022") -> Fragment:
    return tables.table(
        frame, caption, ["approved", "executed", "rate"], "A note.",
        total=frame.index == frame.index[-1],
    )  # fmt: skip


def cases(text: str = "The text books 13.00 万元 as grants") -> Fragment:
    rows = [
        {
            "figure": f"finding-{i}",
            "severity": severity,
            "verdict": verdict,
            "reason": "",
            "places": i,
            "label": text,
            "printed": f"{text} 13万元 (line 989)",
            "against": text,
            "use": "" if i == 2 else text,
            "document": "2024-final-accounts",
            "line": 989,
        }
        for i, (severity, verdict) in enumerate(
            [("high", "contradicted"), ("medium", "not_reconcilable"), ("low", "own_test")], 1
        )
    ]
    return tables.cases(pd.DataFrame(rows), text, most=2)


def opening(text: str = "The office spent 75.50 万元, 1.76 times its budget") -> Fragment:
    tiles = [
        {"label": text, "label_zh": "支出决算数", "value": "75.50", "unit": "万元", "note": text},
        {"label": "Rate", "label_zh": "", "value": "100.00", "unit": "%", "note": "",
         "known": "derived"},
    ]  # fmt: skip
    return tables.opening(
        documents(), 2024, "Budget execution", "预算执行", text, tiles, [text, "All: 100 %."],
        cases(text),
    )  # fmt: skip


def shown(fragment: Fragment) -> NotebookNode:
    data, metadata = fragment._repr_mimebundle_()
    return v4.new_output("display_data", data, metadata=metadata)


def output(data: dict[str, str]) -> NotebookNode:
    return v4.new_output("display_data", data)


def notebook(*outputs: NotebookNode) -> NotebookNode:
    """A notebook with one question and one code cell for each output."""
    cells = [v4.new_markdown_cell("# Title\n\nQuestion?"), v4.new_code_cell("year = 2024")]
    for i, one in enumerate(outputs):
        cells += [v4.new_markdown_cell(f"## Question {i}: 决算?")] if i else []
        cells.append(v4.new_code_cell("print(1 < 2)", outputs=[one]))
    return v4.new_notebook(cells=cells)


def report() -> NotebookNode:
    """A notebook with everything a report may show."""
    first = opening()  # which tells how sources call the documents
    made = [figure(name, frame) for name, frame in frames().items()]
    notice = tables.notice("The document states no planned progress.")
    return notebook(*map(shown, [first, table(projects()), *made, notice]))


def hostile_report() -> NotebookNode:
    """The same, with hostile texts wherever a text can be."""
    made = [figure(name, hostile(frame), HOSTILE[1]) for name, frame in frames().items()
            if name != "series"]  # fmt: skip
    words = " ".join(HOSTILE)
    fragments = [opening(words), table(hostile(projects()), words), *made, tables.notice(words)]
    return notebook(*map(shown, fragments))
