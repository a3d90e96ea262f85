"""Tests of the analysis by itself: a program in, its facts out."""

import pytest

pytest.register_assert_rewrite("tests.analysis.programs")
