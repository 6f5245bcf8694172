from __future__ import annotations

import pytest
from django.conf import settings

from regulars.outside.egress import HostRefused, checked_address, is_public
from regulars.outside.vault import SecretUnreadable, open_secret, seal_secret


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::1",
     "::ffff:127.0.0.1", "fe80::1%eth0", "fd00::1", "224.0.0.1", "64:ff9b::7f00:1",
     "2002:7f00:1::", "255.255.255.255", "::", "rubbish"],
)  # fmt: skip
def test_private_addresses_are_known_in_every_spelling(address: str) -> None:
    assert not is_public(address)


def test_a_private_host_is_refused_unless_the_operator_allows_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(settings, "ALLOW_PRIVATE_HOSTS", False)
    for host in ("127.0.0.1", "2130706433", "0x7f.1", "localhost"):
        with pytest.raises(HostRefused):
            checked_address(host, 25)
    with pytest.raises(HostRefused):
        checked_address("no-such-host.invalid", 25)

    assert is_public("8.8.8.8")
    assert checked_address("127.0.0.1", 25, may_be_private=True) == "127.0.0.1"
    monkeypatch.setattr(settings, "ALLOW_PRIVATE_HOSTS", True)
    assert checked_address("127.0.0.1", 25) == "127.0.0.1"


def test_a_sealed_secret_opens_with_the_same_key_only(monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = seal_secret("pa:ss")

    assert "pa:ss" not in sealed
    assert open_secret(sealed) == "pa:ss"
    assert seal_secret("") == open_secret("") == ""
    monkeypatch.setattr(settings, "SECRET_KEY", "another key of the installation")
    with pytest.raises(SecretUnreadable):
        open_secret(sealed)
