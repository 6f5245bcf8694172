"""The ledger of points, its seals, and the members of the programme."""

import django.db.models.expressions
from django.db import migrations, models
from django.db.migrations.operations.base import Operation

from regulars.store.fences import append_only, fence

FENCED = (
    "loyalty_member",
    "loyalty_lot",
    "loyalty_balance",
    "loyalty_turnover",
    "loyalty_night",
    "loyalty_adjustment",
)
ADDED = ("loyalty_txn", "loyalty_entry", "loyalty_unsealed", "loyalty_tierchange")
SEALED = ("loyalty_seal", "loyalty_sealhead")

# What is written stays, for the owner of the database too. A restored database gives its rows
# versions of the new server: the column xid, where there is one, may change and nothing else.
KEPT = """
CREATE FUNCTION loyalty_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'xid' = to_jsonb(OLD) - 'xid' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'lines of % are only ever added', TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER loyalty_txn_kept BEFORE UPDATE OR DELETE ON loyalty_txn
    FOR EACH ROW EXECUTE FUNCTION loyalty_keep();
CREATE TRIGGER loyalty_entry_kept BEFORE UPDATE OR DELETE ON loyalty_entry
    FOR EACH ROW EXECUTE FUNCTION loyalty_keep();
CREATE TRIGGER loyalty_seal_kept BEFORE UPDATE OR DELETE ON loyalty_seal
    FOR EACH ROW EXECUTE FUNCTION loyalty_keep();
CREATE FUNCTION loyalty_keep_all() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'lines of % are only ever added', TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER loyalty_txn_whole BEFORE TRUNCATE ON loyalty_txn
    EXECUTE FUNCTION loyalty_keep_all();
CREATE TRIGGER loyalty_entry_whole BEFORE TRUNCATE ON loyalty_entry
    EXECUTE FUNCTION loyalty_keep_all();
"""
NOT_KEPT = """
DROP TRIGGER loyalty_txn_kept ON loyalty_txn;
DROP TRIGGER loyalty_entry_kept ON loyalty_entry;
DROP TRIGGER loyalty_seal_kept ON loyalty_seal;
DROP TRIGGER loyalty_txn_whole ON loyalty_txn;
DROP TRIGGER loyalty_entry_whole ON loyalty_entry;
DROP FUNCTION loyalty_keep();
DROP FUNCTION loyalty_keep_all();
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = [("store", "0001_ground")]
    operations: list[Operation] = [
        migrations.CreateModel(
            name='Unsealed',
            fields=[
                ('txn_id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='Adjustment',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('public_id', models.CharField(max_length=22, unique=True)),
                ('member_id', models.BigIntegerField()),
                ('currency', models.TextField()),
                ('points', models.BigIntegerField()),
                ('reason', models.TextField()),
                ('key', models.TextField()),
                ('body_hash', models.BinaryField()),
                ('state', models.TextField()),
                ('asked_by', models.TextField()),
                ('asked_at', models.DateTimeField()),
                ('decided_by', models.TextField(db_default='', default='')),
                ('decided_at', models.DateTimeField(null=True)),
                ('txn_id', models.BigIntegerField(null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'waiting')), fields=['workspace_id', 'id'], name='loyalty_adjustment_waiting')],
                'constraints': [models.UniqueConstraint(fields=('workspace_id', 'key'), name='loyalty_adjustment_once'), models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'posted', 'refused'])), name='loyalty_adjustment_state'), models.CheckConstraint(condition=models.Q(models.Q(('decided_by', models.F('asked_by')), _negated=True), ('decided_by', ''), ('state', 'refused'), _connector='OR'), name='loyalty_adjustment_two_persons')],
            },
        ),
        migrations.CreateModel(
            name='Balance',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('member_id', models.BigIntegerField()),
                ('currency', models.TextField()),
                ('available', models.BigIntegerField(default=0)),
                ('pending', models.BigIntegerField(default=0)),
                ('held', models.BigIntegerField(default=0)),
                ('debt', models.BigIntegerField(default=0)),
                ('version', models.BigIntegerField(default=0)),
                ('slides_until', models.DateTimeField(null=True)),
                ('due_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['workspace_id', 'due_at'], name='loyalty_balance_due')],
                'constraints': [models.UniqueConstraint(fields=('member_id', 'currency'), name='loyalty_balance_once'), models.CheckConstraint(condition=models.Q(('available__gte', 0), ('debt__gte', 0), ('held__gte', 0), ('pending__gte', 0)), name='loyalty_balance_not_negative')],
            },
        ),
        migrations.CreateModel(
            name='Entry',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('txn_id', models.BigIntegerField()),
                ('account', models.TextField()),
                ('owner_id', models.BigIntegerField(null=True)),
                ('unit', models.TextField()),
                ('lot_id', models.BigIntegerField(null=True)),
                ('amount', models.BigIntegerField()),
                ('activates_at', models.DateTimeField(null=True)),
                ('expires_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'loyalty_entry',
                'indexes': [models.Index(fields=['txn_id'], name='loyalty_entry_of_txn'), models.Index(condition=models.Q(('owner_id__isnull', False)), fields=['owner_id', 'txn_id'], name='loyalty_entry_of_owner')],
            },
        ),
        migrations.CreateModel(
            name='Lot',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('member_id', models.BigIntegerField()),
                ('currency', models.TextField()),
                ('source_txn', models.BigIntegerField()),
                ('amount', models.BigIntegerField()),
                ('available', models.BigIntegerField(default=0)),
                ('pending', models.BigIntegerField(default=0)),
                ('held', models.BigIntegerField(default=0)),
                ('activates_at', models.DateTimeField(null=True)),
                ('expires_at', models.DateTimeField(null=True)),
                ('slides', models.BooleanField(default=False)),
                ('waits_for', models.TextField(null=True)),
                ('partner_id', models.BigIntegerField(null=True)),
                ('cost_minor', models.BigIntegerField(default=0)),
                ('purchase_id', models.TextField(null=True)),
                ('line_id', models.TextField(null=True)),
                ('source_lot', models.BigIntegerField(null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('available__gt', 0), ('pending__gt', 0), ('held__gt', 0), _connector='OR'), fields=['member_id', 'currency'], name='loyalty_lot_open'), models.Index(condition=models.Q(('purchase_id__isnull', False)), fields=['workspace_id', 'purchase_id'], name='loyalty_lot_of_purchase'), models.Index(condition=models.Q(('pending__gt', 0), ('waits_for__isnull', False)), fields=['workspace_id', 'waits_for'], name='loyalty_lot_waiting')],
                'constraints': [models.CheckConstraint(condition=models.Q(('available__gte', 0), ('held__gte', 0), ('pending__gte', 0)), name='loyalty_lot_not_negative'), models.CheckConstraint(condition=models.Q(('amount__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('available'), '+', models.F('pending')), '+', models.F('held')))), name='loyalty_lot_not_more')],
            },
        ),
        migrations.CreateModel(
            name='Member',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('public_id', models.CharField(max_length=22, unique=True)),
                ('customer_id', models.BigIntegerField()),
                ('state', models.TextField(db_default='active', default='active')),
                ('joined_at', models.DateTimeField()),
                ('tier_slug', models.TextField(db_default='', default='')),
                ('tier_since', models.DateTimeField(null=True)),
                ('tier_until', models.DateTimeField(null=True)),
                ('merged_into', models.BigIntegerField(null=True)),
                ('tier_counted', models.BigIntegerField(db_default=0, default=0)),
                ('tier_due_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('tier_due_at__isnull', False)), fields=['workspace_id', 'tier_due_at'], name='loyalty_member_tier_due')],
                'constraints': [models.UniqueConstraint(fields=('workspace_id', 'customer_id'), name='loyalty_member_once'), models.CheckConstraint(condition=models.Q(('state__in', ['active', 'blocked'])), name='loyalty_member_state')],
            },
        ),
        migrations.CreateModel(
            name='Night',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('day', models.DateField()),
                ('step', models.TextField()),
                ('member_id', models.BigIntegerField(db_default=0, default=0)),
                ('started_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(null=True)),
                ('figures', models.JSONField(default=dict)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace_id', 'day'), name='loyalty_night_once')],
            },
        ),
        migrations.CreateModel(
            name='Seal',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('place', models.BigIntegerField()),
                ('txn_id', models.BigIntegerField()),
                ('content', models.BinaryField()),
                ('seal', models.BinaryField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace_id', 'place'), name='loyalty_seal_once'), models.UniqueConstraint(fields=('txn_id',), name='loyalty_seal_of_txn')],
            },
        ),
        migrations.CreateModel(
            name='SealHead',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('place', models.BigIntegerField()),
                ('seal', models.BinaryField()),
                ('signature', models.BinaryField()),
                ('at', models.DateTimeField()),
            ],
            options={
                'db_table': 'loyalty_sealhead',
                'constraints': [models.UniqueConstraint(fields=('workspace_id',), name='loyalty_sealhead_once')],
            },
        ),
        migrations.CreateModel(
            name='TierChange',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('member_id', models.BigIntegerField()),
                ('at', models.DateTimeField()),
                ('old_slug', models.TextField()),
                ('new_slug', models.TextField()),
                ('counted', models.BigIntegerField()),
                ('why', models.TextField()),
            ],
            options={
                'db_table': 'loyalty_tierchange',
                'indexes': [models.Index(fields=['workspace_id', 'member_id', '-id'], name='loyalty_tierchange_of')],
            },
        ),
        migrations.CreateModel(
            name='Turnover',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('member_id', models.BigIntegerField()),
                ('origin_id', models.BigIntegerField(null=True)),
                ('day', models.DateField()),
                ('source', models.TextField()),
                ('spend_minor', models.BigIntegerField(db_default=0, default=0)),
                ('orders', models.IntegerField(db_default=0, default=0)),
            ],
            options={
                'db_table': 'loyalty_turnover',
                'indexes': [models.Index(fields=['workspace_id', 'member_id', 'day'], include=('spend_minor', 'orders'), name='loyalty_turnover_of')],
                'constraints': [models.UniqueConstraint(fields=('workspace_id', 'source'), name='loyalty_turnover_once')],
            },
        ),
        migrations.CreateModel(
            name='Txn',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('kind', models.TextField()),
                ('natural_key', models.TextField()),
                ('body_hash', models.BinaryField()),
                ('actor', models.TextField(db_default='', default='')),
                ('occurred_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField()),
                ('rules_version', models.BigIntegerField(db_default=0, default=0)),
                ('reason', models.TextField(db_default='', default='')),
                ('purchase_id', models.TextField(null=True)),
                ('reverses_id', models.BigIntegerField(null=True)),
                ('resolves_id', models.BigIntegerField(null=True)),
            ],
            options={
                'db_table': 'loyalty_txn',
                'indexes': [models.Index(condition=models.Q(('purchase_id__isnull', False)), fields=['workspace_id', 'purchase_id'], name='loyalty_txn_of_purchase'), models.Index(fields=['workspace_id', 'recorded_at'], name='loyalty_txn_by_time')],
                'constraints': [models.UniqueConstraint(fields=('workspace_id', 'kind', 'natural_key'), name='loyalty_txn_once'), models.UniqueConstraint(condition=models.Q(('reverses_id__isnull', False)), fields=('reverses_id',), name='loyalty_reversed_once'), models.UniqueConstraint(condition=models.Q(('resolves_id__isnull', False)), fields=('resolves_id',), name='loyalty_resolved_once')],
            },
        ),
        migrations.RunSQL(KEPT, NOT_KEPT),
        *(operation for table in FENCED for operation in fence(table)),
        *(operation for table in ADDED for operation in append_only(table)),
        *(operation for table in SEALED for operation in append_only(table, by_engine=True)),
    ]
