"""Imports of other files of the same project: constants, functions, classes; packages, stars, cycles, missing files."""

from pathlib import Path

from tests.analysis.programs import check, see, table

MODULES = {
    "constants": """
        import config
        from config import EPOCHS as N
        show(config.BATCH_SIZE, N)  #> 64, 3
        #--- config.py
        BATCH_SIZE = 2 * 32
        EPOCHS = 3
    """,
    "functions": """
        from data import make
        show(make(2))  #> range(8) > batch(2)
        #--- data.py
        import tensorflow as tf
        def make(n):
            return tf.data.Dataset.range(8).batch(n)
    """,
    "functions see the globals of their file": """
        from data import size
        N = 1
        show(size())  #> 5
        #--- data.py
        N = 5
        def size(): return N
    """,
    "functions call others of their file": """
        import data
        show(data.double(2))  #> 5
        #--- data.py
        def double(n): return one(n) * 2 + K
        def one(n): return n
        K = 1
    """,
    "classes": """
        from config import Config
        from trainer import Trainer
        show(Config().n, Trainer(7).n, Trainer(7).k)  #> 4, 7, 1
        #--- config.py
        from dataclasses import dataclass
        @dataclass
        class Config:
            n: int = 4
        #--- trainer.py
        class Base:
            k = 1
        class Trainer(Base):
            def __init__(self, n): self.n = n
    """,
    "a config object": """
        from config import cfg
        show(cfg.batch_size, cfg.data.size)  #> 32, 8
        #--- config.py
        from easydict import EasyDict
        cfg = EasyDict()
        cfg.batch_size = 32
        cfg.data = EasyDict()
        cfg.data.size = 8
    """,
    "a dict that is filled in several rows": """
        from config import C
        show(C)  #> {'a': 1, 'b': 2}
        #--- config.py
        C = {}
        C['a'] = 1
        C.update(b=2)
    """,
    "a model": """
        from model import build
        build().fit(x, batch_size=4)  #> fit(?x, batch_size=4) of keras.Sequential()
        #--- model.py
        from tensorflow import keras
        def build(): return keras.Sequential([keras.layers.Dense(1)])
    """,
    "a function that trains": """
        from train import train
        train(tf.data.Dataset.range(8).batch(2))
        show(1)  #> 1
        #--- train.py
        def train(ds):
            model.fit(ds)
    """,
    "a decided branch": """
        from config import N
        show(N)  #> 2
        #--- config.py
        DEBUG = False
        if DEBUG:
            N = 1
        else:
            N = 2
    """,
    "an open branch": """
        from config import N
        show(N)  #> 1 | 2
        #--- config.py
        if mystery(): N = 1
        else: N = 2
    """,
    "a fallback": """
        from config import K
        show(K.Model)  #> keras.Model
        #--- config.py
        try:
            import tensorflow.keras as K
        except ImportError:
            import keras as K
    """,
    "imported by one and defined in another": """
        from a import N
        show(N)  #> 7
        #--- a.py
        from b import N
        #--- b.py
        N = 7
    """,
    "a module in a function": """
        def f():
            from config import N
            show(N)  #> 7
        #--- config.py
        N = 7
    """,
    "argparse in another file": """
        from options import parse
        show(parse().n)  #> 5
        #--- options.py
        import argparse
        def parse():
            p = argparse.ArgumentParser()
            p.add_argument("--n", default=5)
            return p.parse_args()
    """,
    "argparse at the level of another file": """
        from options import args
        import options
        show(args.n, options.args.n)  #> 5, 5
        #--- options.py
        import argparse
        p = argparse.ArgumentParser()
        p.add_argument("--n", default=5)
        args = p.parse_args()
    """,
    "absl flags of another file": """
        from absl import flags
        import options
        def main(_):
            show(flags.FLAGS.n)  #> 5
        #--- options.py
        from absl import flags
        flags.DEFINE_integer("n", 5, "help")
    """,
    "FLAGS of another file": """
        from options import FLAGS
        def main(_):
            show(FLAGS.n)  #> 5
        #--- options.py
        from absl import flags
        flags.DEFINE_integer("n", 5, "help")
        FLAGS = flags.FLAGS
    """,
    "a loop at the module's level": """
        from config import A
        show(A)  #> [0, 10]
        #--- config.py
        A = []
        for i in [0, 1]:
            A.append(i * 10)
    """,
    "a wrapper of another file": """
        from wrap import timed
        @timed
        def f(n): return n + 1
        show(f(1))  #> 2
        #--- wrap.py
        import functools
        def timed(f):
            @functools.wraps(f)
            def inner(*a, **k): return f(*a, **k)
            return inner
    """,
    "a class that derives from one of another file": """
        from base import Base
        class A(Base):
            def __init__(self): super().__init__(3)
        show(A().n, A().f())  #> 3, 4
        #--- base.py
        class Base:
            def __init__(self, n): self.n = n
            def f(self): return self.n + 1
    """,
    "a name that the file does not have": """
        from config import NOWHERE
        import config
        show(NOWHERE, config.OTHER)  #> ?NOWHERE, ?.OTHER
        #--- config.py
        N = 1
    """,
    "a name that is first used where the program leaves": """
        from config import N, M
        def f(a):
            if a: return N
            if not a and mystery(): raise ValueError(M)
            show(N, M)  #> 1, 2
        #--- config.py
        N = 1
        M = 2
    """,
    "a name that several uncalled functions use": """
        from config import N, make
        def f():
            show(N, make())  #> 1, 1
        def g():
            show(N, make())  #> 1, 1
        #--- config.py
        N = 1
        def make(): return N
    """,
    "objects of equal rows in two files": """
        import a, b
        show(a.c.n, b.c.n)  #> 1, 2
        #--- a.py
        class C: pass
        c = C()
        c.n = 1
        #--- b.py
        class C: pass
        c = C()
        c.n = 2
    """,
    "a file that is first used where errors are expected": """
        import pytest
        import data
        with pytest.raises(ValueError): data.ds.batch(2)
        model.fit(data.ds, steps_per_epoch=2)  #> fit(range(8))
        #--- data.py
        import tensorflow as tf
        ds = tf.data.Dataset.range(8)
    """,
    "a file that is first used in a branch": """
        strategy = tf.distribute.MirroredStrategy()
        with strategy.scope():
            for i in x:
                if i:
                    from model import build
                    model = build()
        model.fit(x)  #> fit(?x) of keras.Sequential() under MirroredStrategy()
        #--- model.py
        import keras
        def build(): return keras.Sequential([])
    """,
    "what a file does only as the program": """
        from config import N, D
        show(N, D)  #> 1, {'a': 1}
        #--- config.py
        N = 1
        D = {'a': 1}
        if __name__ == "__main__":
            N = 2
            D['a'] = 2
    """,
    "a missing file": """
        from nowhere import make
        from .nowhere import other
        show(make, other)  #> nowhere.make, ?other
        show(make().batch(2))  #> nowhere.make.batch()
        #--- unrelated.py
        N = 1
    """,
    "a file that does not parse": """
        from config import N
        show(N)  #> ?N
        #--- config.py
        N = = 1
    """,
    "a shadowed library": """
        from keras import Model
        show(Model)  #> 5
        #--- keras.py
        Model = 5
    """,
    "a name that is imported and rebound": """
        from config import N
        N = N + 1
        show(N)  #> 8
        #--- config.py
        N = 7
    """,
    "what the program changes in another file": """
        import config
        config.N = 9
        show(config.N, config.f())  #> 9, 9
        #--- config.py
        N = 7
        def f(): return N
    """,
}

