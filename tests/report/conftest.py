"""A report of every kind."""

import pytest
from report_samples import CASES, make_report


@pytest.fixture(params=list(CASES))
def report(request, monkeypatch):
    """A report of each kind."""
    monkeypatch.delenv("CI_PROJECT_DIR", raising=False)
    return make_report(CASES[request.param], fixed=2 if request.param == "fix" else 0, notices=("a notice",))
