"""Which files are linted."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bslint.config import Configuration, Resolver, Settings
from bslint.discover import Discovery, discover


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Makes the working folder, writes files into it (a trailing slash makes a folder)."""
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.chdir(root)

    def write(*names: str, **contents: str) -> Path:
        for name, text in {**dict.fromkeys(names, ""), **contents}.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if name.endswith("/"):
                path.mkdir(exist_ok=True)
            else:
                path.write_text(text)
        return root

    return write


def found(*paths: str, force_exclude: bool = False, **settings: object) -> list[str]:
    """The files found from the working folder on, relative to it."""
    root = Path.cwd()
    configuration = Configuration(Settings(**settings), root)
    discovery = discover(paths or (".",), lambda _: configuration, force_exclude)
    assert discovery.problems == ()
    return [path.relative_to(root).as_posix() for path in discovery.files]


class TestWalk:
    @pytest.mark.parametrize(
        "name",
        [
            pytest.param("a.pyi", id="stubs hold no training code"),
            pytest.param("a.txt", id="another suffix"),
            pytest.param("a.md", id="pages only when included or named"),
            pytest.param("py", id="no suffix"),
            pytest.param("a.py/", id="a folder called like a file"),
            pytest.param(".venv/a.py", id="a virtual environment"),
            pytest.param("lib/site-packages/a/b.py", id="installed packages at any depth"),
            pytest.param("x/.ipynb_checkpoints/a.ipynb", id="checkpoints"),
            pytest.param("__pycache__/a.py", id="byte code"),
            pytest.param("build/a.py", id="build output"),
            pytest.param(".bslint_cache/a.py", id="our own cache"),
        ],
    )
    def test_left_out(self, tree, name):
        tree(name)

        assert found() == []

    def test_no_paths_no_files(self):
        assert discover([], pytest.fail) == Discovery((), ())

    def test_python_and_notebooks_in_stable_order(self, tree):
        tree("b/z.py", "b-1/a.py", "b.py", "a/nb.ipynb", ".hidden/h.py", "B.py")

        assert found() == [".hidden/h.py", "B.py", "a/nb.ipynb", "b-1/a.py", "b.py", "b/z.py"]

    def test_paths_are_absolute(self, tree):
        root = tree("a.py")

        assert discover(["."], lambda _: Configuration(Settings(), root)).files == (root / "a.py",)

    def test_every_file_once(self, tree):
        root = tree("src/a.py", "src/b.py")

        assert found(".", "src", "src/a.py", str(root / "src" / ".." / "src" / "a.py")) == ["src/a.py", "src/b.py"]

    def test_an_empty_folder(self, tree):
        tree("a/")

        assert found("a") == []

    def test_sockets_and_pipes_are_no_files(self, tree):
        root = tree()
        os.mkfifo(root / "pipe.py")
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("socket.py")

            assert found() == []


class TestNamed:
    @pytest.mark.parametrize("name", ["train", "a.txt", "a.md", ".venv/a.py", "build/x/a.py"])
    def test_a_named_file_is_taken_whatever_it_is(self, tree, name):
        tree(name)

        assert found(name) == [name]

    def test_a_named_folder_is_walked_although_excluded(self, tree):
        tree("build/a.py", "build/dist/b.py")

        assert found("build") == ["build/a.py"]

    def test_stubs_are_never_taken(self, tree):
        tree("a.pyi")

        assert found("a.pyi", include=("*.pyi",)) == []

    @pytest.mark.parametrize("name", ["build/x/a.py", "build", "build/x", "skip.py"])
    def test_force_exclude(self, tree, name):
        tree("build/x/a.py", "skip.py")

        assert found(name, force_exclude=True, extend_exclude=("skip.py",)) == []

    def test_force_exclude_keeps_the_rest(self, tree):
        tree("a.py", "src/b.py")

        assert found("a.py", "src", force_exclude=True) == ["a.py", "src/b.py"]

    def test_force_exclude_ignores_the_folders_above_the_root(self, tmp_path, monkeypatch):
        root = tmp_path / "build" / "project"
        root.mkdir(parents=True)
        (root / "a.py").touch()
        monkeypatch.chdir(root)

        assert found("a.py", force_exclude=True) == ["a.py"]

    def test_force_exclude_outside_the_root(self, tree, tmp_path):
        tree()
        (tmp_path / "build").mkdir()
        (tmp_path / "build" / "a.py").touch()
        configuration = Configuration(Settings(), Path.cwd())

        assert discover(["../build/a.py"], lambda _: configuration, True).files == (tmp_path / "build" / "a.py",)
        assert discover(["../build"], lambda _: configuration, True).files == ()

    def test_missing_paths_are_problems_and_the_others_go_on(self, tree):
        root = tree("a.py")
        discovery = discover(["no.py", "a.py", "a.py/b"], lambda _: Configuration(Settings(), root))

        assert discovery.files == (root / "a.py",)
        assert discovery.problems == (("no.py", "No such file or directory"), ("a.py/b", "Not a directory"))

    def test_a_name_no_system_takes_is_a_problem(self, tree):
        tree()

        ((path, message),) = discover(["a\0.py"], pytest.fail).problems
        assert path == "a\0.py"
        assert "null" in message

    def test_unreadable_folders_are_problems_and_the_others_go_on(self, tree, monkeypatch):
        root = tree("a/x.py", "b/y.py")
        scandir = os.scandir

        def refuse(folder):
            if folder == str(root / "a"):
                raise PermissionError(13, "Permission denied")
            return scandir(folder)

        monkeypatch.setattr(os, "scandir", refuse)
        discovery = discover([".", "a"], lambda _: Configuration(Settings(), root))

        assert discovery.files == (root / "b" / "y.py",)
        assert discovery.problems == ((str(root / "a"), "Permission denied"),)


