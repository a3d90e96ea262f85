"""Notebooks: cells in order as one program; what a cell that does not parse would have bound is unknown."""

from tests.analysis.programs import check, table

CELLS = {
    "cells share their names": """
        n = 32
        #%%
        m = n * 2
        #%%
        show(m)  #> 64
    """,
    "in order": """
        n = 1
        #%%
        show(n)  #> 1
        #%%
        n = 2
        #%%
        show(n)  #> 2
    """,
    "a function in one cell, its call in another": """
        def make(k): return tf.data.Dataset.range(k)
        #%%
        ds = make(4)
        #%%
        show(ds.batch(2))  #> range(4) > batch(2)
    """,
    "a cell that does not parse makes its names unknown": """
        n = 1
        m = 2
        #%%
        n = = 5
        def f(: pass
        class A pass
        for
        #%%
        show(n, m, f, A)  #> ?n, 2, ?f, ?A
    """,
    "all that it would have bound": """
        a = b = c = d = e = f = g = h = i = 1
        #%%
        a, b = 1, 2
        import x as c
        from y import d, z as e
        for f in q: pass
        with q as g: pass
        h += 1
        if (i := 2): pass
        ! broken
        #%%
        show(a, b, c, d, e, f, g, h, i)  #> ?a, ?b, ?c, ?d, ?e, ?f, ?g, ?h, ?i
    """,
    "several names at once, and a word that would take for ever if it were read in all ways": f"""
        a = b = c = d = 1
        #%%
        a = b = 2
        (c, d) = q
        ! {"broken" * 9}
        {"broken" * 9}
        #%%
        show(a, b, c, d)  #> ?a, ?b, ?c, ?d
    """,
    "what an equal sign in a call does not bind": """
        n = 1
        #%%
        f(n=2
        #%%
        show(n)  #> 1
    """,
    "an exit ends only its cell": """
        import sys
        sys.exit()
        #%%
        show(1)  #> 1
    """,
    "a raise ends only its cell": """
        raise ValueError
        #%%
        show(1)  #> 1
    """,
    "the last expression is displayed": """
        ds = tf.data.Dataset.range(4)
        ds.map(int)  #> drops range(4) > map(int)
        ds.batch(2)  #> displays range(4) > batch(2)
        #%%
        ds.batch(3);  #> drops range(4) > batch(3)
        #%%
        show(1)  #> 1
    """,
    "an empty cell": """
        n = 1
        #%%
        #%%
        # nothing
        #%%
        show(n)  #> 1
    """,
    "what a magic gives is unknown": """
        files = get_ipython()
        #%%
        show(files)  #> ?get_ipython(…)
    """,
    "functions that no cell calls": """
        n = 1
        def f():
            show(n)  #> 2
        #%%
        n = 2
    """,
}


@table(CELLS)
def test_cells(program: str) -> None:
    check(program)
