"""The proof of a finding: a small program made from the linted one, run in a child process.

`device`, `confine`, `synthetic`, `trial`, `replay`, `window_run` and `worker` run in the child, in the Python that the
linted project uses: they import nothing but the standard library, NumPy and TensorFlow. The parent never imports
TensorFlow.
"""
