"""The command `regulars`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from regulars.kernel.errors import RegularsError
from regulars.store.roles import Role

PORT = 8000


def main(arguments: list[str] | None = None) -> int:
    """Run one command; errors of the product become one clear line and exit code 1."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options) or 0)
    except RegularsError as error:
        print(f"regulars: {error.message}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough; nothing more may be written to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="regulars", description="Turns buyers into regulars.")
    commands = parser.add_subparsers(required=True, metavar="command")

    serve = _command(commands, "serve", _serve, "run the whole product")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=PORT)
    _command(commands, "worker", _worker, "run one more worker beside a server")
    _command(commands, "migrate", _migrate, "bring the database to this release")
    _command(commands, "doctor", _doctor, "check database, fences, lake and queues")

    _command(commands, "restored", _restored, "make a database readable after a restore")
    _command(commands, "database-url", _database_url, "print where the database is")

    demo = _command(commands, "demo", _demo, "fill a workspace with a shop and serve it")
    demo.add_argument("--customers", type=int, default=20_000)
    demo.add_argument("--data", type=Path, help="a file in the Online Retail layout")
    demo.add_argument("--port", type=int, default=PORT)
    demo.add_argument("--seed", type=int, default=1)
    demo.add_argument("--no-serve", action="store_true", help="fill the data folder and stop")

    bring = _command(commands, "import", _import, "bring in a file")
    bring.add_argument("kind", choices=["orders", "customers", "events", "catalogue", "costs"])
    bring.add_argument("file", type=Path)
    bring.add_argument("--workspace", required=True)
    bring.add_argument("--map", type=Path, help="JSON: our column → the file's column")
    bring.add_argument(
        "--basis",
        default="consent",
        choices=["consent", "existing_customer", "contract", "legitimate_interest"],
        help="the legal ground of the consents in the file, unless its map says; default: consent",
    )
    bring.add_argument("--dry-run", action="store_true")
    bring.add_argument("--currency", help="currency of a new workspace, such as UAH")
    bring.add_argument("--source", default="", help="costs: whose ads these are, such as google")

    _segment(commands)
    report = _command(commands, "report", _report, "print a report")
    report.add_argument("name", choices=["base", "rfm", "cohorts", "campaign"])
    report.add_argument("--workspace", required=True)
    report.add_argument("--format", choices=["json", "csv"], default="json")
    report.add_argument("--at", help="the day or instant as of which to report")

    _keys_and_users(commands)
    return parser


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Callable[[argparse.Namespace], int | None],
    text: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=text)
    parser.set_defaults(run=run)
    return parser


