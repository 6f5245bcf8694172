from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from regulars.intake.connectors.records import ConnectionRecord


def answer(request: HttpRequest, workspace_id: int, connection: ConnectionRecord) -> HttpResponse:
    raise NotImplementedError
