"""A `bslint: ignore` comment silences nothing.

## What it does
Finds `# bslint: ignore[…]` and `# bslint: file-ignore[…]` comments, or single codes in them, that no finding needs.

## Why is this bad?
A comment that silences nothing is usually left over from code that has been repaired. It misleads readers, and it
would silence the next real finding in its place.

## Example
```python
import tensorflow as tf

ds = tf.data.Dataset.range(10).batch(2).prefetch(1)  # bslint: ignore[BS203]
```

## Use instead
```python
import tensorflow as tf

ds = tf.data.Dataset.range(10).batch(2).prefetch(1)
```

## Fix safety
The fix removes the code, or the comment when no code is left. It is safe: the code of the program stays as it is.

## References
- [ruff: `unused-noqa`](https://docs.astral.sh/ruff/rules/unused-noqa/), the same for `noqa` comments
"""

from collections.abc import Iterator

from bslint.analysis.facts import Discarded
from bslint.rule import Context, Finding, rule


@rule("BS002", "unused-ignore", "warning", literals=[("bslint:",)])
def check(fact: Discarded, context: Context) -> Iterator[Finding]:
    """Facts do not tell: `bslint.suppress` finds these when all other rules have spoken."""
    yield from ()


BAD = {
    "nothing to silence": """
import tensorflow as tf
ds = tf.data.Dataset.range(10).batch(2).prefetch(1)  # bslint: ignore[BS203]
#                                                    ^^^^^^^^^^^^^^^^^^^^^^^
""",
}
FIXED = {
    "nothing to silence": """
import tensorflow as tf
ds = tf.data.Dataset.range(10).batch(2).prefetch(1)
""",
}
GOOD = {
    "it silences a finding": """
import tensorflow as tf
ds = tf.data.Dataset.range(10).batch(8).prefetch(64)  # bslint: ignore[BS203] measured, pays off here
""",
}
