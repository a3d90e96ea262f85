"""Configuration: argparse, absl flags, click, typer, dicts, namespaces, the environment."""

from tests.analysis.programs import check, table

ARGPARSE = {
    "default": """
        import argparse
        parser = argparse.ArgumentParser()
        parser.add_argument("--batch-size", type=int, default=32)
        args = parser.parse_args()
        show(args.batch_size)  #> 32
    """,
    "short and long": """
        from argparse import ArgumentParser
        p = ArgumentParser("x")
        p.add_argument("-b", "--batch_size", default=32)
        p.add_argument("-n", default=4)
        a = p.parse_args([])
        show(a.batch_size, a.n)  #> 32, 4
    """,
    "dest": """
        import argparse
        p = argparse.ArgumentParser()
        p.add_argument("--batch-size", dest="size", default=32)
        a = p.parse_args()
        show(a.size)  #> 32
    """,
    "required": """
        import argparse
        p = argparse.ArgumentParser()
        p.add_argument("--n", type=int, required=True)
        p.add_argument("--m", type=int, required=True, default=5)
        p.add_argument("k")
        a = p.parse_args()
        show(a.n, a.m, a.k)  #> ?args.n, ?args.m, ?args.k
    """,
    "optional positional": """
        import argparse
        p = argparse.ArgumentParser()
        p.add_argument("k", nargs="?", default=5)
        show(p.parse_args().k)  #> 5
    """,
    "no default": """
        import argparse
        p = argparse.ArgumentParser()
        p.add_argument("--n", type=int)
        p.add_argument("--m", default=None)
        a = p.parse_args()
        show(a.n, a.m)  #> ?args.n, ?args.m
    """,
    "flags": """
        import argparse
        p = argparse.ArgumentParser()
        p.add_argument("--a", action="store_true")
        p.add_argument("--b", action="store_false")
        p.add_argument("--c", action="store_true", default=True)
        p.add_argument("--d", action=argparse.BooleanOptionalAction, default=False)
        p.add_argument("--e", action="store_const", const=3)
        p.add_argument("--v", action="count", default=0)
        a = p.parse_args()
        show(a.a, a.b, a.c, a.d, a.e, a.v)  #> False, True, True, False, ?args.e, 0
    """,
    "a text default is converted": """
        import argparse
        p = argparse.ArgumentParser()
        p.add_argument("--n", type=int, default="32")
        p.add_argument("--s", default="32")
        a = p.parse_args()
        show(a.n, a.s)  #> 32, '32'
    """,
    "groups and sub-parsers": """
        import argparse
        p = argparse.ArgumentParser()
        g = p.add_argument_group("data")
        g.add_argument("--n", default=1)
        p.add_mutually_exclusive_group().add_argument("--m", default=2)
        s = p.add_subparsers(dest="command")
        t = s.add_parser("train")
        t.add_argument("--k", default=3)
        a = p.parse_args()
        show(a.n, a.m, a.k)  #> 1, 2, 3
    """,
    "set_defaults": """
        import argparse
        p = argparse.ArgumentParser()
        p.add_argument("--n", default=1)
        p.set_defaults(n=5)
        show(p.parse_args().n)  #> 5
    """,
    "parse_known_args": """
        import argparse
        p = argparse.ArgumentParser()
        p.add_argument("--n", default=1)
        a, rest = p.parse_known_args()
        show(a.n, rest)  #> 1, ?rest
        show(p.parse_known_args()[0].n)  #> 1
    """,
    "through functions": """
        import argparse
        def add_options(parser):
            parser.add_argument("--n", default=1)
        def parse():
            parser = argparse.ArgumentParser()
            add_options(parser)
            return parser.parse_args()
        def main(args):
            show(args.n)  #> 1
        if __name__ == "__main__":
            main(parse())
    """,
    "vars": """
        import argparse
        p = argparse.ArgumentParser()
        p.add_argument("--n", default=1)
        def f(n): return n
        d = vars(p.parse_args())
        show(d["n"], f(**d))  #> 1, 1
    """,
    "a namespace is changed": """
        import argparse
        p = argparse.ArgumentParser()
        p.add_argument("--n", default=1)
        a = p.parse_args()
        a.n = 2
        a.m = 3
        show(a.n, a.m)  #> 2, 3
    """,
    "an unknown option": """
        import argparse
        a = argparse.ArgumentParser().parse_args()
        show(a.n)  #> ?.n
    """,
    "a test on a flag": """
        import argparse
        p = argparse.ArgumentParser()
        p.add_argument("--fast", action="store_true")
        a = p.parse_args()
        show(64 if a.fast else 32)  #> 32
    """,
    "a derived parser": """
        import argparse
        class Parser(argparse.ArgumentParser):
            def __init__(self):
                super().__init__()
                self.add_argument("--n", default=1)
        show(Parser().parse_args().n)  #> 1
    """,
    "parents": """
        import argparse
        base = argparse.ArgumentParser(add_help=False)
        base.add_argument("--n", default=1)
        p = argparse.ArgumentParser(parents=[base])
        show(p.parse_args().n)  #> 1
    """,
    "options in a loop": """
        import argparse
        p = argparse.ArgumentParser()
        for name, value in [("--n", 1), ("--m", 2)]:
            p.add_argument(name, default=value)
        a = p.parse_args()
        show(a.n, a.m)  #> 1, 2
    """,
}

