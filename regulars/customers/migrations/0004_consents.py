"""Legal bases, topics, preferences, requests of erasure, and what is odd about contact data."""

from django.db import migrations, models

from regulars.store.fences import fence

TABLES = (
    "customers_topic",
    "customers_consenttext",
    "customers_preference",
    "customers_erasurerequest",
    "customers_contactflag",
    "customers_contactcheck",
    "customers_maildomain",
)
# A constant default touches no row, however many customers there are.
SOURCES = "ALTER TABLE customers_customer ADD COLUMN sources jsonb NOT NULL DEFAULT '{}'"
UNDO = "ALTER TABLE customers_customer DROP COLUMN sources"


def table(name, *fields, constraints=(), indexes=()):
    own = [("id", models.BigAutoField(primary_key=True, serialize=False)),
           ("workspace_id", models.BigIntegerField())]
    options = {"constraints": [*constraints], "indexes": [*indexes]}
    return migrations.CreateModel(name=name, fields=[*own, *fields], options=options)


def once(name, *fields, condition=None):
    return models.UniqueConstraint(fields=["workspace_id", *fields], name=name, condition=condition)


class Migration(migrations.Migration):
    dependencies = [("customers", "0003_identity")]

    operations = [
        migrations.AddField("consent", "basis", models.TextField(default="", db_default="")),
        migrations.AddField("suppression", "lifted_by", models.TextField(default="", db_default="")),
        migrations.AddField("suppression", "lift_note", models.TextField(default="", db_default="")),
        table(
            "Topic",
            ("key", models.TextField()),
            ("names", models.JSONField()),
            ("created_at", models.DateTimeField()),
            ("archived_at", models.DateTimeField(null=True)),
            constraints=[once("topic_once", "key")],
        ),
        table(
            "ConsentText",
            ("version", models.TextField()),
            ("words", models.TextField()),
            ("author", models.TextField()),
            ("created_at", models.DateTimeField()),
            constraints=[once("consent_text_once", "version")],
        ),
        table(
            "Preference",
            ("customer_id", models.BigIntegerField()),
            ("channel", models.TextField()),
            ("gap_days", models.IntegerField(default=0)),
            ("paused_until", models.DateTimeField(null=True)),
            ("changed_at", models.DateTimeField()),
            constraints=[once("preference_once", "customer_id", "channel")],
        ),
        table(
            "ErasureRequest",
            ("public_id", models.CharField(max_length=22, unique=True)),
            ("customer_id", models.BigIntegerField()),
            ("source", models.TextField()),
            ("asked_at", models.DateTimeField()),
            ("state", models.TextField(default="open")),
            ("note", models.TextField(default="")),
            ("settled_by", models.TextField(default="")),
            ("settled_at", models.DateTimeField(null=True)),
            constraints=[
                once("erasure_request_open_once", "customer_id",
                     condition=models.Q(("state", "open")))
            ],
            indexes=[
                models.Index(fields=["workspace_id", "state", "-id"],
                             name="erasure_request_by_state")
            ],
        ),
        table(
            "ContactFlag",
            ("customer_id", models.BigIntegerField()),
            ("field", models.TextField()),
            ("kind", models.TextField()),
            ("value", models.TextField()),
            ("suggestion", models.TextField(default="")),
            ("found_at", models.DateTimeField()),
            ("settled_at", models.DateTimeField(null=True)),
            ("settled_by", models.TextField(default="")),
            constraints=[once("contact_flag_once", "customer_id", "field", "kind")],
            indexes=[
                models.Index(
                    fields=["workspace_id", "kind", "-id"],
                    condition=models.Q(("settled_at__isnull", True)),
                    name="contact_flag_open",
                )
            ],
        ),
        table(
            "ContactCheck",
            ("xid", models.TextField(default="0")),
            ("last_id", models.BigIntegerField(default=0)),
            ("checked_at", models.DateTimeField()),
            constraints=[once("contact_check_once")],
        ),
        table(
            "MailDomain",
            ("domain", models.TextField()),
            ("takes_mail", models.BooleanField(null=True)),
            ("checked_at", models.DateTimeField(null=True)),
            constraints=[once("mail_domain_once", "domain")],
        ),
        migrations.RunSQL(SOURCES, UNDO),
        *(operation for name in TABLES for operation in fence(name)),
    ]  # fmt: skip
