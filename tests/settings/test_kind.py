import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft.errors import UserError
from weft.settings.kind import Kind, read_value, write_value

VALUES = {
    Kind.INTEGER: st.integers(1, 10**17),
    Kind.COUNT: st.integers(0, 10**17),
    Kind.SWITCH: st.booleans(),
    Kind.SECONDS: st.integers(1, 10**10).map(lambda thousandths: thousandths / 1000),
    Kind.AGE: st.integers(0, 10**10).map(lambda thousandths: thousandths / 1000),
    Kind.MEMORY: st.integers(1, 2**53),
    Kind.TEXT: st.text(),
}


@pytest.mark.parametrize("kind", list(Kind))
@given(data=st.data())
def test_what_is_written_reads_as_the_same_value(kind: Kind, data: st.DataObject) -> None:
    value = data.draw(VALUES[kind])
    assert read_value("x", kind, write_value(kind, value)) == value


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("2min", 120), ("1h", 3600), ("1.5 d", 129600)]
)
def test_times_have_units(text: str, seconds: float) -> None:
    assert read_value("timeout", Kind.SECONDS, text) == seconds


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Kind.INTEGER, "0"),
        (Kind.INTEGER, "-1"),
        (Kind.INTEGER, "9" * 5000),
        (Kind.COUNT, "1.5"),
        (Kind.SWITCH, "maybe"),
        (Kind.SECONDS, "0"),
        (Kind.SECONDS, "soon"),
        (Kind.SECONDS, "nan"),
        (Kind.SECONDS, "9" * 5000),
        (Kind.SECONDS, "3 fortnights"),
        (Kind.AGE, "-1"),
        (Kind.MEMORY, "0"),
        (Kind.MEMORY, "inf"),
        (Kind.MEMORY, "lots"),
        (Kind.MEMORY, ""),
    ],
)
def test_what_is_no_value_is_refused_with_what_would_be(kind: Kind, text: str) -> None:
    with pytest.raises(UserError) as caught:
        read_value("it", kind, text)
    assert caught.value.title.endswith(f"it is {kind.value}.")


def test_choices_are_named_when_the_text_is_none_of_them() -> None:
    with pytest.raises(UserError, match="color=pink: color is auto or never"):
        read_value("color", Kind.TEXT, "pink", ("auto", "never"))