ABSL = {
    "FLAGS": """
        from absl import app, flags
        FLAGS = flags.FLAGS
        flags.DEFINE_integer("batch_size", 32, "help")
        def main(argv):
            show(FLAGS.batch_size)  #> 32
        if __name__ == "__main__":
            app.run(main)
    """,
    "at the module's level": """
        from absl import flags
        flags.DEFINE_integer("n", 4, "help")
        FLAGS = flags.FLAGS
        FLAGS(["x"])
        show(FLAGS.n, flags.FLAGS.n)  #> 4, 4
    """,
    "imported": """
        import absl.flags
        from absl.flags import FLAGS, DEFINE_bool
        DEFINE_bool("fast", False, "help")
        absl.flags.DEFINE_string(name="mode", default="train", help="")
        show(FLAGS.fast, FLAGS.mode)  #> False, 'train'
    """,
    "keywords": """
        from absl import flags
        flags.DEFINE_float("rate", default=0.5, help="")
        flags.DEFINE_enum("mode", "a", ["a", "b"], "")
        flags.DEFINE_list("names", ["x"], "")
        show(flags.FLAGS.rate, flags.FLAGS.mode, flags.FLAGS.names)  #> 0.5, 'a', ['x']
    """,
    "the flag's holder": """
        from absl import flags
        _N = flags.DEFINE_integer("n", 4, "help")
        show(_N.value, _N.default)  #> 4, 4
    """,
    "no default": """
        from absl import flags
        flags.DEFINE_integer("n", None, "help")
        flags.mark_flag_as_required("n")
        show(flags.FLAGS.n, flags.FLAGS.other)  #> ?FLAGS.n, ?FLAGS.other
    """,
    "tf.app.flags": """
        import tensorflow.compat.v1 as tf
        FLAGS = tf.app.flags.FLAGS
        tf.app.flags.DEFINE_integer("n", 4, "help")
        tf.flags.DEFINE_integer("m", 5, "help")
        def main(_):
            show(FLAGS.n, FLAGS.m)  #> 4, 5
        tf.app.run()
    """,
    "required": """
        from absl import flags
        flags.DEFINE_integer("n", 4, "help", required=True)
        show(flags.FLAGS.n)  #> ?FLAGS.n
    """,
    "changed": """
        from absl import flags
        flags.DEFINE_integer("n", 4, "help")
        flags.FLAGS.n = 8
        show(flags.FLAGS.n)  #> 8
    """,
    "set_default": """
        from absl import flags
        flags.DEFINE_integer("n", 4, "help")
        flags.FLAGS.set_default("n", 8)
        show(flags.FLAGS.n)  #> 8
    """,
    "defined in a function": """
        from absl import flags
        FLAGS = flags.FLAGS
        def define():
            flags.DEFINE_integer("n", 4, "help")
        define()
        def main(_):
            show(FLAGS.n)  #> 4
    """,
    "by subscript": """
        from absl import flags
        flags.DEFINE_integer("n", 4, "help")
        show(flags.FLAGS["n"].value)  #> 4
    """,
}

