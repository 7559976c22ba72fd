"""Models on machines of our own that judge: which there are, and the one worker process that holds each one's weights."""

from collections.abc import Iterable, Mapping

from django.conf import settings

from evaluators.local import LocalClassifier, LocalModel, LocalSettings

PREFIX = "local/"
"""How a rule names a model that the proxy does not route."""


_models: dict[str, LocalModel] = {}
_classifiers: dict[str, LocalClassifier] = {}
"""Those of this process that were asked for; each keeps its worker."""


def is_local(judge: str) -> bool:
    """Tell whether a model of ours judges, or is one of those that do; its judgements then wait in the queue `gpu`."""
    # A panel's line names ours first: see `judges.line_of`.
    return judge.startswith(PREFIX)


def names() -> list[str]:
    """Return the judges a rule may name."""
    return [f"{PREFIX}{name}" for name in _known()]


def problem_with(model: str) -> str:
    """Return why a rule cannot have this judge; empty when it can."""
    name = model.removeprefix(PREFIX)
    if name in _known():
        return ""
    known = f"known: {', '.join(_known())}" if _known() else "none is configured"
    return f"no local judge is called {name!r}; {known} (PARAPET_LOCAL_JUDGES)"


def model_of(model: str) -> LocalModel:
    """Return a model there is; the first question loads it. Call it only in a worker of the queue `gpu`."""
    if model not in _models:
        path = _known()[model.removeprefix(PREFIX)]
        wanted = LocalSettings(path=path, device=settings.LOCAL_JUDGE_DEVICE)
        _models[model] = LocalModel(wanted, model=model)
    return _models[model]


def classifier() -> LocalClassifier | None:
    """Return the classifier of pairs, if there is one. Ask it only in a worker of the queue `gpu`."""
    place = str(settings.LOCAL_CLASSIFIER)
    if place and place not in _classifiers:
        path, _, label = place.partition("#")
        wanted = LocalSettings(path=path, engine="pairs", label=label, device=settings.LOCAL_JUDGE_DEVICE)
        _classifiers[place] = LocalClassifier(wanted, model=path)
    return _classifiers.get(place)


def load(models: Iterable[str], *, with_classifier: bool = False) -> None:
    """Load weights before anything is leased: reading them may take longer than judging with them."""
    for model in models:
        if is_local(model) and not problem_with(model):
            model_of(model).load()
    if with_classifier and (pairs := classifier()) is not None:
        pairs.load()


def close() -> None:
    """End the workers of all models."""
    for model in _models.values():
        model.close()
    for pairs in _classifiers.values():
        pairs.close()
    _models.clear()
    _classifiers.clear()


def _known() -> Mapping[str, str]:
    judges: Mapping[str, str] = settings.LOCAL_JUDGES
    return judges
