"""The window machine: a loop nest run on integers.

The abstract interpreter finds the outermost loop of a nest that trains by hand and cuts arrays. The machine compiles
that loop, and the functions of the program that it calls, to closures over integers (`code`, `expressions`,
`library`) and runs it under a few assignments of the unknown numbers (`execute`). Arrays are the positions that were
cut from them; what a model, a loss or a tape computes from windows remembers these windows, so that `tape.gradient`
and `train_on_batch` tell which samples a step was trained on. `judge` compares the windows of all runs, `report`
tells the result as a fact, with a witness and a snippet that replays it.

To run a nest for another question, at the moment when the interpreter leaves its outermost loop:

    with entry_state(it, mark):                     # the variables as they were when the loop was entered
        machine = run(it, node, Assignment(length=64, counts=(3, 4)), watch=[id(expression), …])

- `machine.events` lists every evaluation of a watched expression or statement with its value and its moment
  (`moment.loops` has node and iteration of every loop around); a test that is watched gives its outcome.
- `machine.gradients` and `machine.updates` are the moments of `tape.gradient` and of optimizer updates, in order.
- `machine.reads` are the windows that reached a step, `machine.windows` all that were cut.
- `machine.complete` tells whether the nest ran to its end: nothing undecidable was met, and its budget sufficed.

Integers that the program knows keep their values; lengths of arrays are `Assignment.length` once the program asks for
them; other numbers that come from the caller or the command line take `Assignment.counts` in the order of their first
use. What depends on samples or weights is `Unknown("data")`: a branch on it that leaves a loop is not taken, one that
only logs is skipped.
"""

from __future__ import annotations

from bslint.analysis.windows.entry import Assignment
from bslint.analysis.windows.execute import entry_state, run, run_step
from bslint.analysis.windows.machine import Machine
from bslint.analysis.windows.report import examine, examine_feed

__all__ = ["Assignment", "Machine", "entry_state", "examine", "examine_feed", "run", "run_step"]
