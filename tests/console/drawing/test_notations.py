"""DOT and Mermaid, word for word."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.console.drawing.conftest import node, picture
from weft.console.drawing.notations import dot_escaped, dot_text, mermaid_escaped, mermaid_text
from weft.console.drawing.picture import Edge
from weft.model.states import JobState

NASTY = 'a "b" \\ [c] <d> & `e` | #f\nü 漢'
EDGES = [Edge(0, 1), Edge(0, 1, generated=True), Edge(1, 1, count=3)]
NODES = [node("load", dynamic=True), node(NASTY, JobState.FAILED)]


def test_dot() -> None:
    nasty = 'a \\"b\\" \\\\ [c] &lt;d&gt; &amp; `e` | #f\\\\nü 漢'
    done = 'class="done", fillcolor="#cdeedd", color="#00794f", fontcolor="#06301f"'
    failed = 'class="failed", fillcolor="#ffc2b0", color="#c22f00", fontcolor="#4d1200"'
    tips = ["load\\nwork()\\ndone", f"{nasty}\\nwork()\\nfailed"]
    assert dot_text(picture(NODES, EDGES)).splitlines() == [
        "digraph weft {",
        '  graph [label="2 jobs: 1 done, 1 failed", labelloc=t, fontname="monospace"];',
        '  node [shape=box, style="rounded,filled", fontname="monospace"];',
        f'  n0 [label="✓ load", {done}, tooltip="{tips[0]}", peripheries=2];',
        f'  n1 [label="✗ {nasty}", {failed}, tooltip="{tips[1]}"];',
        "  n0 -> n1;",
        "  n0 -> n1 [style=dashed];",
        '  n1 -> n1 [label="×3"];',
        "}",
    ]


def test_mermaid() -> None:
    nasty = "a #34;b#34; #92; #91;c#93; #60;d#62; #38; #96;e#96; #124; #35;f#92;nü 漢"
    assert mermaid_text(picture(NODES, EDGES)).splitlines() == [
        "flowchart TD",
        '  n0[["✓ load"]]:::done',
        f'  n1["✗ {nasty}"]:::failed',
        "  n0 --> n1",
        "  n0 -.-> n1",
        '  n1 -->|"×3"| n1',
        "  classDef done fill:#cdeedd,stroke:#00794f,color:#06301f",
        "  classDef failed fill:#ffc2b0,stroke:#c22f00,color:#4d1200",
    ]


def test_boxes_of_many_jobs_say_how_many_are_in_which_state() -> None:
    counts = ((JobState.DONE, 4), (JobState.FAILED, 1))
    many = picture([node("fit()", JobState.FAILED, counts=counts, collapsed=True)])
    assert 'label="fit() × 5\\n✓ 4  ✗ 1"' in dot_text(many)
    assert 'n0["fit#40;#41; × 5<br>✓ 4  ✗ 1"]' in mermaid_text(many)


@settings(deadline=None)
@given(st.text())
def test_no_text_ends_a_label_or_a_line(text: str) -> None:
    dot = dot_escaped(text).replace("\\\\", "").replace('\\"', "")
    assert '"' not in dot
    assert "\\" not in dot
    assert '"' not in mermaid_escaped(text)
    assert len(dot_escaped(text).splitlines()) <= 1