PACKAGES = {
    "a package": """
        import pack
        from pack import N
        show(pack.N, N)  #> 1, 1
        #--- pack/__init__.py
        N = 1
    """,
    "a submodule": """
        import pack.config
        import pack.config as c
        from pack import config
        from pack.config import N
        show(pack.config.N, c.N, config.N, N)  #> 1, 1, 1, 1
        #--- pack/__init__.py
        #--- pack/config.py
        N = 1
    """,
    "a folder without __init__": """
        from pack.config import N
        import pack.config
        show(N, pack.config.N)  #> 1, 1
        #--- pack/config.py
        N = 1
    """,
    "relative imports inside a package": """
        from pack.train import make
        show(make())  #> 3
        #--- pack/__init__.py
        #--- pack/config.py
        N = 3
        #--- pack/train.py
        from .config import N
        from . import config
        def make(): return N if config.N == 3 else 0
    """,
    "two dots": """
        from pack.sub.train import make
        show(make())  #> 3
        #--- pack/__init__.py
        #--- pack/config.py
        N = 3
        #--- pack/sub/__init__.py
        #--- pack/sub/train.py
        from ..config import N
        def make(): return N
    """,
    "names that the package gathers": """
        from pack import make, N
        show(make(), N)  #> 4, 3
        #--- pack/__init__.py
        from .data import make
        from .config import *
        #--- pack/data.py
        def make(): return 4
        #--- pack/config.py
        N = 3
    """,
    "absolute imports inside a package": """
        from pack.train import N
        show(N)  #> 3
        #--- pack/__init__.py
        #--- pack/config.py
        N = 3
        #--- pack/train.py
        from pack.config import N
    """,
}

