"""The rivals of the intake: Django views that do the whole work of a request in one transaction.

Both take the same requests, find or make the customers, drop repeats by a unique key and write the
events. The plain one goes message by message with get_or_create, as the manual shows it; the other
takes the customers and the events of a request at once with bulk_create.
"""

from __future__ import annotations

import gzip
import json
import os
from typing import Any

import django
from django.conf import settings
from psycopg.conninfo import conninfo_to_dict

_parts = conninfo_to_dict(os.environ["RIVAL_DATABASE_URL"])
settings.configure(
    SECRET_KEY="a benchmark needs no secret",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": _parts.get("dbname"),
            "USER": _parts.get("user"),
            "HOST": _parts.get("host"),
            "PORT": _parts.get("port", ""),
            "CONN_MAX_AGE": None,
        }
    },
    INSTALLED_APPS=[],
    USE_TZ=True,
)
django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402
from django.http import HttpRequest, JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils.dateparse import parse_datetime  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402


class Customer(models.Model):
    external_id = models.CharField(max_length=100, unique=True)

    class Meta:
        app_label = "rival"


class Event(models.Model):
    message_id = models.CharField(max_length=100, unique=True)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)
    kind = models.CharField(max_length=100)
    time = models.DateTimeField()
    props = models.JSONField()

    class Meta:
        app_label = "rival"
        indexes = [models.Index(fields=["customer", "time"], name="rival_timeline")]


def _messages(request: HttpRequest) -> list[dict[str, Any]]:
    body = request.body
    if request.headers.get("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    content = json.loads(body)
    return content.get("batch") or [content]


def _answer() -> JsonResponse:
    answer = JsonResponse({"success": True})
    # Without it the server sends chunks, which only costs the rival time.
    answer["Content-Length"] = len(answer.content)
    return answer


@csrf_exempt
def plain(request: HttpRequest) -> JsonResponse:
    with transaction.atomic():
        # In one order, so that two requests with the same customers do not deadlock.
        for m in sorted(_messages(request), key=lambda message: str(message["userId"])):
            customer, _ = Customer.objects.get_or_create(external_id=m["userId"])
            Event.objects.get_or_create(
                message_id=m["messageId"],
                defaults={
                    "customer": customer,
                    "kind": m["event"],
                    "time": parse_datetime(m["timestamp"]),
                    "props": m["properties"],
                },
            )
    return _answer()


@csrf_exempt
def bulk(request: HttpRequest) -> JsonResponse:
    messages = _messages(request)
    with transaction.atomic():
        names = {m["userId"] for m in messages}
        Customer.objects.bulk_create(
            [Customer(external_id=n) for n in sorted(names)], ignore_conflicts=True
        )
        ids = dict(Customer.objects.filter(external_id__in=names).values_list("external_id", "id"))
        Event.objects.bulk_create(
            [
                Event(
                    message_id=m["messageId"],
                    customer_id=ids[m["userId"]],
                    kind=m["event"],
                    time=parse_datetime(m["timestamp"]),
                    props=m["properties"],
                )
                for m in messages
            ],
            ignore_conflicts=True,
        )
    return _answer()


def create_tables() -> None:
    with connection.schema_editor() as editor:
        editor.create_model(Customer)
        editor.create_model(Event)


urlpatterns = [path("plain", plain), path("bulk", bulk)]
application = get_wsgi_application()

if __name__ == "__main__":
    create_tables()
