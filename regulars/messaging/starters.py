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


# The page is found by the letter itself, as its unsubscribe page is.
CONFIRM = """\
{{% assign confirm_url = unsubscribe_url | append: "/confirm" %}}\
<html>
<body style="font-family:Helvetica,Arial,sans-serif;font-size:15px;line-height:24px">
<p>{hello}</p>
<p>{asked}</p>
<p><a href="{{{{ confirm_url }}}}" style="display:inline-block;padding:12px 20px;\
background:#0b5d4e;color:#ffffff;border-radius:8px;text-decoration:none">{button}</a></p>
<p>{days}</p>
<p>{ignore}</p>
<p>{{{{ workspace.name }}}}</p>
</body>
</html>
"""


def confirming_letter() -> tuple[str, str, str]:
    """Name, subject and source of the letter that asks to confirm, in the active language."""
    source = CONFIRM.format(
        hello=_("Hello,"),
        asked=_("this address was left at {{ workspace.name }} to get news and offers."
                " Please confirm that it was you."),
        button=_("Yes, write to me"),
        days=_("The link works for seven days."),
        ignore=_("If it was not you, do nothing: without the confirmation nothing is sent."),
    )  # fmt: skip
    return _("Confirmation of a subscription"), _("Please confirm your subscription"), source


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
