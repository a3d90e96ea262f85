"""Which files are taken for unit tests, or helpers of them."""

import libcst as cst
import pytest

from bslint.analysis import unit_tests

HELPERS = ["test_utils.py", "pkg/integration_test_utils.py", "mock_task.py", "conftest.py", "testing_util.py"]
TESTS = ["import unittest", "from absl.testing import absltest", "class A(tf.test.TestCase): pass", "import pytest"]
SCRIPTS = ["import tensorflow as tf", "from model import *", "class A(tf.keras.Model): pass"]


@pytest.mark.parametrize("path", HELPERS)
def test_helpers_are_known_by_their_name(path):
    assert unit_tests.are_in(path, [cst.parse_module("import tensorflow as tf\n")])


@pytest.mark.parametrize("text", TESTS)
def test_tests_are_known_by_what_they_use(text):
    blocks = [cst.parse_module(f"{text}\n")]
    assert unit_tests.are_in("trainer_test.py", blocks)
    assert not unit_tests.are_in("trainer.py", blocks)


@pytest.mark.parametrize("text", SCRIPTS)
def test_scripts_to_try_things_out_are_no_unit_tests(text):
    assert not unit_tests.are_in("test.py", [cst.parse_module(f"{text}\n"), "does not parse ("])


@pytest.mark.parametrize(
    "name", ["test_fit", "testFit", "_test_input_fn", "run_test", "test_training_step", "make_test_data"]
)
def test_functions_of_unit_tests_are_known_by_their_names(name):
    assert unit_tests.is_one(name)


@pytest.mark.parametrize("name", ["train_and_test", "train_test_loop", "fit", "latest", "run_training_test"])
def test_what_trains_is_no_unit_test(name):
    assert not unit_tests.is_one(name)
