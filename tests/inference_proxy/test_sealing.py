"""A sealed secret opens under the same installation, row and address, and nowhere else."""

import pytest

from inference_proxy.sealing import UnsealError, seal, unseal, upstream_binding

SECRET = "sk-of-a-provider"
BINDING = upstream_binding("0b5e", "https://api.example.com/v1")


def test_a_secret_comes_back_under_its_binding() -> None:
    assert unseal(seal(SECRET, secret_key="k", bound_to=BINDING), secret_key="k", bound_to=BINDING) == SECRET


def test_the_same_secret_is_never_sealed_the_same_way_twice() -> None:
    assert seal(SECRET, secret_key="k", bound_to=BINDING) != seal(SECRET, secret_key="k", bound_to=BINDING)


@pytest.mark.parametrize(
    ("secret_key", "binding"),
    [
        ("another installation", BINDING),
        ("k", upstream_binding("0b5e", "https://evil.example.com/v1")),
        ("k", upstream_binding("another", "https://api.example.com/v1")),
    ],
    ids=["another installation", "another address", "another row"],
)
def test_a_secret_is_void_anywhere_else(secret_key: str, binding: str) -> None:
    sealed = seal(SECRET, secret_key="k", bound_to=BINDING)

    with pytest.raises(UnsealError):
        unseal(sealed, secret_key=secret_key, bound_to=binding)


@pytest.mark.parametrize("sealed", ["", "v1:", "v1:!!", "v1:AAAA", "v2:AAAA", "sk-plain"])
def test_what_was_never_sealed_is_refused(sealed: str) -> None:
    with pytest.raises(UnsealError):
        unseal(sealed, secret_key="k", bound_to=BINDING)


def test_a_changed_byte_is_noticed() -> None:
    sealed = seal(SECRET, secret_key="k", bound_to=BINDING)
    # Not at the end, where Base64 has bits that say nothing.
    changed = sealed[:-9] + ("A" if sealed[-9] != "A" else "B") + sealed[-8:]

    with pytest.raises(UnsealError):
        unseal(changed, secret_key="k", bound_to=BINDING)
