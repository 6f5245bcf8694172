"""The letters of the shop, as MJML with Liquid."""

from __future__ import annotations

from dataclasses import dataclass

LINK = "https://tea-and-bean.example/shop"

FRAME = """\
<mjml>
  <mj-head>
    <mj-preview>{preview}</mj-preview>
    <mj-attributes>
      <mj-all font-family="Georgia, 'Times New Roman', serif" />
      <mj-text font-size="16px" line-height="1.6" color="#3b2f2a" />
    </mj-attributes>
  </mj-head>
  <mj-body background-color="#f6f1ea">
    <mj-section padding="28px 0 12px"><mj-column>
      <mj-text align="center" font-size="15px" letter-spacing="2px">TEA &amp; BEAN</mj-text>
    </mj-column></mj-section>
    <mj-section background-color="#ffffff" border-radius="12px"><mj-column>
      <mj-text font-size="26px" line-height="1.25">{heading}</mj-text>
      <mj-text>{{{{ customer.first_name | default: "Dear friend" }}}}, {text}</mj-text>
      <mj-button href="{link}" background-color="#7a4b2a" border-radius="8px">{button}</mj-button>
      <mj-text font-size="14px" color="#7b6f68">{note}</mj-text>
    </mj-column></mj-section>
    <mj-section><mj-column>
      <mj-text align="center" font-size="12px" color="#7b6f68">
        {{{{ workspace.name }}}} writes to you because you agreed to it.
        <a href="{{{{ unsubscribe_url }}}}">Unsubscribe</a>
      </mj-text>
    </mj-column></mj-section>
  </mj-body>
</mjml>
"""


@dataclass(frozen=True, slots=True)
class Letter:
    """What changes from letter to letter."""

    preview: str
    heading: str
    text: str
    button: str
    note: str
    link: str = LINK

    def source(self) -> str:
        """The letter as its author would have written it."""
        return FRAME.format(
            preview=self.preview, heading=self.heading, text=self.text,
            button=self.button, note=self.note, link=self.link,
        )  # fmt: skip


LETTERS: dict[str, Letter] = {
    "welcome": Letter(
        preview="A small present with your first order",
        heading="Welcome to the counter",
        text="good to have you here. Tell us how you brew, and we will grind the beans for it;"
        " the first bag travels free of charge.",
        button="Choose the first bag",
        note="Roasted on Tuesdays and Fridays, posted the same day.",
    ),
    "win-back": Letter(
        preview="15% off this week",
        heading="We kept your favourites on the shelf",
        text="it has been a while. Your next order is 15% cheaper until Sunday,"
        " no code needed: we will know you.",
        button="See what is new",
        note="Not thirsty for coffee any more? There are twelve teas since spring.",
    ),
    "new-harvest": Letter(
        preview="Bergamot, peach and honey",
        heading="The new harvest from Yirgacheffe",
        text="the first bags of this year's harvest are roasted:"
        " bergamot in the cup, peach and honey after it.",
        button="Taste the harvest",
        note="Eighty kilos in all. When they are gone, they are gone until next autumn.",
    ),
    "regulars": Letter(
        preview="A tin for the shelf above the kettle",
        heading="Something for those who keep coming back",
        text="you have been with us for a while, and it shows on our roasting plan."
        " Order anything this week and a tin with your name goes into the box.",
        button="Choose and get the tin",
        note="The tin holds 250 grams and closes with a sigh.",
    ),
}
