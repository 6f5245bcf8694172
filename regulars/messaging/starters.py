"""Letters to begin with; their words are the author's to replace."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _

NEWS = """\
<mjml>
  <mj-head>
    <mj-preview>{preview}</mj-preview>
    <mj-attributes><mj-all font-family="Helvetica, Arial, sans-serif"/></mj-attributes>
  </mj-head>
  <mj-body background-color="#f5f2ec">
    <mj-section background-color="#ffffff" padding="32px 24px">
      <mj-column>
        <mj-text font-size="22px" font-weight="600">{heading}</mj-text>
        <mj-text font-size="15px" line-height="24px">
          {greeting} {{{{ customer.first_name | default: "{friend}" }}}},
        </mj-text>
        <mj-text font-size="15px" line-height="24px">{body}</mj-text>
        <mj-button href="https://example.com/" background-color="#0b5d4e">{button}</mj-button>
      </mj-column>
    </mj-section>
    <mj-section>
      <mj-column>
        <mj-text font-size="12px" color="#6b665a" align="center">
          {{{{ workspace.name }}}} · <a href="{{{{ unsubscribe_url }}}}">{unsubscribe}</a>
        </mj-text>
      </mj-column>
    </mj-section>
  </mj-body>
</mjml>
"""
PLAIN = """\
<html>
<body>
<p>{greeting} {{{{ customer.first_name | default: "{friend}" }}}},</p>
<p>{body}</p>
<p><a href="{{{{ unsubscribe_url }}}}">{unsubscribe}</a></p>
</body>
</html>
"""


def _words() -> dict[str, str]:
    return {
        "preview": _("What the inbox shows beside the subject"),
        "heading": _("What is new"),
        "greeting": _("Hello"),
        "friend": _("friend"),
        "body": _("Tell them what you have for them, and why today."),
        "button": _("Have a look"),
        "unsubscribe": _("Unsubscribe"),
    }


STARTERS: dict[str, Callable[[], str]] = {
    "news": lambda: NEWS.format(**_words()),
    "plain": lambda: PLAIN.format(**_words()),
    "empty": lambda: "",
}


def starter(name: str) -> str:
    """The source to begin with; the newsletter for a name that is not known."""
    return STARTERS.get(name, STARTERS["news"])()