class TestLinks:
    def test_loops(self, tree):
        root = tree("a/b/x.py")
        (root / "a" / "b" / "loop").symlink_to(root / "a")
        (root / "self.py").symlink_to("self.py")

        assert found() == ["a/b/x.py"]

    def test_a_link_to_itself_named(self, tree):
        root = tree()
        (root / "self.py").symlink_to("self.py")

        ((path, message),) = discover(["self.py"], pytest.fail).problems
        assert path == "self.py"
        assert "symbolic links" in message

    def test_folders_behind_links_are_only_entered_when_named(self, tree, tmp_path):
        root = tree("a.py")
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "d.py").touch()
        (root / "data").symlink_to(tmp_path / "data")

        assert found() == ["a.py"]
        assert found("data") == ["data/d.py"]

    def test_broken_links_are_passed_over(self, tree):
        root = tree("a.py")
        (root / ".#a.py").symlink_to("user@host.123")

        assert found() == ["a.py"]

    def test_one_file_of_many_names_goes_by_its_own(self, tree):
        root = tree("m.py", "src/x.py")
        (root / "a.py").symlink_to("m.py")
        (root / "z.py").symlink_to("m.py")
        (root / "linked").symlink_to("src")

        assert found() == ["m.py", "src/x.py"]
        assert found("z.py", "a.py") == ["a.py"]
        assert found("linked", "src") == ["src/x.py"]
        assert found("a.py", ".", "linked") == ["m.py", "src/x.py"]

    def test_a_link_to_a_file_outside(self, tree, tmp_path):
        root = tree()
        (tmp_path / "out.py").touch()
        (root / "a.py").symlink_to(tmp_path / "out.py")

        assert found() == ["a.py"]


class TestSettings:
    def test_include_adds(self, tree):
        tree("a.py", "README.md", "docs/guide.md", "docs/x.rst", "notes/n.md")

        assert found(include=("*.md",)) == ["README.md", "a.py", "docs/guide.md", "notes/n.md"]
        assert found(include=("docs/*.md",)) == ["a.py", "docs/guide.md"]

    def test_exclude_replaces_the_usual_ones(self, tree):
        tree("build/a.py", "old/b.py", "c.py")

        assert found(exclude=("old",)) == ["build/a.py", "c.py"]
        assert found(extend_exclude=("old",)) == ["c.py"]

    @pytest.mark.parametrize(
        ("pattern", "left"),
        [
            ("old", ["a_test.py", "src/a.py", "src/sub/b_test.py"]),
            ("src/old", ["a_test.py", "old/c.py", "src/a.py", "src/sub/b_test.py"]),
            ("./src", ["a_test.py", "old/c.py"]),
            ("src/", ["a_test.py", "old/c.py"]),
            ("*_test.py", ["old/c.py", "src/a.py", "src/old/d.py"]),
            ("src/*_test.py", ["a_test.py", "old/c.py", "src/a.py", "src/old/d.py"]),
            ("src/**/*.py", ["a_test.py", "old/c.py"]),
            ("**/old/*", ["a_test.py", "src/a.py", "src/sub/b_test.py"]),
            ("{old,src}", ["a_test.py"]),
            ("OLD", ["a_test.py", "old/c.py", "src/a.py", "src/old/d.py", "src/sub/b_test.py"]),
        ],
    )
    def test_patterns(self, tree, pattern, left):
        tree("a_test.py", "old/c.py", "src/a.py", "src/old/d.py", "src/sub/b_test.py")

        assert found(extend_exclude=(pattern,)) == left

    def test_absolute_patterns(self, tree):
        root = tree("a.py", "old/b.py")

        assert found(extend_exclude=(f"{root}/old",)) == ["a.py"]

    def test_every_folder_has_its_own_configuration(self, tree):
        tree(
            "a/skip.py",
            "a/x.py",
            "b/skip.py",
            "b/sub/skip.py",
            **{"a/bslint.toml": 'extend-exclude = ["skip.py"]', "b/bslint.toml": 'extend-exclude = ["sub/*"]'},
        )
        discovery = discover(["."], Resolver([]).for_folder)

        assert [path.relative_to(Path.cwd()).as_posix() for path in discovery.files] == ["a/x.py", "b/skip.py"]

    def test_configurations_in_excluded_folders_are_not_read(self, tree):
        tree("a.py", **{"build/bslint.toml": "broken ="})

        assert len(discover(["."], Resolver([]).for_folder).files) == 1


