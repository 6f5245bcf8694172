"""Text records of the domain name system, asked of the machine's own resolver."""

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
