"""Records as the report reads them."""

from tests.reporting.conftest import records

__all__ = ["records"]
