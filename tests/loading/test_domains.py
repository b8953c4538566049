"""Hosts and the domains of companies, by the public-suffix list that comes with a package."""

import socket

import pytest

from stagesync.domain.transforms import domain_of_company
from stagesync.loading.domains import _suffixes, company_domain


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("acme.co.uk", "acme.co.uk"),
        ("www.acme.co.uk", "acme.co.uk"),
        ("eu.shop.acme.co.uk", "acme.co.uk"),
        ("mail.acme.com", "acme.com"),
        ("interieur.gouv.fr", "interieur.gouv.fr"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("sub.firm.example", "firm.example"),
        # Who rents names below a suffix is not the company of those who rent them.
        ("acme.github.io", "acme.github.io"),
        ("www.acme.github.io", "acme.github.io"),
        ("github.io", None),
        ("blogspot.com", None),
        ("co.uk", None),
        ("uk", None),
    ],
)
def test_a_host_has_one_registered_domain(host: str, domain: str | None) -> None:
    """Below a public suffix one label counts; the suffix itself, private ones included, is nobody's."""
    assert domain == company_domain(host)


@pytest.mark.parametrize(
    ("value", "domain"),
    [
        ("https://www.shop.acme.co.uk/fr?x=1", "acme.co.uk"),
        ("Ann@Mail.Acme.co.uk", "acme.co.uk"),
        ("ann@gmail.com", None),
        ("ann@smtp.orange.fr", None),
        ("https://yahoo.co.uk", None),
        ("https://acme.blogspot.com", "acme.blogspot.com"),
    ],
)
def test_a_company_is_known_by_address_or_site(value: str, domain: str | None) -> None:
    """Web address and e-mail give the same domain; free mail says nothing, on whatever host it runs."""
    assert domain == domain_of_company(value, company_domain)


def test_no_network_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The list is read and asked while no connection can be opened."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    _suffixes.cache_clear()
    company_domain.cache_clear()
    assert "acme.co.uk" == company_domain("sub.acme.co.uk")
