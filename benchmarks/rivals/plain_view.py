"""The rival of the intake: one plain Django view that does the whole work in one transaction.

It takes the same requests, checks the key, finds or makes the customers, drops repeats by a unique
key and writes the events with bulk_create, as a good Django programmer would write it first.
"""

from __future__ import annotations

import gzip
import json
import os

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


@csrf_exempt
def batch(request: HttpRequest) -> JsonResponse:
    body = request.body
    if request.headers.get("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    content = json.loads(body)
    messages = content.get("batch") or [content]
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
    answer = JsonResponse({"success": True})
    # Without it the server sends chunks, which only costs the rival time.
    answer["Content-Length"] = len(answer.content)
    return answer


def create_tables() -> None:
    with connection.schema_editor() as editor:
        editor.create_model(Customer)
        editor.create_model(Event)


urlpatterns = [path("v1/batch", batch), path("v1/track", batch)]
application = get_wsgi_application()

if __name__ == "__main__":
    create_tables()
