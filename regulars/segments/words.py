"""The words of the builder's controls."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

Text = str | Promise

# How each operator reads between a name and a value.
OPERATORS: dict[str, Text] = {
    "any.set": _("is known"),
    "any.not_set": _("is not known"),
    "text.eq": _("is"),
    "text.ne": _("is not"),
    "text.in": _("is one of"),
    "text.not_in": _("is none of"),
    "text.contains": _("contains"),
    "text.not_contains": _("does not contain"),
    "text.starts": _("starts with"),
    "text.ends": _("ends with"),
    "text.regex": _("matches the expression"),
    "number.eq": _("equals"),
    "number.ne": _("does not equal"),
    "number.in": _("is one of the numbers"),
    "number.not_in": _("is none of the numbers"),
    "number.gt": _("more than"),
    "number.gte": _("at least"),
    "number.lt": _("less than"),
    "number.lte": _("at most"),
    "number.between": _("between"),
    "bool.eq": _("is (yes or no)"),
    "bool.ne": _("is not (yes or no)"),
    "moment.before": _("before the day"),
    "moment.after": _("after the day"),
    "moment.between": _("between the days"),
    "moment.in_last": _("in the last"),
    "moment.in_next": _("in the next"),
    "moment.older_than": _("longer ago than"),
    "moment.anniversary_in_next": _("anniversary in the next"),
    "moment.anniversary_in_last": _("anniversary in the last"),
    "moment.anniversary_today": _("anniversary is today"),
    "moment.month_is": _("is in the month"),
    "list.has": _("has"),
    "list.has_any": _("has any of"),
    "list.has_all": _("has all of"),
    "list.has_none": _("has none of"),
    "list.size_eq": _("number of items equals"),
    "list.size_ne": _("number of items is not"),
    "list.size_gt": _("number of items is more than"),
    "list.size_gte": _("number of items is at least"),
    "list.size_lt": _("number of items is less than"),
    "list.size_lte": _("number of items is at most"),
    "list.size_between": _("number of items is between"),
}
FAMILIES: dict[str, Text] = {
    "text": _("Text"),
    "number": _("Number"),
    "bool": _("Yes or no"),
    "moment": _("Date"),
    "list": _("List"),
    "any": _("Any value"),
}
MEASURES: dict[str, Text] = {
    "": _("at least once"),
    "count": _("number of times"),
    "sum": _("sum of"),
    "avg": _("average of"),
    "min": _("smallest value of"),
    "max": _("largest value of"),
    "distinct": _("number of different values of"),
}
WHICH: dict[str, Text] = {"last": _("The last time"), "first": _("The first time")}
AGO: dict[str, Text] = {
    "gte": _("at least this long ago:"),
    "gt": _("longer ago than:"),
    "lt": _("less than this long ago:"),
    "lte": _("at most this long ago:"),
}
REACHED: dict[str, Text] = {
    "": _("all steps were made"),
    "eq": _("exactly so many steps were made:"),
    "gte": _("at least so many steps were made:"),
}
WINDOWS: dict[str, Text] = {
    "": _("at any time"),
    "last": _("in the last …"),
    "before_last": _("longer ago than …"),
    "this": _("in the current …"),
    "previous": _("in the previous …"),
    "between_ago": _("between … and … ago"),
    "from_to": _("from … to …"),
}
UNITS: dict[str, Text] = {
    "min": _("minutes"),
    "h": _("hours"),
    "d": _("days"),
    "w": _("weeks"),
    "mo": _("months"),
    "y": _("years"),
}
DAY_UNITS = ("d", "w", "mo", "y")
PERIODS: dict[str, Text] = {
    "day": _("day"),
    "week": _("week"),
    "month": _("month"),
    "quarter": _("quarter"),
    "year": _("year"),
}
STATES: dict[str, Text] = {
    "given": _("was given"),
    "withdrawn": _("was withdrawn"),
    "never": _("was never given or withdrawn"),
}
ROOMS: dict[str, Text] = {
    "customer": _("Customer"),
    "order": _("Orders"),
    "value": _("Value and stage"),
    "loyalty": _("Loyalty"),
    "attr": _("Attributes of the shop"),
    "other": _("Other"),
}
# Events of the programme begin with several words and stand in one group.
LOYALTY = "loyalty"
LOYALTY_WORDS = frozenset(
    {"member", "points", "tier", "code", "purchase", "card", "reward", "referral", "receipt"}
)
EVENT_GROUPS: dict[str, Text] = {
    "order": _("Orders"),
    "message": _("Messages"),
    "consent": _("Consents"),
    "segment": _("Segments"),
    LOYALTY: _("Loyalty"),
    "other": _("Events of the site and the app"),
}
EVENTS: dict[str, Text] = {
    "order.paid": _("Placed an order"),
    "order.placed": _("Left an order, paid or not"),
    "order.status_changed": _("Status of an order changed"),
    "order.returned": _("Returned an order"),
    "order.adjusted": _("Had an order adjusted"),
    "order.cancelled": _("Cancelled an order"),
    "message.sent": _("Was sent a message: delivered unless it bounced"),
    "message.opened": _("Opened a message"),
    "message.clicked": _("Clicked a link in a message"),
    "message.bounced": _("A message bounced"),
    "message.unsubscribed": _("Unsubscribed"),
    "message.complained": _("Complained about a message"),
    "consent.given": _("Gave consent"),
    "consent.withdrawn": _("Withdrew consent"),
    "segment.entered": _("Came into a segment"),
    "segment.left": _("Left a segment"),
    "value.stage_changed": _("Stage changed"),
    "member.joined": _("Joined the programme"),
    "points.earned": _("Earned points"),
    "points.activated": _("Points became active"),
    "points.spent": _("Spent points"),
    "points.returned": _("Points corrected after a return"),
    "points.expired": _("Points burned"),
    "points.expiring": _("Points are about to burn"),
    "points.adjusted": _("Points changed by hand"),
    "tier.changed": _("Tier changed"),
    "code.issued": _("Was given a code"),
    "code.used": _("Used a code"),
    "purchase.confirmed": _("Bought at a till"),
    "purchase.returned": _("Returned goods at a till"),
    "card.issued": _("Was given a card"),
    "reward.ordered": _("Ordered a reward"),
    "referral.completed": _("A referral was completed"),
    "receipt.registered": _("Registered a receipt"),
    "session.started": _("Came to the site"),
    "form.submitted": _("Sent a form"),
    "customer.changed": _("Profile changed"),
}
PROBLEMS: dict[str, Text] = {
    "value_missing": _("Fill in the value."),
    "number_bad": _("Write a number, such as 12 or 12.5."),
    "duration_bad": _("Write a whole number of days, weeks or months, up to a hundred years."),
    "date_bad": _("Choose a day."),
    "order_bad": _("The first value must not be larger than the second."),
    "regex_bad": _("This is not a regular expression of RE2."),
    "percent_bad": _("Write a share between 0 and 100 percent."),
    "fact_missing": _("Choose what to look at, or write the attribute's name."),
    "event_missing": _("Choose the event, or write its name."),
    "property_missing": _("Choose the property, or write its name."),
    "operator_missing": _("Choose how to compare."),
    "segment_missing": _("Choose a segment."),
    "salt_missing": _("Name the draw, so that another segment can draw anew."),
    "list_missing": _("Choose a list."),
    "times_bad": _("Write how many times the usual gap, such as 1.5, up to a thousand."),
    "steps_bad": _("A funnel has 2 to 10 steps."),
    "reached_bad": _("Write a whole number of steps, not more than there are."),
    "place_bad": _("Write latitude, longitude and kilometres, such as 50.45, 30.52 and 5."),
    "text_missing": _("Write the condition."),
    "text_bad": _("Line %(line)s, column %(column)s: %(problem)s."),
    "json_bad": _("This is not a condition in JSON."),
}
MORE: dict[str, Text] = {
    "edge": _("What the last or first time was like"),
    "gap": _("How long ago"),
    "overdue": _("Later than usual for them"),
    "funnel": _("Steps one after another"),
    "consent": _("Consent"),
    "reachable": _("Can be reached"),
    "segment": _("In another segment"),
    "list": _("In a list"),
    "near": _("Near a place"),
    "share": _("Random share"),
    "raw": _("Condition as text"),
}
JOINTS: dict[str, Text] = {
    "all": pgettext_lazy("between conditions", "and"),
    "any": pgettext_lazy("between conditions", "or"),
}

TABS: dict[str, Text] = {
    "segment": _("Overview"),
    "people": _("Customers"),
    "why": _("Why in or not"),
    "history": _("History"),
    "exports": _("Exports and webhooks"),
}
USES: dict[str, Text] = {
    "segment": _("Segment"),
    "campaign": _("Campaign"),
    "view": _("Saved view of the list of customers"),
    "report": _("Report"),
    "webhook": _("Webhook"),
    "promotion": _("Promotion"),
    "programme": _("Loyalty"),
}
# Why somebody came in or left.
REASONS: dict[str, Text] = {
    "event": _("something happened"),
    "time": _("time went by"),
    "rule": _("the rule was changed"),
    "first": _("the segment was counted for the first time"),
}
GROUPS: dict[str, Text] = {
    "Everyone": _("All of these hold"),
    "Either": _("Any of these holds"),
    "Not": _("This does not hold"),
}
FOUND_STATES: dict[str, Text] = {
    "given": _("consent was given"),
    "withdrawn": _("consent was withdrawn"),
    "suppressed": _("the address is suppressed"),
    "no_address": _("there is no address"),
    "paused": _("the customer paused letters until then"),
}
YES, NO = _("Yes"), _("No")
# What was refused, and what stands on the page as links then.
REFUSALS: dict[str, Text] = {
    "segment_used": _("It is in use, so it stays as it is: see where below."),
    "list_used": _("It is in use, so it stays as it is: see where below."),
    "segment_exists": _("Another segment has this name in the system already."),
    "segment_slug": _("A name in the system has small letters, digits and hyphens."),
    "list_name": _("Give the list a name of up to 120 characters."),
    "list_exists": _("Another list has this name already."),
    "lists_too_many": _("There are as many lists as a workspace may have."),
    "list_full": _("A list holds at most a million customers."),
    "list_archived": _("The list is in the archive."),
    "upload_empty": _("The file has no rows."),
    "upload_too_long": _("A file has at most 100,000 rows."),
    "upload_too_large": _("The file is too large: up to 20 MB."),
    "upload_unreadable": _("The file cannot be read: save it as CSV in UTF-8 or as XLSX."),
}
KEPT_PROBLEMS: dict[str, Text] = {
    "rule_invalid": _("The rule cannot be asked any more; open it to mend it."),
}
AUDIENCES: dict[str, Text] = {
    "google": _("Google Ads, Customer Match"),
    "meta": _("Meta, custom audience"),
}
PURPOSES: dict[str, Text] = {"marketing": _("marketing"), "profiling": _("profiling")}
FILE_STATES: dict[str, Text] = {
    "waiting": _("is being written"),
    "done": _("is ready"),
    "failed": _("failed"),
    "gone": _("is gone"),
}
HOOK_STATES: dict[str, Text] = {
    "on": _("on"),
    "paused": _("paused"),
    "stopped": _("stopped"),
    "gone": _("stopped: the other side said that the address is gone"),
    "failed": _("stopped: a message failed to the last attempt"),
    "full": _("stopped: too many messages waited"),
}
HOOK_FAULTS: dict[str, Text] = {
    "hook_url": _("Give an address that begins with https://."),
    "hook_nothing": _("Choose entries, exits, or both."),
    "hooks_too_many": _("There are as many webhooks as a workspace may have."),
    "hook_off": _("The webhook does not run; resume it first."),
    "hook_full": _("Too many messages would wait."),
    "hook_renewing": _("Two secrets sign already; end the former one first, or wait."),
}
DELIVERY_KINDS: dict[str, Text] = {
    "segment.entered": _("Came in"),
    "segment.left": _("Left"),
    "segment.members": _("Members"),
}
DELIVERIES: dict[str, Text] = {
    "waiting": _("waits"),
    "delivered": _("delivered"),
    "given_up": _("given up"),
}
REJECTS: dict[str, Text] = {
    "customer_unknown": _("nobody is known by this"),
    "email_syntax": _("this is no e-mail address"),
    "email_line_break": _("this is no e-mail address"),
    "phone_syntax": _("this is no phone number"),
    "identifier_empty": _("the row is empty"),
    "identifier_syntax": _("this is no id"),
}
