"""How many files a source is known to read."""

import pytest

from bslint.analysis.facts import Pipeline
from tests.analysis.programs import see

SEVERAL = {
    "a wildcard": "'x/*.tfrecord'",
    "a listing": "glob.glob('x/*.tfrecord')",
    "a listing of a pattern out of sight": "glob.glob(pattern)",
    "a joined pattern": "os.path.join(folder, '*.tfrecord')",
    "an added pattern": "folder + '/train-*'",
    "a formatted pattern": "'{}/train-*'.format(folder)",
    "an f-string": "f'{folder}/train-*'",
    "a percent sign": "'%s/train-*' % folder",
    "a path": "str(Path(folder) / 'train-*')",
    "some of a listing": "glob.glob('x/*')[:-2]",
    "a half of a listing": "train_test_split(glob.glob('x/*'), test_size=0.2)[0]",
    "sorted": "sorted(tf.io.gfile.glob('x/*'))",
    "a comprehension": "[os.path.join('x', name) for name in os.listdir('x')]",
    "a list": "['a', 'b']",
}
NOT_SEVERAL = {
    "a name": "'x/train.tfrecord'",
    "out of sight": "names",
    "a joined name": "os.path.join(folder, 'train.tfrecord')",
    "an added name": "folder + '/train.tfrecord'",
    "an f-string of a name": "f'{folder}/train.tfrecord'",
    "the first of a listing": "glob.glob('x/*')[0]",
    "one of a listing": "glob.glob('x/*')[:1]",
    "a listing of a name": "glob.glob('x/train.tfrecord')",
    "a list of one": "['a']",
}
HEAD = "import glob, os\nfrom pathlib import Path\nfrom sklearn.model_selection import train_test_split\n"


def files(expression: str) -> str:
    program = f"{HEAD}ds = tf.data.TFRecordDataset({expression})"
    return next(fact for fact in see(program).facts.facts if isinstance(fact, Pipeline)).source.files


@pytest.mark.parametrize("expression", SEVERAL.values(), ids=SEVERAL)
def test_several(expression):
    assert files(expression) == "several"


@pytest.mark.parametrize("expression", NOT_SEVERAL.values(), ids=NOT_SEVERAL)
def test_one_or_unknown(expression):
    assert files(expression) != "several"
