"""The table of kinds of values and wrappers; see ``tests.fingerprint.rows`` for what a row is."""

from __future__ import annotations

from tests.fingerprint.rows_code import CODE
from tests.fingerprint.rows_functions import FUNCTIONS
from tests.fingerprint.rows_objects import CLASSES, DATA
from tests.fingerprint.rows_values import CONTAINERS, PACKAGES

ROWS = (*CLASSES, *DATA, *CONTAINERS, *FUNCTIONS, *CODE, *PACKAGES)