CLICK = {
    "option": """
        import click
        @click.command()
        @click.option("--batch-size", "-b", default=32, type=int)
        @click.option("--size", "width", default=5)
        @click.option("--fast", is_flag=True)
        @click.option("--n", required=True)
        @click.argument("path")
        def main(batch_size, width, fast, n, path):
            show(batch_size, width, fast, n, path)  #> 32, 5, False, ?n, ?path
    """,
    "multi-commands": """
        import click
        @click.group()
        def cli(): pass
        @cli.command()
        @click.option("--n", default=3)
        def train(n):
            show(n)  #> 3
    """,
    "typer": """
        import typer
        app = typer.Typer()
        @app.command()
        def main(n: int = 4, m: int = typer.Option(5), k: int = typer.Option(...), p: str = typer.Argument("x")):
            show(n, m, k, p)  #> 4, 5, ?option, 'x'
    """,
    "fire": """
        import fire
        def main(n=4):
            show(n)  #> 4
        fire.Fire(main)
    """,
    "hydra": """
        import hydra
        @hydra.main(config_path="conf")
        def main(cfg):
            show(cfg.n)  #> ?cfg.n
    """,
}

OTHERS = {
    "dict": """
        CONFIG = {"batch_size": 32, "data": {"shuffle": 100}}
        def f(config):
            return config["batch_size"], config["data"]["shuffle"]
        show(f(CONFIG))  #> (32, 100)
    """,
    "dict with defaults": """
        DEFAULTS = {"n": 1, "m": 2}
        config = {**DEFAULTS, "n": 5}
        other = dict(DEFAULTS, m=7)
        show(config["n"], config["m"], other["m"], config.get("k", 9))  #> 5, 2, 7, 9
    """,
    "a config that may be given": """
        def f(config=None):
            config = config or {"n": 1}
            show(config["n"])  #> ?config['n'] | 1
    """,
    "a config that may be updated": """
        config = {"n": 1}
        if x: config["n"] = 2
        show(config["n"])  #> 2 | 1
    """,
    "a config that may be extended": """
        config = {"n": 1}
        if x: config["m"] = 2
        show(config["n"], config["m"])  #> 1, 2 | ?
    """,
    "namespaces": """
        from types import SimpleNamespace
        import argparse
        a, b = SimpleNamespace(n=1), argparse.Namespace(n=2)
        show(a.n, b.n)  #> 1, 2
    """,
    "a namespace from a dict": """
        from types import SimpleNamespace
        show(SimpleNamespace(**{"n": 1}).n)  #> 1
    """,
    "ml_collections": """
        import ml_collections
        config = ml_collections.ConfigDict()
        config.n = 3
        config.data = ml_collections.ConfigDict()
        config.data.size = 4
        show(config.n, config.data.size)  #> 3, 4
    """,
    "easydict": """
        from easydict import EasyDict
        config = EasyDict({"n": 3})
        config.m = 4
        show(config.m)  #> 4
    """,
    "the environment": """
        import os
        show(os.environ["N"], int(os.environ.get("N", 3)), os.getenv("N", "4"))  #> ?os.environ['N'], int os.environ.get(), os.getenv()
    """,
    "files": """
        import json, yaml
        a, b = json.load(open("x")), yaml.safe_load(open("y"))
        show(a["n"], b.get("n", 3))  #> ?['n'], yaml.safe_load.get()
    """,
    "command line": """
        import sys
        show(int(sys.argv[1]))  #> int ?sys.argv[1]
    """,
    "input": "show(int(input()))  #> int ?input(…)",
    "a dunder main with defaults": """
        def main(batch_size=32):
            show(batch_size)  #> 32
        if __name__ == "__main__":
            main()
    """,
}


@table(ARGPARSE, ABSL, CLICK, OTHERS)
def test_configs(program: str) -> None:
    check(program)
