"""An experiment's answers are stored as the traces of their calls keep them, whatever the proxy turned back for us."""

import json
from typing import Any

from django.test import Client
from pytest_django import Settings

from console.accounts.models import Project, User
from console.datasets.actions import NewItem, save_version
from console.datasets.content import content_of
from console.datasets.models import Dataset, Source
from console.experiments import actions, running
from console.experiments.models import Experiment, Trial, TrialState
from tests.console.datasets.conftest import NOW, put, question
from tests.console.experiments.conftest import begun, finished, plan
from tests.fakes.upstream import FakeUpstream, as_json, completion

ADA = "ada@example.org"
ASK = {"prompt": "Say it again: {{ inputs.question }}"}
POLITE: dict[str, Any] = {"name": "polite", "kind": "rubric", "parameters": {"question": "Is it polite?"}}


def asking(project: Project, owner: User, dataset: Dataset) -> Experiment:
    return plan(project, owner, dataset, arms={"ask": ASK})


def given(dataset: Dataset, owner: User, text: str) -> None:
    item = NewItem(content=content_of(question("a", text)), source=Source.PERSON, is_as_given=True)
    save_version(dataset=dataset, author=owner.email, by=owner, now=NOW, put=[item])


def test_what_was_turned_back_for_us_is_stored_by_its_stand_in(
    project: Project, owner: User, dataset: Dataset, models: FakeUpstream
) -> None:
    given(dataset, owner, f"Who is {ADA}?")
    models.always(as_json(completion(f"{ADA} works with bob@example.org.")))
    experiment = actions.remove_evaluator(asking(project, owner, dataset), name="repeats")
    experiment = actions.set_evaluator(experiment, name="known", kind="contains", parameters={"value": ADA})
    done = finished(begun(experiment, owner))
    (trial,) = done.trials.all()

    assert done.is_as_given
    assert trial.answer["output"] == "<EMAIL_ADDRESS_1> works with <EMAIL_ADDRESS_2>."  # type: ignore[index]
    assert trial.outcomes["known"]["value"] == 0


def test_arguments_of_tools_are_masked_too(
    project: Project, owner: User, dataset: Dataset, models: FakeUpstream
) -> None:
    put(dataset, owner, question("a", "Write to the keeper."))
    said = completion("")
    call = {"id": "c", "type": "function", "function": {"name": "mail", "arguments": json.dumps({"to": ADA})}}
    said["choices"][0]["message"]["tool_calls"] = [call]
    models.always(as_json(said))
    finished(begun(asking(project, owner, dataset), owner))
    (trial,) = Trial.objects.all()

    arguments = trial.answer["tool_calls"][0]["function"]["arguments"]  # type: ignore[index]
    assert json.loads(arguments) == {"to": "<EMAIL_ADDRESS_1>"}


def test_what_a_judge_quotes_is_masked(
    project: Project, owner: User, dataset: Dataset, models: FakeUpstream
) -> None:
    given(dataset, owner, f"Who is {ADA}?")
    models.always(as_json(completion(f"yes, {ADA} is.")))
    experiment = actions.set_evaluator(asking(project, owner, dataset), **POLITE, judge_model="careful")
    finished(begun(experiment, owner))
    (trial,) = Trial.objects.all()

    assert set(trial.outcomes) == {"repeats", "polite"}
    assert ADA not in json.dumps([trial.answer["output"], trial.outcomes["polite"]])  # type: ignore[index]


def test_an_answer_that_no_guard_can_look_at_is_not_stored_and_asked_for_again(
    project: Project, owner: User, dataset: Dataset, models: FakeUpstream, settings: Settings
) -> None:
    put(dataset, owner, question("a", "Who?"))
    models.always(as_json(completion(ADA)))
    experiment = begun(asking(project, owner, dataset), owner)
    settings.GUARD_URL = "http://127.0.0.1:9"
    running.work(experiment)
    (trial,) = Trial.objects.all()

    assert (trial.state, trial.answer) == (TrialState.WAITING, None)
    assert "could not look" in trial.error


def test_what_is_typed_about_a_variant_is_masked_and_said_so(
    owner_client: Client, project: Project, owner: User, dataset: Dataset
) -> None:
    put(dataset, owner, question("a", "Who?"))
    draft = asking(project, owner, dataset)
    address = f"/p/{project.slug}/experiments/{draft.pk}"
    typed = {"name": "helpful", "sends": "prompt", "model": "parapet/demo", "prompt": f"You are {ADA}."}
    page = owner_client.post(f"{address}/variant/", typed, follow=True).content.decode()
    check = {"name": "mail", "decides": "report", "p_value": ADA}
    owner_client.post(f"{address}/evaluators/contains/", check)
    draft.refresh_from_db()

    assert "The project’s policy masked some of what you wrote" in page
    assert ADA not in json.dumps(draft.suite)
    assert "<EMAIL_ADDRESS_1>" in json.dumps(draft.suite)
