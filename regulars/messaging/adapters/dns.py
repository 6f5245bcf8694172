"""Records of the domain name system, asked of the machine's own resolver."""

from __future__ import annotations

import dns.exception
import dns.resolver

from regulars.kernel.errors import Outside

LIFETIME_S = 5.0
RECORDS_MAX = 50


def text_records(name: str, resolver: dns.resolver.Resolver | None = None) -> list[str]:
    """The TXT records of a name, the pieces of each joined; none when there are none.

    raises  Outside(dns_unavailable)
    """
    try:
        asked = resolver or dns.resolver.Resolver()
        answer = asked.resolve(name, "TXT", lifetime=LIFETIME_S)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except dns.exception.DNSException as error:
        message = "The domain name system does not answer; try again in a minute."
        raise Outside("dns_unavailable", message) from error
    texts = (b"".join(record.strings).decode("utf-8", "replace") for record in answer)
    return list(texts)[:RECORDS_MAX]


def takes_mail(domain: str, resolver: dns.resolver.Resolver | None = None) -> bool:
    """Whether mail to the domain can arrive: it names a mail server, or is one itself.

    source  RFC 5321 section 5.1; RFC 7505 for domains that say they take none
    raises  Outside(dns_unavailable)
    """
    asked = resolver or dns.resolver.Resolver()
    try:
        answer = asked.resolve(domain, "MX", lifetime=LIFETIME_S)
        return any(str(record.exchange) != "." for record in answer)
    except dns.resolver.NXDOMAIN:
        return False
    except dns.resolver.NoAnswer:
        return any(_has(asked, domain, kind) for kind in ("A", "AAAA"))
    except dns.exception.DNSException as error:
        message = "The domain name system does not answer; try again in a minute."
        raise Outside("dns_unavailable", message) from error


def _has(asked: dns.resolver.Resolver, domain: str, kind: str) -> bool:
    try:
        return bool(asked.resolve(domain, kind, lifetime=LIFETIME_S))
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return False
    except dns.exception.DNSException as error:
        message = "The domain name system does not answer; try again in a minute."
        raise Outside("dns_unavailable", message) from error
