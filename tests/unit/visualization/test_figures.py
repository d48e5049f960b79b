"""Figures are accepted by the plotting packages, say what they show, and hold no markup."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

import bayesopt as bo
from bayesopt import visualization
from bayesopt.errors import InvalidValueError, MissingDependencyError
from bayesopt.markup import short_names, shortened, visible
from bayesopt.visualization import matplotlib as twin
from bayesopt.visualization.figures import style
from bayesopt.visualization.scales import scale_of

go = pytest.importorskip("plotly.graph_objects")
mpl = pytest.importorskip("matplotlib")
mpl.use("Agg")
plt = pytest.importorskip("matplotlib.pyplot")

PLOTS = [name for name in visualization.__all__ if name != "plot_pareto_front"]
MARKUP = ("<script", "<img", "<b>bold", "<i>adamw", "$x^2$", "\u202e", "\x07")


def texts(part):
    """Yield every string of a figure."""
    if isinstance(part, dict):
        for value in part.values():
            yield from texts(value)
    elif isinstance(part, list | tuple):
        for value in part:
            yield from texts(value)
    elif isinstance(part, str):
        yield part


def as_dict(figure):
    return json.loads(figure.to_json())


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", PLOTS)
def test_plotly_takes_every_figure(name, dark, study):
    figure = getattr(visualization, name)(study, dark=dark)
    assert isinstance(figure, go.Figure)
    assert figure.data
    assert figure.layout.template.layout.paper_bgcolor == ("#15171b" if dark else "#ffffff")


@pytest.mark.parametrize("name", PLOTS)
def test_hostile_names_stay_text(name, hostile):
    shown = list(texts(as_dict(getattr(visualization, name)(hostile))))
    assert not [text for text in shown if any(mark in text for mark in MARKUP)]


def test_hostile_names_are_shown(hostile):
    shown = " ".join(texts(as_dict(visualization.plot_slice(hostile))))
    assert "&#60;script&#62;alert(1)" in shown
    assert "日本語 \\u202e" in shown


@pytest.mark.parametrize("name", PLOTS)
def test_an_empty_study_gives_a_figure_that_says_so(name, empty):
    figure = getattr(visualization, name)(empty)
    assert not figure.data
    assert "expected" in figure.layout.annotations[0].text


@pytest.mark.parametrize("objectives", [None, [1, 0]])
def test_a_front_is_drawn_in_pairs(several, objectives):
    figure = visualization.plot_pareto_front(several, objectives=objectives)
    assert len([t for t in figure.data if t.name == "front"]) == (3 if objectives is None else 1)


def test_several_studies_are_compared(study, several):
    assert [t.name for t in visualization.plot_edf([study, several]).data] == ["a study"] * 2


OF_THE_MODEL = ["plot_param_importances", "plot_posterior", "plot_contour"]


@pytest.mark.parametrize("name", OF_THE_MODEL)
def test_what_the_model_says_comes_with_how_well_it_predicts(name):
    study = bo.create_study({"x": bo.Float(0, 1), "y": bo.Float(0, 1)}, sampler="random", seed=3)
    rng = np.random.default_rng(2)
    for _ in range(40):
        study.tell(study.ask(), float(rng.normal()))
    plot = getattr(visualization, name)
    assert "The model has learned nothing yet: cross-validated r² " in plot(study).layout.title.text
    for _ in range(40):
        trial = study.ask()
        study.tell(trial, 50.0 * trial.params["x"])
    title = plot(study).layout.title.text
    assert "Cross-validated r² 0." in title
    assert "nothing" not in title


def test_bars_of_a_model_that_has_learned_nothing_are_grey():
    study = bo.create_study({"x": bo.Float(0, 1), "y": bo.Float(0, 1)}, sampler="random", seed=3)
    for value in np.random.default_rng(2).normal(size=40).tolist():
        study.tell(study.ask(), value)
    assert visualization.plot_param_importances(study).data[0].marker.color == style.GRAY
    other = visualization.plot_param_importances(study, "ped-anova")
    assert other.data[0].marker.color == style.BLUE
    axes = twin.plot_param_importances(study)
    titles = [axes.get_title(where) for where in ("left", "center", "right")]  # a user's setting
    assert any("learned nothing" in title for title in titles)
    assert mpl.colors.to_hex(axes.patches[0].get_facecolor()) == style.GRAY


@pytest.mark.parametrize("name", OF_THE_MODEL)
def test_the_model_of_each_objective_is_shown(name):
    space = {"x": bo.Float(0, 1), "y": bo.Float(0, 1)}
    study = bo.create_study(space, directions=["minimize", "maximize"], sampler="random", seed=0)
    for _ in range(20):
        trial = study.ask()
        study.tell(trial, [trial.params["x"] ** 2, trial.params["y"] ** 2])
    plot = getattr(visualization, name)
    first, second = (list(texts(as_dict(plot(study, objective=j)))) for j in (0, 1))
    assert any("value 0" in text for text in first)
    assert any("value 1" in text for text in second)
    assert as_dict(plot(study)) == as_dict(plot(study, objective=0))
    with pytest.raises(InvalidValueError, match="objective"):
        plot(study, objective=2)


@pytest.mark.parametrize("d", [2, 3, 4, 6, 23])
def test_long_names_keep_apart_in_a_narrow_window(d):
    names = [f"the_learning_rate_of_the_second_stage_encoder_block_number_{i}" for i in range(d)]
    study = bo.create_study({n: bo.Float(0, 1) for n in names}, sampler="random", seed=0)
    for _ in range(5):
        study.tell(study.ask(), 1.0)
    panels = as_dict(visualization.plot_slice(study))["layout"]
    shown = [panels[style.axis_name("x", i)]["title"]["text"] for i in range(min(d, 4))]
    assert sum(map(len, shown)) <= 80  # at 700 pixels
    axis = as_dict(visualization.plot_parallel_coordinate(study))["layout"]["xaxis"]
    longest = max(map(len, axis["ticktext"]))
    assert longest >= 12
    if not axis["tickangle"]:
        assert longest * len(axis["ticktext"]) <= 90
    else:  # lines of text one above the other
        assert 560 / d * np.sin(np.radians(axis["tickangle"])) > 12


def test_a_band_without_an_end_runs_out_of_the_picture():
    space = {"x": bo.Float(0, 1), "y": bo.Float(0, 1), "c": bo.Categorical(list("abc"))}
    study = bo.create_study(space, sampler="random", seed=4)
    for _ in range(6):
        trial = study.ask()
        p = trial.params
        value = 20.0 - 10.0 * np.exp(-30.0 * (p["x"] - 0.4) ** 2) + 0.3 * p["y"]
        study.tell(trial, value + 5.0 * (p["c"] == "b"))
    assert study.look_inside().slice("y").band.low.min() < -1e100  # else this shows nothing
    figure = visualization.plot_posterior(study)
    for axis in ("yaxis", "yaxis2", "yaxis3"):
        low, high = figure.layout[axis].range
        assert -40.0 < low < high < 60.0
    drawn = np.concatenate([np.asarray(trace.y, dtype=float) for trace in figure.data])
    assert np.abs(drawn).max() < 1e5  # a browser draws no line to 1e308


@pytest.mark.parametrize("n", [1, 2, 5])
@pytest.mark.parametrize("name", PLOTS)
def test_a_few_trials_are_enough_or_the_figure_says_what_is_missing(name, n, make_study):
    getattr(visualization, name)(make_study(n))


def test_parameters_with_one_value_and_very_many_choices():
    space = {
        "one": bo.Categorical(["only"]),
        "many": bo.Categorical([f"choice {i}" for i in range(5000)]),
        "point": bo.Float(2.0, 2.0),
        "huge": bo.Float(-1.7e308, 1.7e308),
        "tiny": bo.Float(5e-324, 1e-300, log=True),
    }
    study = bo.create_study(space, sampler="random", seed=0)
    for _ in range(12):
        study.tell(study.ask(), 1.0)
    for name in PLOTS:
        figure = getattr(visualization, name)(study)
        figure.to_json()


def test_without_plotly_the_error_says_what_to_do(study, monkeypatch):
    monkeypatch.setitem(sys.modules, "plotly.graph_objects", None)
    monkeypatch.setitem(sys.modules, "plotly", None)
    with pytest.raises(MissingDependencyError, match="pip install"):
        visualization.plot_slice(study)


# ------------------------------------------------------------------------------------------ axes


def test_few_trials_have_a_tick_each_and_all_marks_are_in_sight(make_study):
    for n in (1, 5, 40):
        axis = visualization.plot_optimization_history(make_study(n)).layout.xaxis
        assert axis.range[0] < 0
        assert axis.range[1] > n - 1
        assert axis.dtick == (1 if n <= 12 else None)


def test_the_best_is_in_the_first_view():
    study = bo.create_study({"x": bo.Float(0, 1)}, sampler="random", seed=0)
    for value in [-30.0, *range(40), 1e6]:
        study.tell(study.ask(), value)
    low, high = visualization.plot_slice(study).layout.yaxis.range
    assert low < -30 < 40 < high < 1e6


def test_few_decades_have_numbers_between_powers_of_ten():
    def axis(low, high):
        space = bo.Space({"x": bo.Float(low, high, log=True)})
        return style.axis_of(scale_of("x", space["x"]))

    assert axis(16, 512)["tickformat"] == "~g"
    assert "tickformat" not in axis(1e-5, 1e-1)
    assert axis(1e-9, 1.0)["nticks"] == 5


def test_names_of_choices_share_the_room_of_a_panel():
    scale = scale_of("x", bo.Categorical(["x" * 60, "y" * 60, "z" * 60]))
    assert {len(text) for text in style.axis_of(scale)["ticktext"]} == {8}
    assert {len(text) for text in style.axis_of(scale, upright=True)["ticktext"]} == {14}


# ------------------------------------------------------------------------------------ Matplotlib

TWINS = [name for name in twin.__all__ if name != "plot_pareto_front"]


@pytest.fixture(autouse=True)
def _closed_figures():
    yield
    plt.close("all")


@pytest.mark.parametrize("name", TWINS)
def test_the_twin_draws(name, study, empty):
    axes = getattr(twin, name)(study)
    first = axes[0] if isinstance(axes, list) else axes
    first.figure.canvas.draw()
    said = getattr(twin, name)(empty)
    said = said[0] if isinstance(said, list) else said
    assert "expected" in said.texts[0].get_text()


def test_the_twin_draws_a_front(several):
    axes = twin.plot_pareto_front(several)
    axes.figure.canvas.draw()
    assert [text.get_text() for text in axes.get_legend().texts] == [
        "infeasible",
        "dominated",
        "front",
    ]


def test_the_twin_reads_no_formula():
    names = ["$\\frac{1$", "a_b^c", "<b>"]
    study = bo.create_study({n: bo.Float(0, 1) for n in names}, sampler="random", seed=0)
    for _ in range(5):
        study.tell(study.ask(), 1.0)
    axes = twin.plot_slice(study)
    axes[0].figure.canvas.draw()
    assert [each.get_xlabel() for each in axes] == ["\\$\\frac{1\\$", "a_b^c", "<b>"]


def test_the_twin_draws_into_given_axes(study):
    ax = plt.subplots()[1]
    assert twin.plot_optimization_history(study, ax=ax) is ax


# ------------------------------------------------------------------------------------------ text


def test_text_is_cut_in_the_middle_and_stays_distinct():
    names = [f"{'x' * 60}{i}" for i in range(3)] + ["y" * 80, "y" * 81]
    short = short_names(names, 20)
    assert len(set(short)) == 5
    assert all(len(name) <= 20 for name in short)
    assert shortened("abcdefghij", 5) == "ab…ij"


@pytest.mark.parametrize("text", ["\ud800", "a\x00b", "\u202eabc", "\x1b[31m"])
def test_what_controls_a_display_is_written_out(text):
    shown = visible(text)
    shown.encode()
    assert "\\u" in shown


def test_every_entity_is_numeric():
    assert style.label("a & <b> $c$") == "a &#38; &#60;b&#62; &#36;c&#36;"


def luminance(color):
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("color", [*style.SERIES])
@pytest.mark.parametrize("ground", ["#ffffff", "#15171b"])
def test_colours_stand_out_on_both_grounds(color, ground):
    light, dark = sorted((luminance(color), luminance(ground)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 3.0
