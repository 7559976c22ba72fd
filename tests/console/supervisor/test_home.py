"""What can be wrong before anything starts is said in one sentence."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from console.supervisor import home as home_module
from console.supervisor import redis_binary
from console.supervisor.home import Home, StartError
from console.supervisor.processes import make_plan, specs
from inference_proxy.settings import Settings

ELSEWHERE = {
    "PARAPET_REDIS_URL": "redis://elsewhere:6379/0",
    "PARAPET_CLICKHOUSE_URL": "http://elsewhere:8123/parapet",
    "PARAPET_GUARD_URL": "http://elsewhere:8090",
}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.prepare()
    return home


@pytest.fixture
def free(unused: "Ports") -> dict[str, str]:
    return {
        "PARAPET_CONSOLE_PORT": str(unused()),
        "PARAPET_PROXY_PORT": str(unused()),
        "PARAPET_OTLP_PORT": str(unused()),
    }


class Ports:
    """Hands out ports that were free a moment ago."""

    def __call__(self) -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
            return port


@pytest.fixture
def unused() -> Ports:
    return Ports()


def test_the_secret_is_made_once_and_is_private(home: Home) -> None:
    assert home.secret_key() == home.secret_key()
    assert (home.path / "secret.key").stat().st_mode & 0o777 == 0o600


def test_a_second_instance_on_the_same_home_is_refused(home: Home) -> None:
    with home.lock(), pytest.raises(StartError, match="already runs in"):
        home.lock()


def test_the_lock_is_free_again_when_the_instance_is_gone(home: Home) -> None:
    home.lock().close()
    home.lock().close()


def test_a_full_disk_is_named_before_anything_starts(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home_module, "LEAST_FREE_BYTES", 1 << 60)

    with pytest.raises(StartError, match="MB are free on the disk of"):
        home.prepare()


def test_a_home_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StartError, match="PARAPET_HOME"):
        Home(tmp_path / "file" / "home").prepare()


@pytest.mark.parametrize(("name", "use"), [("lock", Home.lock), ("secret.key", Home.secret_key)])
def test_a_file_in_it_that_cannot_be_used_is_named(
    home: Home, name: str, use: Callable[[Home], object]
) -> None:
    (home.path / name).mkdir()

    with pytest.raises(StartError, match=f"cannot use .*/{name} .*set PARAPET_HOME"):
        use(home)


@pytest.mark.parametrize(("host", "private"), [("127.0.0.1", "loopback"), ("0.0.0.0", "none")])
def test_who_lets_others_in_lets_no_upstream_be_a_neighbour(
    home: Home, free: dict[str, str], host: str, private: str
) -> None:
    plan = make_plan(home, only=("proxy", "redis", "guard"), given=free | {"PARAPET_HOST": host})

    assert Settings.from_environment(plan.environment).allow_private_upstreams == private


def test_a_port_in_use_is_named_with_its_variable(home: Home, free: dict[str, str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        free["PARAPET_PROXY_PORT"] = str(other.getsockname()[1])

        with pytest.raises(StartError, match=r"port \d+ on 127.0.0.1 .* PARAPET_PROXY_PORT"):
            make_plan(home, only=(), given=free)


def test_two_processes_on_one_port_are_refused(home: Home, free: dict[str, str]) -> None:
    free["PARAPET_OTLP_PORT"] = free["PARAPET_PROXY_PORT"]

    with pytest.raises(StartError, match="are both"):
        make_plan(home, only=(), given=free)


@pytest.mark.parametrize("value", ["http", "0", "70000", "-1", "80 80"])
def test_a_port_that_is_none_is_refused(home: Home, value: str) -> None:
    with pytest.raises(StartError, match="PARAPET_CONSOLE_PORT must be a port"):
        make_plan(home, only=(), given={"PARAPET_CONSOLE_PORT": value})


def test_a_missing_redis_is_said_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    with pytest.raises(StartError, match="apt-get install redis-server"):
        redis_binary.find_redis()


def test_the_wheel_brings_a_redis_where_the_path_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)

    assert redis_binary.find_redis().name == "redis-server"


def test_stores_that_run_elsewhere_are_not_started_here(home: Home, free: dict[str, str]) -> None:
    plan = make_plan(home, only=(), given={**free, **ELSEWHERE})

    assert plan.names == ("web", "worker", "beat", "proxy", "receiver", "shipper")
    assert plan.environment["PARAPET_REDIS_URL"] == "redis://elsewhere:6379/0"


def test_only_runs_what_it_names(home: Home, free: dict[str, str]) -> None:
    plan = make_plan(home, only=("proxy", "receiver"), given={**free, **ELSEWHERE})

    assert [spec.name for spec in specs(plan)] == ["proxy", "receiver"]


def test_only_says_which_service_is_missing(home: Home, free: dict[str, str]) -> None:
    with pytest.raises(StartError, match="proxy needs redis: set PARAPET_REDIS_URL"):
        make_plan(home, only=("proxy",), given=free)


def test_only_names_what_it_does_not_know(home: Home) -> None:
    with pytest.raises(StartError, match="--only names proxi; the processes are redis"):
        make_plan(home, only=("proxi",), given={})
