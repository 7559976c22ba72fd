"""The pages of experiments: planned, run, compared, decided again, taken elsewhere."""

import json
from typing import Any

import pytest
import yaml
from django.test import Client

from console.accounts.models import Project, User
from console.datasets.models import Dataset
from console.experiments import actions, tasks
from console.experiments.models import Experiment, State
from evaluators.suites.load import load
from tests.console.experiments.conftest import ECHO, MUTE, begun, finished, plan
from tests.fakes.upstream import FakeUpstream

POLITE = {"prompt": "Please say it again: {{ inputs.word }}"}


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Messages to workers, kept instead of sent."""
    sent: list[str] = []
    monkeypatch.setattr(tasks.work, "delay", sent.append)
    return sent


@pytest.fixture
def done(project: Project, owner: User, words: Dataset, models: FakeUpstream) -> Experiment:
    """An experiment that has ended, with a broken variant and a harmless one."""
    experiment = plan(project, owner, words, arms={"echo": ECHO, "polite": POLITE, "mute": MUTE})
    experiment = actions.set_evaluator(experiment, name="latency", kind="latency", parameters={})
    finished(begun(experiment, owner))
    return Experiment.objects.get(pk=experiment.pk)


def url(experiment: Experiment, rest: str = "") -> str:
    return f"/p/lighthouse/experiments/{experiment.pk}/{rest}"


def text(client: Client, address: str, **headers: str) -> str:
    answer = client.get(address, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_empty_project_says_what_to_do_next(owner_client: Client, project: Project) -> None:
    page = text(owner_client, "/p/lighthouse/experiments/")

    assert "Nothing was tried yet" in page
    assert "/p/lighthouse/datasets/new/" in page


def test_an_experiment_is_planned_step_by_step_and_started(
    owner_client: Client, words: Dataset, woken: list[str]
) -> None:
    owner_client.post("/p/lighthouse/experiments/new/", {"name": "greeting", "dataset": str(words.pk)})
    experiment = Experiment.objects.get()
    assert "add a variant" in text(owner_client, url(experiment))

    for name, prompt in (("baseline", "Say {{ inputs.word }}"), ("shorter", "{{ inputs.word }}")):
        arm = {"name": name, "sends": "prompt", "model": "gpt-4o-mini", "prompt": prompt}
        assert owner_client.post(url(experiment, "variant/"), arm).status_code == 302
    assert "add an evaluator" in text(owner_client, url(experiment))

    check = {"name": "repeats", "p_value": "{{ inputs.word }}", "decides": "compare", "margin": "5"}
    assert owner_client.post(url(experiment, "evaluators/contains/"), check).status_code == 302
    options = {
        "do": "options",
        "trials": "1..3",
        "cost_cap_usd": "2",
        "concurrency": "4",
        "estimand": "population",
    }
    assert owner_client.post(url(experiment, "edit/"), options).status_code == 302

    page = text(owner_client, url(experiment))
    assert "smallest visible change" in page
    assert "$0.0" in page
    owner_client.post(url(experiment, "act/"), {"do": "start"})

    experiment.refresh_from_db()
    assert (experiment.state, woken) == (State.RUNNING, [str(experiment.pk)])
    assert "waiting for a worker" in text(owner_client, url(experiment))


@pytest.mark.parametrize(
    ("address", "given", "sentence"),
    [
        ("variant/", {"name": "a", "sends": "prompt"}, "Write what the user says"),
        ("variant/", {"name": "a/b", "sends": "prompt", "model": "m", "prompt": "x"}, "letters, digits"),
        (
            "variant/",
            {"name": "echo", "sends": "prompt", "model": "m", "prompt": "x"},
            "There is a variant named",
        ),
        ("evaluators/regex/", {"name": "x", "decides": "compare"}, "This field is required"),
        ("evaluators/regex/", {"name": "x", "decides": "compare", "p_pattern": "("}, "As it stands"),
        (
            "evaluators/rubric/",
            {"name": "../x", "decides": "report", "p_question": "?", "judge_model": "m"},
            "letters",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    owner_client: Client,
    project: Project,
    owner: User,
    words: Dataset,
    address: str,
    given: dict[str, str],
    sentence: str,
) -> None:
    experiment = plan(project, owner, words)

    answer = owner_client.post(url(experiment, address), given, follow=True)

    assert sentence in answer.content.decode()


def test_every_kind_of_evaluator_has_a_form(
    owner_client: Client, project: Project, owner: User, words: Dataset
) -> None:
    from evaluators import registry

    experiment = plan(project, owner, words)
    statuses = {
        kind.name: owner_client.get(url(experiment, f"evaluators/{kind.name}/")).status_code
        for kind in registry.kinds()
    }

    assert set(statuses.values()) == {200}
    assert len(statuses) > 35


def test_an_evaluators_form_shows_what_was_saved(
    owner_client: Client, project: Project, owner: User, words: Dataset
) -> None:
    experiment = plan(project, owner, words)

    page = text(owner_client, url(experiment, "evaluators/contains/?name=repeats"))

    assert "{{ inputs.word }}" in page
    assert 'name="margin" value="5"' in page


def test_the_verdicts_stand_beside_the_variants(owner_client: Client, done: Experiment) -> None:
    broken, harmless = (text(owner_client, url(done, f"?candidate={name}")) for name in ("mute", "polite"))

    assert '<span class="badge danger">FAIL</span> <strong>mute</strong>' in broken
    assert '<span class="badge ok">PASS</span> <strong>polite</strong>' in harmless
    assert "Newly broken" in broken
    assert "cases/w7/" in broken


def test_the_gate_decides_again_as_margins_are_dragged_and_the_address_keeps_them(
    owner_client: Client, done: Experiment
) -> None:
    answers = {
        margin: owner_client.get(
            url(done, f"decision/?candidate=polite&margin.repeats={margin}"), headers={"HX-Request": "true"}
        )
        for margin in ("5", "0", "nonsense")
    }
    words = {margin: answer.content.decode() for margin, answer in answers.items()}

    assert {
        margin: '<span class="badge ok">PASS</span> <strong>' in page for margin, page in words.items()
    } == {
        "5": True,
        "0": False,
        "nonsense": True,
    }
    assert answers["5"]["HX-Replace-Url"] == url(done, "?margin.repeats=5&candidate=polite")
    assert "<html" not in words["0"]


def test_cases_stand_side_by_side_with_scores_and_traces(owner_client: Client, done: Experiment) -> None:
    page = text(owner_client, url(done, "cases/w7/"))

    assert "Say it again: word007." in page
    assert "Say nothing." in page
    assert f"/traces/{'ab' * 16}/" in page
    assert "cases/w6/" in page
    assert "cases/w8/" in page


def test_cases_are_listed_by_how_they_changed(owner_client: Client, done: Experiment) -> None:
    worse = text(owner_client, url(done, "?candidate=mute&show=worse"))
    better = text(owner_client, url(done, "?candidate=mute&show=better"))

    assert "cases/w12/" in worse.split("<h2>Cases</h2>")[1]
    assert "No such case." in better


def test_slices_have_their_sizes(owner_client: Client, done: Experiment) -> None:
    page = text(owner_client, url(done, "?candidate=mute"))
    slices = page.split("<h2>Slices</h2>")[1]

    assert '<th scope="row">even</th><td class="num">30</td>' in slices


@pytest.mark.parametrize("form", ["json", "markdown", "html", "suite", "cases"])
def test_a_report_can_be_taken_elsewhere(owner_client: Client, done: Experiment, form: str) -> None:
    answer = owner_client.get(url(done, f"export/{form}/?candidate=mute&margin.repeats=7"))

    assert answer.status_code == 200
    assert "attachment" in answer["Content-Disposition"]


def test_the_exported_page_shows_every_case_with_both_answers(owner_client: Client, done: Experiment) -> None:
    page = text(owner_client, url(done, "export/html/?candidate=mute"))

    assert "what was asked" in page
    assert "polite" not in page


def test_the_exported_suite_is_one_that_the_command_line_runs(
    owner_client: Client, done: Experiment, tmp_path: Any
) -> None:
    suite = owner_client.get(url(done, "export/suite/?candidate=mute&margin.repeats=7")).content.decode()
    cases = owner_client.get(url(done, "export/cases/")).content
    (tmp_path / "again-and-again-cases.jsonl").write_bytes(cases)
    (tmp_path / "suite.yaml").write_text(suite)

    loaded = load(tmp_path / "suite.yaml")

    assert (len(loaded.cases), list(loaded.arms)) == (60, ["echo", "mute"])
    assert yaml.safe_load(suite)["gate"] == {"repeats": {"margin": "7pt"}}
    report = json.loads(owner_client.get(url(done, "export/json/?candidate=mute")).content)
    assert report["decision"]["state"] == "FAIL"


def test_a_single_variant_is_held_to_its_floor(
    owner_client: Client, project: Project, owner: User, words: Dataset, models: FakeUpstream
) -> None:
    experiment = plan(project, owner, words, arms={"mute": MUTE})
    experiment = actions.set_evaluator(
        experiment,
        name="repeats",
        kind="contains",
        parameters={"value": "{{ inputs.word }}"},
        rule={"margin": "5pt", "floor": "90%", "compare": True},
        replaces="repeats",
    )
    finished(begun(experiment, owner))

    page = text(owner_client, url(experiment))

    assert "below the floor" in page
    assert "Baseline" not in page


def test_progress_refreshes_the_page_at_the_end(owner_client: Client, done: Experiment) -> None:
    answer = owner_client.get(url(done, "progress/"), headers={"HX-Request": "true"})

    assert answer["HX-Refresh"] == "true"


def test_an_experiment_is_stopped_planned_again_and_removed(
    owner_client: Client, project: Project, owner: User, words: Dataset, woken: list[str]
) -> None:
    experiment = begun(plan(project, owner, words), owner)
    for do in ("stop", "resume", "stop", "duplicate"):
        owner_client.post(url(experiment, "act/"), {"do": do})
    experiment.refresh_from_db()
    again = Experiment.objects.get(state=State.DRAFT)

    assert (experiment.state, again.name) == (State.STOPPED, "again and again, again")
    assert again.suite == experiment.suite
    words.delete()
    assert "60 cases" in text(owner_client, url(experiment))
    owner_client.post(url(experiment, "act/"), {"do": "remove"})
    assert list(Experiment.objects.all()) == [again]


def test_a_teammate_may_look_and_not_change(teammate_client: Client, done: Experiment) -> None:
    looked = [
        teammate_client.get(url(done, rest)).status_code
        for rest in ("", "cases/w1/", "decision/", "progress/")
    ]
    changed = [
        teammate_client.post(url(done, rest), {"do": "remove"}).status_code
        for rest in ("act/", "edit/", "variant/", "evaluators/exact/")
    ]

    assert (set(looked), set(changed)) == ({200}, {404})


def test_an_experiment_of_another_project_does_not_exist(stranger_client: Client, done: Experiment) -> None:
    assert stranger_client.get(f"/p/elsewhere/experiments/{done.pk}/").status_code == 404
