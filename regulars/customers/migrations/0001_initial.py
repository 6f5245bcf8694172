from django.db import migrations, models


from regulars.store.fences import fence, versioned

TRIGRAMS = """
ALTER TABLE customers_customer ADD COLUMN trigrams text[] NOT NULL DEFAULT '{}';
-- Folded by Python, so its order must not depend on the server's collation.
ALTER TABLE customers_customer ADD COLUMN sort_name text COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX customers_customer_sort_name ON customers_customer (workspace_id, sort_name, id);
CREATE INDEX customers_customer_trigrams ON customers_customer USING gin (trigrams);
-- A fence lets only leakproof operators use an index, and array containment is not one. The
-- function looks as its owner and keeps to the workspace of the session by itself.
CREATE FUNCTION customers_search(grams text[]) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp ROWS 500 AS $$
    SELECT id FROM customers_customer
    WHERE workspace_id = (SELECT regulars_workspace()) AND trigrams @> grams
$$;
"""
UNDO = """
DROP FUNCTION customers_search(text[]);
DROP INDEX customers_customer_trigrams;
ALTER TABLE customers_customer DROP COLUMN trigrams, DROP COLUMN sort_name;
"""
TABLES = (
    "customers_customer",
    "customers_identifier",
    "customers_consent",
    "customers_consentstate",
    "customers_suppression",
    "customers_merge",
)
FOLLOWED = (
    "customers_customer",
    "customers_consentstate",
    "customers_suppression",
    "customers_merge",
)


class Migration(migrations.Migration):

    initial = True

    dependencies = [("store", "0001_ground")]

    operations = [
        migrations.CreateModel(
            name='Consent',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('customer_id', models.BigIntegerField()),
                ('channel', models.TextField()),
                ('purpose', models.TextField()),
                ('state', models.TextField()),
                ('at', models.DateTimeField()),
                ('source', models.TextField()),
                ('actor', models.TextField(default='')),
                ('text_version', models.TextField(default='')),
                ('recorded_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['workspace_id', 'customer_id', '-at'], name='consent_by_customer')],
            },
        ),
        migrations.CreateModel(
            name='ConsentState',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('customer_id', models.BigIntegerField()),
                ('channel', models.TextField()),
                ('purpose', models.TextField()),
                ('state', models.TextField()),
                ('changed_at', models.DateTimeField()),
                ('is_gone', models.BooleanField(default=False)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace_id', 'customer_id', 'channel', 'purpose'), name='consent_state')],
            },
        ),
        migrations.CreateModel(
            name='Customer',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('public_id', models.CharField(max_length=22, unique=True)),
                ('external_id', models.TextField(null=True)),
                ('name', models.TextField(null=True)),
                ('first_name', models.TextField(null=True)),
                ('last_name', models.TextField(null=True)),
                ('email', models.TextField(null=True)),
                ('phone', models.TextField(null=True)),
                ('city', models.TextField(null=True)),
                ('country', models.TextField(null=True)),
                ('language', models.TextField(null=True)),
                ('gender', models.TextField(null=True)),
                ('birth_on', models.DateField(null=True)),
                ('attrs', models.JSONField(default=dict)),
                ('first_seen_at', models.DateTimeField()),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('merged_into', models.BigIntegerField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['workspace_id', '-first_seen_at', '-id'], name='customer_by_seen')],
            },
        ),
        migrations.CreateModel(
            name='Identifier',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('kind', models.TextField()),
                ('value', models.TextField()),
                ('customer_id', models.BigIntegerField()),
            ],
            options={
                'indexes': [models.Index(fields=['customer_id'], name='identifier_by_customer')],
                'constraints': [models.UniqueConstraint(fields=('workspace_id', 'kind', 'value'), name='identifier_once')],
            },
        ),
        migrations.CreateModel(
            name='Merge',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('loser_id', models.BigIntegerField()),
                ('root_id', models.BigIntegerField()),
                ('version', models.BigIntegerField()),
                ('at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['workspace_id', 'root_id'], name='merge_by_root')],
                'constraints': [models.UniqueConstraint(fields=('workspace_id', 'loser_id'), name='merge_once')],
            },
        ),
        migrations.CreateModel(
            name='Suppression',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('channel', models.TextField()),
                ('address_hash', models.BinaryField()),
                ('customer_id', models.BigIntegerField(null=True)),
                ('reason', models.TextField()),
                ('at', models.DateTimeField()),
                ('lifted_at', models.DateTimeField(null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace_id', 'channel', 'address_hash'), name='suppression_once')],
            },
        ),
        migrations.RunSQL(TRIGRAMS, UNDO),
        *(operation for table in TABLES for operation in fence(table)),
        *(operation for table in FOLLOWED for operation in versioned(table)),
    ]