def _segment(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("segment", help="ask about segments")
    below = parser.add_subparsers(required=True, metavar="what")
    count = _command(below, "count", _segment_count, "count the customers a rule picks")
    count.add_argument("--workspace", required=True)
    count.add_argument("--rule", type=Path, required=True, help="a file: the rule as JSON or text")
    count.add_argument("--engine", choices=["memory", "duckdb", "spark"], default="duckdb")
    count.add_argument("--spark", default="local[*]", help="master: spark://host:7077, local[*]")


def _keys_and_users(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    key = commands.add_parser("key", help="keys of programs")
    below = key.add_subparsers(required=True, metavar="what")
    create = _command(below, "create", _key_create, "make a key and print it once")
    create.add_argument("--workspace", required=True)
    create.add_argument("--scope", choices=["intake", "api", "pos"], required=True)
    create.add_argument("--name", default="")

    user = commands.add_parser("user", help="people who sign in")
    below = user.add_subparsers(required=True, metavar="what")
    create = _command(below, "create", _user_create, "make a user; the password is read from stdin")
    create.add_argument("email")
    create.add_argument("--workspace", required=True)
    create.add_argument("--role", default="owner")

    sender = commands.add_parser("sender", help="the mail server of a workspace")
    below = sender.add_subparsers(required=True, metavar="what")
    change = _command(
        below, "set", _sender_set, "enter the mail server; a password is read from stdin"
    )
    change.add_argument("--workspace", required=True)
    change.add_argument("--from", dest="from_address", required=True, metavar="ADDRESS")
    change.add_argument("--name", default="", help="the name that people see beside the address")
    change.add_argument("--host", required=True)
    change.add_argument("--port", type=int, required=True)
    change.add_argument("--security", choices=["none", "starttls", "tls"], default="starttls")
    change.add_argument("--username", default="")

    _duplicates(commands)
    _rights(commands)
    _ledger(commands)
    lake = commands.add_parser("lake", help="the files for analysis")
    below = lake.add_subparsers(required=True, metavar="what")
    rebuild = _command(below, "rebuild", _lake_rebuild, "write the lake anew from the database")
    rebuild.add_argument("--workspace", required=True)


def _duplicates(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("duplicates", help="customers who may be one person")
    below = parser.add_subparsers(required=True, metavar="what")

    def add(name: str, text: str) -> argparse.ArgumentParser:
        made = _command(below, name, _run_duplicates, text)
        made.set_defaults(what=name.replace("-", "_"))
        made.add_argument("--workspace", required=True)
        return made

    add("search", "compare all customers now")
    listed = add("list", "print the surest pairs, one a line as JSON")
    listed.add_argument("--state", choices=["open", "later", "different"], default="open")
    listed.add_argument("--percent", type=int, default=0, help="at least so sure")
    listed.add_argument("--limit", type=int, default=100)
    for name, text in (("merge", "make two customers one"), ("tell-apart", "they are two people")):
        pair = add(name, text)
        pair.add_argument("one", help="a customer's id, as in the address of the card")
        pair.add_argument("other")
    pair = below.choices["merge"]
    pair.add_argument("--confirm", action="store_true", help="although they were told apart")
    sure = add("merge-sure", "merge every open pair that is at least so sure")
    sure.add_argument("--percent", type=int, required=True)
    sure.add_argument("--count", type=int, required=True, help="how many there are, to be sure")
    split = add("unmerge", "split a merged customer off again")
    split.add_argument("customer", help="the id of the card that was merged away")


def _rights(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    erase = _command(commands, "erase", _erase, "take a person out of everything")
    erase.add_argument("customer", help="the customer's id, as in the address of the card")
    erase.add_argument("--workspace", required=True)
    erase.add_argument("--now", action="store_true", help="do not wait for the night")

    audit = commands.add_parser("audit", help="who saw and changed what")
    below = audit.add_subparsers(required=True, metavar="what")
    verify = _command(below, "verify", _audit_verify, "look whether the audit trail is whole")
    verify.add_argument("--workspace")
    verify.add_argument("--anchor", help="a file of `audit anchor`: is it still that trail")
    anchor = _command(below, "anchor", _audit_anchor, "tell where the audit trail ends now")
    anchor.add_argument("--file", help="write it there instead of printing it")


def _ledger(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    ledger = commands.add_parser("ledger", help="the books of points")
    below = ledger.add_subparsers(required=True, metavar="what")
    verify = _command(below, "verify", _ledger_verify, "look whether the books are whole")
    verify.add_argument("--workspace")
    verify.add_argument("--anchor", help="place:seal of an earlier look: still those books?")
    replay = _command(below, "replay", _ledger_replay, "work the books out anew from the log")
    replay.add_argument("--workspace", required=True)
    replay.add_argument("--at", help="as they were at this moment; now when missing")


def _set_up(role: Role = Role.ENGINE) -> None:
    """Database migrated, Django ready, rooms wired; commands other than serve run as engine."""
    os.environ["REGULARS_ROLE"] = role.value
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.project.settings")
    from regulars.project import database

    database.migrate_if_needed()
    import django

    django.setup()
    from regulars.project import start
    from regulars.store import trail

    start.wire()
    trail.act_as(trail.COMMAND)


def _serve(options: argparse.Namespace) -> int:
    from regulars.project import service

    return service.serve(options.host, options.port)


def _worker(_: argparse.Namespace) -> int:
    from regulars.project import worker

    return worker.run()


def _migrate(_: argparse.Namespace) -> None:
    from regulars.project import database

    database.migrate()
    print("The database is up to date.")


def _restored(_: argparse.Namespace) -> int:
    from regulars.project import restored

    return restored.main()


def _database_url(_: argparse.Namespace) -> None:
    from regulars.store import place

    print(place.database_url())


def _doctor(_: argparse.Namespace) -> int:
    _set_up()
    from regulars.project import doctor

    return doctor.run()


def _demo(options: argparse.Namespace) -> int:
    from regulars.project.demo.run import run as run_demo

    return run_demo(
        customers=options.customers,
        data=options.data,
        port=options.port,
        seed=options.seed,
        is_served=not options.no_serve,
    )


def _import(options: argparse.Namespace) -> int:
    _set_up()
    from regulars.project import commands
    from regulars.project.worker import NICENESS
    from regulars.store import niceness

    # Tills and pages of a server that runs meanwhile go first.
    os.nice(NICENESS)
    niceness.follow_threads()
    return commands.bring_in(options)


def _segment_count(options: argparse.Namespace) -> None:
    _set_up()
    from regulars.project import commands

    commands.count_segment(options)


def _report(options: argparse.Namespace) -> None:
    _set_up()
    from regulars.project import commands

    commands.print_report(options)


def _key_create(options: argparse.Namespace) -> None:
    _set_up()
    from regulars.project import commands

    print(commands.create_key(options.workspace, options.scope, options.name))


def _user_create(options: argparse.Namespace) -> None:
    _set_up()
    from regulars.project import commands

    commands.create_user(options.email, sys.stdin.readline().strip(), options)
    print(json.dumps({"email": options.email, "role": options.role}))


def _sender_set(options: argparse.Namespace) -> None:
    _set_up()
    from regulars.project import commands

    commands.set_sender(options, sys.stdin.readline().strip() if options.username else "")


def _run_duplicates(options: argparse.Namespace) -> None:
    _set_up()
    from regulars.project import duplicates

    verbs: dict[str, Callable[[argparse.Namespace], None]] = {
        "search": duplicates.search,
        "list": duplicates.listing,
        "merge": duplicates.merge,
        "merge_sure": duplicates.merge_sure,
        "tell_apart": duplicates.tell_apart,
        "unmerge": duplicates.unmerge,
    }
    verbs[options.what](options)


def _erase(options: argparse.Namespace) -> int:
    _set_up()
    from regulars.project import rights

    return rights.erase(options)


def _audit_verify(options: argparse.Namespace) -> int:
    _set_up()
    from regulars.project import rights

    return rights.verify_audit(options)


def _ledger_verify(options: argparse.Namespace) -> int:
    _set_up()
    from regulars.project import ledger

    return ledger.verify(options)


def _ledger_replay(options: argparse.Namespace) -> int:
    _set_up()
    from regulars.project import ledger

    return ledger.replay(options)


def _audit_anchor(options: argparse.Namespace) -> int:
    _set_up()
    from regulars.project import rights

    return rights.anchor_audit(options)


def _lake_rebuild(options: argparse.Namespace) -> None:
    _set_up()
    from regulars.project import commands

    commands.rebuild_lake(options.workspace)


if __name__ == "__main__":
    raise SystemExit(main())
