"""The exchange as 1C walks it: checkauth, init, file, import; for orders query and success too.

source  the published protocol of exchange with a site; answers are lines of plain text
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets as randomness
from collections.abc import Callable
from datetime import UTC, datetime

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from regulars.customers import queries as customers
from regulars.intake.connectors import actions, queries, signins
from regulars.intake.connectors.models import ExchangeFile
from regulars.intake.connectors.onec import bringing, files, writing
from regulars.intake.connectors.onec.apply import ITEM
from regulars.intake.connectors.onec.writing import Sale
from regulars.intake.connectors.pure import signatures
from regulars.intake.connectors.pure.signatures import SignatureWrong
from regulars.intake.connectors.records import ConnectionRecord, Outcome
from regulars.kernel import clock
from regulars.kernel.errors import Invalid
from regulars.orders import queries as order_queries
from regulars.orders.queries.changes import Place, changed_sales
from regulars.workspaces import queries as workspaces

COOKIE = "regulars_exchange"
SESSION_S = 12 * 3600
ORDERS_AT_ONCE_MAX = 200
KINDS = ("catalog", "sale")
END_MARK = "</КоммерческаяИнформация>"
TAIL_BYTES = 200


class Visit:
    """One request of an exchange, with the session it belongs to."""

    def __init__(
        self, request: HttpRequest, workspace_id: int, connection: ConnectionRecord
    ) -> None:
        self.request = request
        self.workspace_id = workspace_id
        self.connection = connection
        self.kind = request.GET.get("type", "")
        self.mode = request.GET.get("mode", "")
        self.name = request.GET.get("filename", "")
        self.session = ""

    @property
    def address(self) -> str:
        """Where the request comes from; behind a proxy that is the proxy for all."""
        return str(self.request.META.get("REMOTE_ADDR", ""))

    def check_login(self) -> None:
        """raises SignatureWrong unless the login and the password are the connection's"""
        kind, _, value = self.request.headers.get("Authorization", "").partition(" ")
        try:
            given = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, ValueError):
            raise signatures.wrong() from None
        login, mark, password = given.partition(":")
        own = actions.open_secrets(self.connection)
        is_login = hmac.compare_digest(
            login.encode(), str(self.connection.settings.get("login", "")).encode()
        )
        signatures.check_token(password, own.get("secret", ""))
        if kind.lower() != "basic" or not mark or not is_login:
            raise signatures.wrong()

    def new_token(self) -> str:
        """A session that proves itself; no table holds it, so a restart loses none."""
        head = f"{int(clock.now().timestamp())}-{randomness.token_hex(8)}"
        return f"{head}-{self.seal(head)}"

    def check_session(self) -> None:
        """raises SignatureWrong unless the cookie is of a session of this connection"""
        token = self.request.COOKIES.get(COOKIE, "")
        head, _, seal = token.rpartition("-")
        began = head.partition("-")[0]
        signatures.check_token(seal, self.seal(head))
        if not began.isdecimal() or clock.now().timestamp() - int(began) > SESSION_S:
            raise signatures.wrong()
        self.session = head

    def seal(self, head: str) -> str:
        secret = workspaces.workspace(self.workspace_id).secret
        content = f"exchange:{self.connection.public_id}:{head}".encode()
        return hmac.new(secret.encode(), content, "sha256").hexdigest()


def answer(request: HttpRequest, workspace_id: int, connection: ConnectionRecord) -> HttpResponse:
    """What the exchange is told; failures are lines it shows to the person before it."""
    visit = Visit(request, workspace_id, connection)
    try:
        if visit.mode == "checkauth":
            signins.check(workspace_id, connection, visit.address)
            visit.check_login()
            return _lines("success", COOKIE, visit.new_token())
        visit.check_session()
    except signins.SigninBarred as error:
        barred = _lines("failure", error.message, status=429)
        barred["Retry-After"] = str(error.details["wait_s"])
        return barred
    except SignatureWrong:
        # A question without a password asks how to prove itself; it guesses nothing.
        if visit.mode == "checkauth" and "Authorization" in request.headers:
            signins.count_failure(workspace_id, connection, visit.address)
        refused = _lines("failure", "The login or the session is wrong.", status=401)
        refused["WWW-Authenticate"] = 'Basic realm="regulars"'
        return refused
    if not connection.is_on:
        return _lines("failure", "This connection is paused.")
    handler = MODES.get(visit.mode)
    if handler is None or visit.kind not in KINDS:
        return _lines("failure", "This step of an exchange is not known here.")
    try:
        return handler(visit)
    except Invalid as error:
        return _lines("failure", error.message)


def _lines(*lines: str, status: int = 200) -> HttpResponse:
    # A name that a stranger chose must not become a line of its own.
    plain = [line.replace("\r", " ").replace("\n", " ") for line in lines]
    return HttpResponse(
        "\n".join(plain) + "\n", content_type="text/plain; charset=utf-8", status=status
    )


