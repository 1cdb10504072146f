"""The records of the report's tests."""

from tests.reporting.conftest import records

__all__ = ["records"]
