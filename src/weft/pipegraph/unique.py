"""Objects of which there must be one of each name."""

from __future__ import annotations

from collections.abc import Iterable

from weft.pipegraph.current import current
from weft.pipegraph.errors import JobContractError
from weft.pipegraph.pipegraph import Pipegraph


def assert_uniqueness_of_object(
    object_with_name_attribute: object,
    pipeline: Pipegraph | None = None,
    also_check: type | Iterable[type] | None = None,
) -> None:
    """Refuse a second object of one class and name in a pipegraph.

    Jobs load data into objects: into exactly those that the user works with.

    Parameters
    ----------
    object_with_name_attribute
        Its ``name`` must be free of ``/``.
    pipeline
        By default the current pipegraph.
    also_check
        Classes of which no object may have that name either.

    Raises
    ------
    JobContractError
        When there is one of that class and name.

    Examples
    --------
    >>> import tempfile
    >>> from types import SimpleNamespace
    >>> from weft import pipegraph as ppg
    >>> with ppg.new_pipegraph(folder=tempfile.mkdtemp()):
    ...     ppg.assert_uniqueness_of_object(SimpleNamespace(name="mouse"))
    ...     try:
    ...         ppg.assert_uniqueness_of_object(SimpleNamespace(name="mouse"))
    ...     except ppg.JobContractError as error:
    ...         print(error.title)
    There is a SimpleNamespace of the name 'mouse' already.
    """
    pipegraph = pipeline or current()
    name = str(getattr(object_with_name_attribute, "name", ""))
    kind = type(object_with_name_attribute)
    if not name or "/" in name:
        raise JobContractError(
            f"A {kind.__name__} can't have the name {name!r}.",
            cure="Give it a name without a slash, as folders are named after it.",
        )
    others = [] if also_check is None else also_check
    for other in (kind, *([others] if isinstance(others, type) else others)):
        if (other, name) in pipegraph.named_objects:
            raise JobContractError(
                f"There is a {other.__name__} of the name {name!r} already.",
                cure="Use that one, or give this one another name.",
            )
    pipegraph.named_objects.add((kind, name))