class TestGitignore:
    @pytest.mark.parametrize(
        "patterns",
        [
            pytest.param("", id="an empty file"),
            pytest.param("# *.py\n\n", id="comments"),
            pytest.param("\\#a.py\n!\n\\\n", id="what is no pattern is passed over"),
            pytest.param("A.py\nsub/a.py\n/b.py\na.py/\n", id="other names, anchored names, folders"),
            pytest.param("*.py\n!a.py\n!sub/b.py", id="taken back"),
        ],
    )
    def test_not_ignored(self, tree, patterns):
        tree("a.py", "sub/b.py", **{".gitignore": patterns})

        assert found() == ["a.py", "sub/b.py"]

    @pytest.mark.parametrize(
        ("patterns", "left"),
        [
            ("b.py", ["a.py", "out/c.py"]),
            ("\ufeffb.py", ["a.py", "out/c.py"]),
            ("b.py\r\nout\r\n", ["a.py"]),
            ("out/", ["a.py", "sub/b.py"]),
            ("/a.py\n!\n/out", ["sub/b.py"]),
            ("**/c.py", ["a.py", "sub/b.py"]),
            ("out/\n!out/c.py", ["a.py", "sub/b.py"]),
            ("out/*\n!out/c.py", ["a.py", "out/c.py", "sub/b.py"]),
        ],
    )
    def test_ignored(self, tree, patterns, left):
        tree("a.py", "sub/b.py", "out/c.py", **{".gitignore": patterns})

        assert found() == left

    def test_inner_files_overrule_outer_ones(self, tree):
        tree("a.py", "sub/a.py", "sub/b.py", **{".gitignore": "a.py\n", "sub/.gitignore": "!a.py\nb.py\n"})

        assert found() == ["sub/a.py"]

    def test_named_files_are_taken(self, tree):
        tree("a.py", **{".gitignore": "a.py"})

        assert found("a.py") == ["a.py"]
        assert found("a.py", force_exclude=True) == ["a.py"]

    def test_a_named_folder_is_walked_although_ignored(self, tree):
        tree(".git/HEAD", "out/a.py", "out/b.py", **{".gitignore": "out/", "out/.gitignore": "b.py"})

        assert found("out") == ["out/a.py"]

    def test_files_above_count_up_to_the_root_of_the_repository(self, tree):
        tree(
            "repo/.git/HEAD",
            "repo/src/pkg/a.py",
            "repo/src/pkg/b.py",
            "repo/src/pkg/c.py",
            "repo/src/pkg/d.py",
            **{
                ".gitignore": "a.py",
                "repo/.gitignore": "b.py\nd.py",
                "repo/src/.gitignore": "/pkg/c.py\n!d.py",
                "repo/.git/info/exclude": "/src/pkg/d.py",
            },
        )

        assert found("repo/src/pkg") == ["repo/src/pkg/a.py", "repo/src/pkg/d.py"]

    def test_files_above_don_t_count_outside_a_repository(self, tree):
        tree("src/a.py", **{".gitignore": "a.py"})

        assert found("src") == ["src/a.py"]

    def test_a_repository_within_does_not_heed_the_outer_one(self, tree):
        tree(".git/HEAD", "inner/.git", "inner/a.py", "a.py", **{".gitignore": "a.py"})

        assert found() == ["inner/a.py"]

    def test_info_exclude(self, tree):
        tree("a.py", "b.py", "sub/b.py", **{".git/info/exclude": "/b.py"})

        assert found() == ["a.py", "sub/b.py"]

    def test_a_folder_called_gitignore(self, tree):
        tree("a.py", ".gitignore/x.py")

        assert found() == [".gitignore/x.py", "a.py"]

    def test_undecodable_patterns_and_names(self, tree):
        root = tree("a.py")
        (root / os.fsdecode(b"\xe9.py")).touch()
        (root / ".gitignore").write_bytes(b"\xe9.py\n")

        assert found() == ["a.py"]

    def test_as_git_itself(self, tree, recwarn):
        names = ["a.py", "b/a.py", "b/c/d.py", "keep/x.py", "logs/deep/e.py", "x y.py", "z[1].py", "foo/bar/baz.py"]
        patterns = "/a.py\nb/*\n!b/c\nlogs/**\n**/bar\nkeep/*\n!keep/x.py\nx\\ y.py\nz[[]1].py\n"
        tree(*names, **{".gitignore": patterns})
        try:
            subprocess.run(["git", "init", "-q"], check=True)
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("no git")
        command = ["git", "ls-files", "-oz", "--exclude-per-directory=.gitignore", "*.py"]
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout

        assert found() == sorted(listed.strip("\0").split("\0"))
        assert not recwarn.list


def test_pathspec_is_imported_only_for_patterns(tree):
    tree("a.py", **{".gitignore": "# nothing\n"})
    code = (
        "import sys; from bslint.config import Resolver; from bslint.discover import discover; "
        "print(len(discover(['.'], Resolver([]).for_folder).files), 'pathspec' in sys.modules, 'libcst' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "False", "False"]
