"""`bslint memory`: its JSON, its text, its page."""

from __future__ import annotations

import json
import re
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from bslint.cli import cli
from bslint.report.memory import Account

ROOT = Path(__file__).resolve().parents[1]
FIXTURES = ROOT / "fixtures"
SCHEMA = json.loads((ROOT / "bslint" / "report" / "memory.schema.json").read_text("utf-8"))
GIB = 2**30
BROWSER = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)

PROGRAM = """
import keras
from keras import layers


def build_model():
    return keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Conv2D(8, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(10, name="head"),
        ]
    )


model = build_model()
model.compile("adam", "mse")
model.fit(x, y, batch_size=BATCH)
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    (tmp_path / "bslint.toml").write_text("")
    (tmp_path / "train.py").write_text(PROGRAM.replace("BATCH", "64"))
    return tmp_path


def bslint(*arguments):
    return CliRunner().invoke(cli, ["memory", *map(str, arguments)], catch_exceptions=False)


def accounts(*arguments):
    result = bslint(*arguments, "--output-format", "json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


class TestJson:
    def test_the_account_of_a_small_model(self, project):
        (account,) = accounts("train.py")

        weights = 3 * 3 * 3 * 8 + 8
        dense = 30 * 30 * 8 * 10 + 10
        assert account["filename"] == str(project / "train.py")
        assert (account["cell"], account["location"]) == (None, {"row": 19, "column": 1})
        assert (account["model"], account["depth"], account["run_mode"]) == ("build_model", "static", "compiled")
        assert (account["batch_size"], account["parameters"]) == (64, weights + dense)
        assert account["breakdown"]["weights"] == 4 * (weights + dense)
        assert account["breakdown"]["optimizer"] == 8 * (weights + dense)
        assert account["total_bytes"] == sum(account["breakdown"].values())
        assert account["device"] == {"name": "16GiB", "bytes": 16 * GIB}
        assert (account["fits"], account["partial"]) == (True, [])
        assert [
            (layer["name"], layer["class"], layer["row"], layer["output_shape"]) for layer in account["layers"]
        ] == [
            ("Input", "Input", 9, [32, 32, 3]),
            ("Conv2D", "Conv2D", 10, [30, 30, 8]),
            ("Flatten", "Flatten", 11, [7200]),
            ("head", "Dense", 12, [10]),
        ]

    def test_the_largest_batch_is_the_last_that_fits(self, project):
        (account,) = accounts("train.py", "--device", "1GiB")
        largest = account["largest_batch_size"]
        below, above = accounts("train.py", "--device", "1GiB", "--batch-size", largest, "--batch-size", largest + 1)

        assert (below["fits"], above["fits"]) == (True, False)
        assert below["total_bytes"] <= GIB < above["total_bytes"]

    def test_the_curve_has_the_batch_and_reaches_beyond_what_fits(self, project):
        (account,) = accounts("train.py", "--device", "30MiB", "--batch-size", 48)
        curve = {point["batch_size"]: point["total_bytes"] for point in account["curve"]}

        assert {1, 2, 48, account["largest_batch_size"]} <= set(curve)
        assert list(curve.values()) == sorted(curve.values())
        assert max(curve.values()) > account["device"]["bytes"]

    def test_what_makes_it_fit_comes_first(self, project):
        (account,) = accounts("train.py", "--device", "16MiB", "--batch-size", 512)
        fitting = [remedy["fits"] for remedy in account["remedies"]]

        assert account["fits"] is False
        assert fitting == sorted(fitting, reverse=True)
        assert "gradient_accumulation_steps" in account["remedies"][0]["change"]
        assert all(remedy["total_bytes"] < account["total_bytes"] for remedy in account["remedies"])
        assert not any("frozen" in remedy["change"] for remedy in account["remedies"])

    def test_a_batch_size_that_is_not_known(self, project):
        (project / "train.py").write_text("import os\n" + PROGRAM.replace("BATCH", 'int(os.environ["N"])'))
        (account,) = accounts("train.py")
        (given,) = accounts("train.py", "--batch-size", 8)

        assert [account[key] for key in ("batch_size", "total_bytes", "breakdown", "fits")] == [None] * 4
        assert account["largest_batch_size"] == given["largest_batch_size"] > 0
        assert (given["fits"], given["partial"]) == (True, [])

    def test_what_could_not_be_read_gives_no_verdict(self, project):
        text = PROGRAM.replace("BATCH", "64").replace("layers.Flatten()", "ours.Attention()")
        (project / "train.py").write_text("import ours\n" + text)
        (account,) = accounts("train.py")

        assert any("Attention" in reason for reason in account["partial"])
        assert [account[key] for key in ("fits", "largest_batch_size", "curve", "remedies")] == [None, None, [], []]

    def test_a_model_that_is_trained_twice_alike_is_told_once(self, project):
        (project / "train.py").write_text(
            PROGRAM.replace("model.fit", "for _ in range(3): model.fit").replace("BATCH", "8")
        )

        assert len(accounts("train.py")) == 1

    def test_a_file_that_trains_nothing(self, project):
        (project / "other.py").write_text("import keras\nprint(keras.__version__)\n")

        assert accounts("other.py") == []

    def test_fixtures_fit_the_schema(self):
        found = accounts("--isolated", FIXTURES)
        validator = Draft202012Validator(SCHEMA)

        validator.validate(found)
        assert len(found) > 20
        assert {bool(account["partial"]) for account in found} == {True, False}
        assert all(
            account["total_bytes"] == sum(account["breakdown"].values()) for account in found if account["breakdown"]
        )
        assert any(account["cell"] is not None for account in found)

    def test_schema(self):
        Draft202012Validator.check_schema(SCHEMA)
        definition = SCHEMA["$defs"]["account"]
        names = [*Account.__struct_encode_fields__]
        assert sorted(definition["properties"]) == sorted(definition["required"]) == sorted(names)

    @pytest.mark.parametrize("change", [{"fits": "yes"}, {"more": 1}, {"batch_size": 0}, {"run_mode": "?"}])
    def test_schema_is_strict(self, project, change):
        (account,) = accounts("train.py")

        assert not Draft202012Validator(SCHEMA).is_valid([account | change])


class TestRun:
    @pytest.mark.parametrize(
        ("arguments", "status", "said"),
        [
            pytest.param(["--device", "T5"], 2, "unknown device 'T5': did you mean", id="no such device"),
            pytest.param(["gone.py"], 2, "gone.py", id="missing path"),
            pytest.param(["--config", "gone.toml"], 2, "no such file", id="missing configuration"),
            pytest.param(["--batch-size", "0"], 2, "0", id="no batch"),
            pytest.param(["--device", "Colab"], 0, "", id="a device by another name"),
        ],
    )
    def test_exit_status(self, project, arguments, status, said):
        result = bslint(*arguments)

        assert (result.exit_code, said in result.stderr) == (status, True)

    def test_device_of_the_configuration(self, project):
        (project / "bslint.toml").write_text('device = "A100"\n')

        assert accounts("train.py")[0]["device"] == {"name": "A100-40GB", "bytes": 40 * GIB}
        assert accounts("train.py", "--isolated")[0]["device"]["name"] == "16GiB"

    @pytest.mark.parametrize("command", ["check", "memory"])
    def test_a_device_that_does_not_exist_is_told_with_its_place(self, project, command):
        (project / "bslint.toml").write_text('ignore = []\ndevice = "RTX-4900"\n')
        result = CliRunner().invoke(cli, [command, "."])

        assert result.exit_code == 2
        assert f"{project}/bslint.toml:2: `device`: unknown device 'RTX-4900': did you mean RTX-4090?" in result.stderr

    def test_the_others_are_told_when_one_file_does_not_parse(self, project):
        (project / "broken.py").write_text("import keras\nmodel.fit(\n")
        result = bslint("--output-format", "json")

        assert result.exit_code == 2
        assert "broken.py" in result.stderr
        assert len(json.loads(result.stdout)) == 1

    def test_plotly_is_missing(self, project, monkeypatch):
        monkeypatch.setitem(sys.modules, "plotly.offline", None)
        result = bslint("train.py", "--html", "page.html")

        assert result.exit_code == 2
        assert "pip install bslint-tf[report]" in result.stderr

    def test_neither_tensorflow_nor_plotly_is_imported_for_text(self, project):
        code = "import sys; from bslint.cli import invoke; invoke(['memory', 'train.py']); print(sorted(sys.modules))"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
        imported = done.stdout.splitlines()[-1]

        assert not re.search(r"'(tensorflow|keras|numpy|plotly)'", imported)


class TestText:
    @pytest.mark.parametrize(
        ("name", "options"),
        [
            ("flower_resnet.py", ("--device", "T4")),
            ("flower_resnet.py", ("--device", "A100-40GB", "--batch-size", "64")),
            ("digits.ipynb", ()),
            ("tfds_transfer.py", ()),
        ],
    )
    def test_fixtures(self, name, options, monkeypatch, snapshot):
        monkeypatch.chdir(FIXTURES)

        assert bslint("--isolated", "--color", "never", name, *options).stdout == snapshot

    def test_colors(self, project):
        shown = bslint("train.py", "--color", "always").stdout

        assert "\x1b[" in shown
        assert re.sub(r"\x1b\[[0-9;]*m", "", shown) == bslint("train.py", "--color", "never").stdout

    def test_nothing_found(self, project):
        (project / "train.py").write_text("")

        assert bslint().stdout == "No training with a model in sight found.\n"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    pytest.importorskip("plotly", reason="the page needs plotly")
    file = tmp_path_factory.mktemp("page") / "report.html"
    names = ("flower_resnet.py", "digits.ipynb", "tfds_transfer.py")
    result = bslint("--isolated", "--device", "T4", "--html", file, *(FIXTURES / name for name in names))
    assert result.exit_code == 0
    return file


@pytest.fixture(scope="module")
def body(page):
    return page.read_text("utf-8").partition("</head>")[2]


class TestPage:
    def test_each_link_leads_to_a_row(self, body):
        targets = set(re.findall(r' id="([^"]+)"', body))
        links = set(re.findall(r'href="#([^"]+)"', body)) | set(re.findall(r'\["(f\d+[^"]*)"\]', body))

        assert len(links) > 10
        assert links <= targets

    def test_numbers_lead_to_where_they_are_written(self, body):
        rows = dict(re.findall(r'<span id="([^"]+)"><b>\d+</b>(.*?)</span>', body))
        link = re.search(r'<a href="#([^"]+)">a batch of 512</a>', body)
        slots = re.search(r'optimizer slots</td><td class="n"><a href="#([^"]+)">181', body)
        assert link is not None
        assert slots is not None
        assert rows[link[1]].startswith("BATCH_SIZE = 512")
        assert "model.compile(" in rows[slots[1]]

    def test_nothing_is_fetched(self, page):
        text = page.read_text("utf-8")

        assert not re.search(r"<(script|link|img)[^>]+(src|href)=", text)

    def test_text_is_escaped(self, project):
        pytest.importorskip("plotly", reason="the page needs plotly")
        (project / "train.py").write_text(PROGRAM.replace("BATCH", "8") + "# <b>&</script>\n")
        bslint("train.py", "--html", "page.html")

        assert "# &lt;b&gt;&amp;&lt;/script&gt;" in (project / "page.html").read_text("utf-8")

    def test_a_page_that_can_not_be_written(self, project):
        pytest.importorskip("plotly", reason="the page needs plotly")
        result = bslint("--html", "no/such/folder.html")
        assert (result.exit_code, "can't be written" in result.stderr) == (2, True)

    @pytest.mark.skipif(BROWSER is None, reason="no Chromium here")
    @pytest.mark.skipif(
        resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY, reason="Chromium reserves terabytes"
    )
    def test_a_browser_draws_the_plots(self, page, tmp_path):
        command = [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}"]
        command += ["--virtual-time-budget=20000", "--dump-dom", page.as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=True)
        drawn = dict(re.findall(r'<div id="((?:curve|layers)\d)"([^>]*)>', done.stdout))

        assert sorted(drawn) == ["curve0", "curve1", "layers0", "layers1"]
        assert all("js-plotly-plot" in attributes for attributes in drawn.values())
        assert done.stdout.count('class="main-svg"') >= 4
        (account,) = accounts("--isolated", "--device", "T4", FIXTURES / "flower_resnet.py")
        kept = [layer for layer in account["layers"] if layer["retained_bytes"]]
        told = re.sub(r"<[^>]+>", "", done.stdout.partition('id="curve1"')[2])
        assert f"T4: {account['largest_batch_size']} fit" in told
        assert done.stdout.partition('id="layers1"')[2].count('<g class="point">') == len(kept) > 100


PEAKS = {64: 40 << 20, 256: 130 << 20, 512: 250 << 20}
ANSWER = {
    "outcome": "fits",
    "tensorflow": "2.21.0",
    "left_out": [],
    "largest_batch_size": 256,
    "parts": {"weights": 288936, "optimizer": 577884, "input": 788992},
    "parameters": 72234,
    "layers": {"head": 2 << 20, "other": 4096},
    "about_layers": {"head": {"class": "Dense", "output_shape": [10], "parameters": 72010}},
    "curve": [[size, peak] for size, peak in PEAKS.items()],
}


@pytest.fixture
def child(monkeypatch):
    """The requests that a child would get, and what it answers."""
    pytest.importorskip("psutil", reason="a proof needs psutil")
    from bslint.verify import tracing
    from bslint.verify.child import Outcome

    requests = []
    answer = {"ending": "result", **ANSWER}

    def run(request, limits, **_):
        requests.append(request)
        result = {key: value for key, value in answer.items() if key != "ending"}
        return Outcome(answer["ending"], result, 0, "", 1.0, 0)

    monkeypatch.setattr(tracing, "run", run)
    monkeypatch.setattr("bslint.needs.find_spec", lambda _: object())
    return requests, answer


class TestTrace:
    def test_the_traced_account_follows_the_static_one(self, project, child):
        text = PROGRAM.replace("BATCH", "64").replace('"mse"', '"mse", jit_compile=False')
        (project / "train.py").write_text(text)
        static, traced = accounts("train.py", "--trace", "--device", "1GiB")
        Draft202012Validator(SCHEMA).validate([static, traced])
        (request,) = child[0]

        assert (static["depth"], traced["depth"]) == ("static", "traced")
        assert (request["method"], request["batch_size"], request["memory"]) == ("trace", 64, GIB)
        assert "build_model()" in request["source"]
        assert "fit" not in request["source"]
        assert (traced["total_bytes"], traced["fits"], traced["largest_batch_size"]) == (PEAKS[64], True, 256)
        assert sum(traced["breakdown"].values()) == PEAKS[64]
        assert [point["total_bytes"] for point in traced["curve"]] == list(PEAKS.values())
        assert [(layer["name"], layer["class"]) for layer in traced["layers"]] == [("head", "Dense"), ("other", "")]

    @pytest.mark.parametrize(("option", "word"), [("", "XLA"), (", run_eagerly=True", "eagerly")])
    def test_a_graph_is_no_figure_of_another_run_mode(self, project, child, option, word):
        (project / "train.py").write_text(PROGRAM.replace("BATCH", "64").replace('"mse"', f'"mse"{option}'))
        _, traced = accounts("train.py", "--trace")

        assert any(word in note for note in traced["notes"])
        assert (traced["fits"], traced["largest_batch_size"]) == (None, None)
        assert word in bslint("train.py", "--trace").output

    def test_the_device_takes_its_own_part(self, project, child):
        _, traced = accounts("train.py", "--trace", "--device", "T4")

        assert traced["breakdown"]["device_allowance"] > GIB
        assert traced["total_bytes"] == PEAKS[64] + traced["breakdown"]["device_allowance"]
        assert child[0][0]["memory"] == traced["device"]["bytes"] - traced["breakdown"]["device_allowance"]

    def test_text_and_page_show_both_side_by_side(self, project, child):
        pytest.importorskip("plotly")
        text = bslint("train.py", "--trace", "--html", "page.html").stdout
        page = (project / "page.html").read_text("utf-8")

        assert re.search(r"static +\S+ MiB .*\n +traced +40.00 MiB ", text)
        assert "<td>traced</td>" in page
        assert "nothing was run but what builds the models" in page

    def test_a_batch_size_that_is_not_known(self, project, child):
        (project / "train.py").write_text("import os\n" + PROGRAM.replace("BATCH", 'int(os.environ["N"])'))
        _, traced = accounts("train.py", "--trace")

        assert child[0][0]["batch_size"] == 32
        assert [traced[key] for key in ("batch_size", "total_bytes", "breakdown", "fits")] == [None] * 4

    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            ({"outcome": "error", "reason": "TraceError: TensorFlow 9 has other internals"}, "has other internals"),
            ({"ending": "timeout"}, "did not end within"),
            ({"ending": "memory"}, "all memory"),
            ({"ending": "signal"}, "died"),
        ],
    )
    def test_what_can_not_be_traced_is_told_and_the_static_account_stays(self, project, child, answer, words):
        child[1].update(answer)
        result = bslint("train.py", "--trace")

        assert result.exit_code == 0
        assert words in result.stderr
        assert f"not traced: {'TraceError' if 'outcome' in answer else ''}" in result.stdout
        assert "read from the source" in result.stdout

    def test_a_graph_that_was_not_rewritten_is_told(self, project, child):
        child[1]["approximate"] = "TensorFlow 9 has other internals"
        _, traced = accounts("train.py", "--trace")

        assert "TensorFlow 9 has other internals" in traced["notes"]

    def test_a_model_that_can_not_be_cut_out(self, project, child):
        (project / "train.py").write_text(
            "def train(width):\n    import keras\n    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(width)])\n"
            "    model.compile('sgd', 'mse')\n    model.fit(x, y, batch_size=8)\n"
        )
        result = bslint("train.py", "--trace")

        assert child[0] == []
        assert "`width`" in result.stderr

    @pytest.mark.parametrize("missing", ["tensorflow", "psutil"])
    def test_without_tensorflow(self, project, monkeypatch, missing):
        monkeypatch.setattr("bslint.needs.find_spec", lambda name: None if name == missing else object())
        result = bslint("train.py", "--trace")

        assert result.exit_code == 2
        assert result.stderr == f"error: `--trace` needs {missing}: pip install 'bslint-tf[verify]'\n"

    def test_no_configuration_turns_it_on(self, project, child):
        (project / "bslint.toml").write_text("trace = true\n")
        result = bslint("train.py")

        assert (result.exit_code, child[0]) == (2, [])
        assert "trace" in result.stderr

    @pytest.mark.tensorflow
    def test_with_tensorflow(self, project):
        pytest.importorskip("tensorflow")
        text = PROGRAM.replace("BATCH", "64").replace('"mse"', '"mse", jit_compile=False')
        (project / "train.py").write_text(text)
        static, traced = accounts("train.py", "--trace", "--device", "64MiB")

        assert traced["parameters"] == static["parameters"]
        assert traced["total_bytes"] == pytest.approx(static["total_bytes"], rel=0.25)
        assert traced["largest_batch_size"] == pytest.approx(static["largest_batch_size"], rel=0.4)
        assert {layer["name"] for layer in traced["layers"]} >= {"head", "conv2d"}
