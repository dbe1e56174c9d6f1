"""The functions of Arrow: they exist only once their module is imported, which type checkers do not see."""

from __future__ import annotations

from typing import Any

import pyarrow.compute

pc: Any = pyarrow.compute
