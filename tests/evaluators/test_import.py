import subprocess
import sys

HEAVY = (
    "django",
    "torch",
    "transformers",
    "numpy",
    "scipy",
    "pydantic",
    "jsonschema",
    "re2",
    "aiohttp",
    "click",
)


def test_importing_the_package_is_instant_and_loads_nothing_heavy() -> None:
    code = (
        "import sys, time; started = time.perf_counter(); import evaluators; "
        f"print(time.perf_counter() - started, [name for name in {HEAVY!r} if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    took_s, _, loaded = run.stdout.strip().partition(" ")
    assert loaded == "[]"
    assert float(took_s) < 0.5
