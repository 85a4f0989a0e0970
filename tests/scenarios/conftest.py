from pathlib import Path

import pytest

from tests.scenarios.project import SAY, Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty project with ``say`` in the module ``saying``."""
    made = Project(tmp_path)
    made.write(saying=SAY)
    return made
