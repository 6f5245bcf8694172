"""A letter looked at before it is sent: as one customer gets it, and what is wrong with it."""

from __future__ import annotations

from regulars.customers import queries as customers
from regulars.kernel import clock
from regulars.kernel.errors import NotFound
from regulars.messaging import letters, placeholders, writing
from regulars.messaging.placeholders import NO_SAMPLES, Samples
from regulars.messaging.pure.checks import check_letter
from regulars.messaging.pure.mjml import html_from_mjml, is_mjml
from regulars.messaging.pure.rendering import compile_html, compile_text
from regulars.messaging.records import Asked, Preview, SourceCheck
from regulars.workspaces import queries as workspaces


def preview(
    workspace_id: int,
    customer_id: int,
    *,
    subject: str,
    source: str,
    text: str = "",
    samples: Samples = NO_SAMPLES,
) -> Preview:
    """The letter as this customer would get it, links untouched.

    samples  stand for what only a real letter has, such as the code it gives

    The line to unsubscribe that marketing gets by itself is in it; `has_unsubscribe` tells whether
    its author wrote one.
    raises  NotFound(customer_unknown), TemplateInvalid
    """
    profile = customers.profiles(workspace_id, [customer_id]).get(customer_id)
    if profile is None:
        raise NotFound("customer_unknown", "There is no such customer.")
    html = html_from_mjml(source) if is_mjml(source) else source
    words = text if text.strip() else letters.text_of(html)
    has_unsubscribe = writing.UNSUBSCRIBE in html
    workspace = workspaces.workspace(workspace_id)
    html, words = letters.with_unsubscribe(html, words, workspace.language)
    parts = compile_text(subject), compile_html(html), compile_text(words)
    asked = {name for part in parts for name in part.names}
    (values,) = placeholders.values_for(workspace_id, asked, [Asked(customer_id)])
    shown = placeholders.with_samples(values, samples)
    data = writing.data_for(
        profile, workspace, now=clock.now(), unsubscribe="#unsubscribe", values=shown
    )
    rendered = [part.render(data) for part in parts]
    return Preview(
        subject=rendered[0].text,
        html=rendered[1].text,
        text=rendered[2].text,
        missing=tuple(dict.fromkeys(name for one in rendered for name in one.missing)),
        unknown=tuple(sorted(name for name in asked if not placeholders.is_known(name))),
        has_unsubscribe=has_unsubscribe,
    )


def check_source(workspace_id: int, *, subject: str, source: str, text: str = "") -> SourceCheck:
    """What can be told about a letter without a customer: mistakes with their lines, its links.

    It never raises for what the author wrote.
    """
    assert workspace_id
    return check_letter(subject, source, text, is_known=placeholders.is_known)
