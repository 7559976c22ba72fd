"""What can be wrong with how an evaluator is asked for."""


class EvaluatorError(ValueError):
    """The base of every error this room raises about what it was given."""


class UnknownEvaluatorError(EvaluatorError):
    """No evaluator of that kind exists."""


class ParameterError(EvaluatorError):
    """An evaluator's parameters are missing, unknown, of the wrong type or contradict one another."""


class SuiteError(EvaluatorError):
    """A suite file, its cases or its gate cannot be understood."""


class NoCasesError(SuiteError):
    """The suite is well formed, but nothing is left to run."""


class TrialLogError(EvaluatorError):
    """A stored run cannot be read, or belongs to something else."""