def _init(visit: Visit) -> HttpResponse:
    for row in _mine(visit).filter(state="receiving"):
        files.forget(row.stored_as)
        row.delete()
    return _lines("zip=yes", f"file_limit={files.PIECE_BYTES_MAX}")


def _mine(visit: Visit) -> QuerySet[ExchangeFile]:
    return ExchangeFile.objects.filter(
        workspace_id=visit.workspace_id, connection_id=visit.connection.id,
        session=visit.session, kind=visit.kind,
    )  # fmt: skip


def _file(visit: Visit) -> HttpResponse:
    if visit.request.method != "POST":
        return _lines("failure", "Send files by POST.")
    name = files.checked_name(visit.name)
    piece = visit.request.read(files.PIECE_BYTES_MAX + 1)
    if len(piece) > files.PIECE_BYTES_MAX:
        return _lines("failure", f"A piece has at most {files.PIECE_BYTES_MAX} bytes.")
    if not name.lower().endswith(files.KEPT):
        # Pictures: they are of no use here.
        return _lines("success")
    row = files.add_piece(
        visit.workspace_id, visit.connection, visit.session, visit.kind, name, piece
    )
    if visit.kind == "sale" and name.lower().endswith(".xml") and _is_whole(row, piece):
        # Older versions send orders back without asking for an import.
        bringing.begin(visit.workspace_id, row)
    return _lines("success")


def _is_whole(row: ExchangeFile, piece: bytes) -> bool:
    tail = piece[-TAIL_BYTES:].rstrip()
    return any(tail.endswith(END_MARK.encode(name)) for name in ("utf-8", "windows-1251"))


def _import(visit: Visit) -> HttpResponse:
    name = files.checked_name(visit.name)
    row = _mine(visit).filter(name=name).first() or _from_archive(visit, name)
    if row is None:
        return _lines("failure", "This file was not sent in this exchange.")
    if row.state == "done":
        return _lines("success")
    if row.state == "expired":
        return _lines("failure", "This file was not sent in this exchange.")
    if row.state == "failed":
        return _lines("failure", row.detail or row.reason)
    bringing.begin(visit.workspace_id, row)
    return _lines("progress", f"{row.rows_done} parts are read")


def _from_archive(visit: Visit, name: str) -> ExchangeFile | None:
    for archive in _mine(visit).filter(name__iendswith=".zip").order_by("id"):
        found = files.unpacked(visit.workspace_id, visit.connection, archive, name)
        if found is not None:
            return found
    return None


def _query(visit: Visit) -> HttpResponse:
    connection, workspace = visit.connection, workspaces.workspace(visit.workspace_id)
    since = datetime.fromisoformat(
        str(connection.settings.get("orders_since") or connection.created_at.isoformat())
    )
    orders, last = changed_sales(
        visit.workspace_id,
        queries.handed_place(visit.workspace_id, connection.id),
        but_source=connection.source,
        placed_since=since if since.tzinfo else since.replace(tzinfo=UTC),
        limit=ORDERS_AT_ONCE_MAX,
    )
    _remember(visit, visit.session, last)
    lines = order_queries.lines_of(visit.workspace_id, [order.id for order in orders])
    roots = customers.roots_of(
        visit.workspace_id, sorted({order.customer_id for order in orders if order.customer_id})
    )
    buyers = customers.profiles(visit.workspace_id, sorted(set(roots.values())))
    skus = sorted({line.sku for found in lines.values() for line in found})
    codes = queries.keys_of(visit.workspace_id, connection.id, ITEM, skus)
    content = writing.document(
        [
            Sale(
                order,
                lines.get(order.id, []),
                buyers.get(roots.get(order.customer_id or 0, 0)),
                codes,
            )
            for order in orders
        ],
        made_at=clock.now(),
        zone=workspace.time_zone,
        encoding=str(connection.settings.get("encoding") or writing.ENCODINGS[0]),
    )
    return HttpResponse(content, content_type="application/xml")


def _success(visit: Visit) -> HttpResponse:
    offered = _place(visit, visit.session)
    if offered.xid:
        _remember(visit, queries.HANDED, offered)
        actions.log_delivery(
            visit.workspace_id,
            visit.connection,
            key=visit.session,
            topic="sale · query",
            received_at=clock.now(),
            outcome=Outcome.TAKEN,
        )
    return _lines("success")


def _place(visit: Visit, key: str) -> Place:
    return queries.place_of(visit.workspace_id, visit.connection.id, key)


def _remember(visit: Visit, key: str, place: Place) -> None:
    told = f"{place.xid}:{place.id}"
    actions.point(visit.workspace_id, visit.connection.id, queries.HANDED, key, told)


def _done(_: Visit) -> HttpResponse:
    return _lines("success")


MODES: dict[str, Callable[[Visit], HttpResponse]] = {
    "init": _init,
    "file": _file,
    "import": _import,
    "query": _query,
    "success": _success,
    "deactivate": _done,
    "complete": _done,
}