STARS = {
    "star": """
        from config import *
        show(N, make())  #> 3, 4
        #--- config.py
        N = 3
        def make(): return 4
    """,
    "a star of a star": """
        from a import *
        show(N)  #> 3
        #--- a.py
        from b import *
        #--- b.py
        N = 3
    """,
    "the last star wins": """
        from a import *
        from b import *
        show(N)  #> 2
        #--- a.py
        N = 1
        #--- b.py
        N = 2
    """,
    "own names win": """
        from a import *
        N = 5
        show(N)  #> 5
        #--- a.py
        N = 1
    """,
    "a library that another file imports with a star": """
        from layers import *
        show(Dense(3))  #> keras.layers.Dense()
        #--- layers.py
        from tensorflow.keras.layers import *
    """,
    "a library that another file imports": """
        from common import *
        show(tf.data.Dataset.range(1))  #> range(1)
        #--- common.py
        import tensorflow as tf
    """,
}

CYCLES = {
    "two files": """
        from a import N, M
        show(N, M)  #> 1, 2
        #--- a.py
        from b import M
        N = 1
        #--- b.py
        from a import N
        M = 2
    """,
    "a name that goes round": """
        from a import N
        show(N)  #> ?N
        #--- a.py
        from b import N
        #--- b.py
        from a import N
    """,
    "stars": """
        from a import *
        show(N, Q)  #> 1, ?Q
        #--- a.py
        from b import *
        N = 1
        #--- b.py
        from a import *
    """,
    "functions": """
        from a import f
        show(f(2))  #> ?f(…)
        #--- a.py
        from b import g
        def f(n): return g(n)
        #--- b.py
        from a import f
        def g(n): return f(n)
    """,
    "itself": """
        from main import N
        show(N)  #> main.N
        #--- other.py
    """,
}


LONG = "\n".join(f"    # {row} words of no library, so that the function is long" for row in range(30))
LAYERS = {
    "a long function that only names layers": f"""
from blocks import block
show(block(keras.Input((8, 8, 3))).shape)  #> (None, 8, 8, 4)
#--- blocks.py
from tensorflow.keras.layers import Conv2D as C
def block(x):
{LONG}
    return C(4, 1)(x)
""",
    "a long function that calls what names layers": f"""
from blocks import stack
show(stack(keras.Input((8, 8, 3))).shape)  #> (None, 8, 8, 4)
#--- blocks.py
from tensorflow import keras
KL = keras.layers
def block(x): return KL.Conv2D(4, 1)(x)
def stack(x):
{LONG}
    return block(x)
""",
    "a class whose docstring is very long": f"""
from blocks import Block
show(Block().size)  #> 4
#--- blocks.py
import keras
class Block(keras.layers.Layer):
    '''{"Words. " * 3000}'''
    def __init__(self):
        self.size = 4
""",
    "a long function of something else": f"""
from texts import write
show(write())  #> ?write(…)
#--- texts.py
def write():
{LONG}
    return 3
""",
}


@table(MODULES, PACKAGES, STARS, CYCLES)
def test_project(program: str, tmp_path: Path) -> None:
    prelude = "import tensorflow as tf; from marks import show\n"
    check(program, tmp_path, prelude)


@table(LAYERS)
def test_long_definitions_are_read_where_they_name_layers(program: str, tmp_path: Path) -> None:
    check(program, tmp_path, "import keras; from marks import show\n")


def test_a_program_in_a_package_finds_the_package(tmp_path: Path) -> None:
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "__init__.py").write_text("")
    (tmp_path / "other.py").write_text("K = 2\n")
    check(
        """
        from .config import N
        from pack.config import N as M
        from other import K
        import config
        show(N, M, K, config.N)  #> 1, 1, 2, 1
        #--- config.py
        N = 1
        """,
        tmp_path / "pack",
    )


def test_the_files_that_were_read(tmp_path: Path) -> None:
    seen = see(
        """
        from a import N
        import numpy, nowhere
        print(N)
        #--- a.py
        from b import N
        #--- b.py
        N = 1
        #--- c.py
        N = 2
        """,
        tmp_path,
    )
    assert [path.rpartition("/")[2] for path in seen.facts.read] == ["a.py", "b.py"]


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    program = "from config import N\nshow(N)\n#--- config.py\nN = {}\n"
    assert list(see(program.format(1), tmp_path).rows().values()) == ["1"]
    assert list(see(program.format(22), tmp_path).rows().values()) == ["22"]
