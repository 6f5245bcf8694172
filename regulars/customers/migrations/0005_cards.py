"""Companies, notes, tasks, views of the list, and acts on many customers at once."""

from django.db import migrations, models

from regulars.store.fences import fence

TABLES = (
    "customers_company",
    "customers_membership",
    "customers_note",
    "customers_task",
    "customers_view",
    "customers_listtaste",
    "customers_batch",
)
ADD = """
ALTER TABLE customers_company ADD COLUMN trigrams text[] NOT NULL DEFAULT '{}';
-- Folded by Python, so its order must not depend on the server's collation.
ALTER TABLE customers_company ADD COLUMN sort_name text COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX customers_company_sort_name ON customers_company (workspace_id, sort_name, id);
CREATE INDEX customers_company_trigrams ON customers_company USING gin (trigrams);
CREATE INDEX customers_customer_city ON customers_customer (workspace_id, city)
WHERE merged_into IS NULL;
CREATE INDEX customers_customer_language ON customers_customer (workspace_id, language)
WHERE merged_into IS NULL;
-- As customers_search, but it stops as soon as it has enough: a palette shows six, and the three
-- commonest letters are a tenth of everybody.
CREATE FUNCTION customers_find(grams text[], most integer) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp ROWS 500 AS $$
    SELECT id FROM customers_customer
    WHERE workspace_id = (SELECT regulars_workspace()) AND trigrams @> grams LIMIT most
$$;
CREATE FUNCTION customers_find_companies(grams text[], most integer) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp ROWS 500 AS $$
    SELECT id FROM customers_company
    WHERE workspace_id = (SELECT regulars_workspace()) AND trigrams @> grams LIMIT most
$$;
"""
UNDO = """
DROP FUNCTION customers_find_companies(text[], integer);
DROP FUNCTION customers_find(text[], integer);
DROP INDEX customers_customer_language;
DROP INDEX customers_customer_city;
DROP INDEX customers_company_trigrams;
DROP INDEX customers_company_sort_name;
ALTER TABLE customers_company DROP COLUMN trigrams, DROP COLUMN sort_name;
"""


class Migration(migrations.Migration):

    dependencies = [("customers", "0004_consents")]

    operations = [
        migrations.CreateModel(
            name='Batch',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('public_id', models.CharField(max_length=22, unique=True)),
                ('act', models.TextField()),
                ('owner_id', models.BigIntegerField()),
                ('owner', models.TextField()),
                ('query', models.TextField(default='')),
                ('chosen', models.JSONField(default=list)),
                ('given', models.JSONField(default=dict)),
                ('state', models.TextField(default='waiting')),
                ('total', models.IntegerField(default=0)),
                ('done', models.IntegerField(default=0)),
                ('skipped', models.IntegerField(default=0)),
                ('last_id', models.BigIntegerField(default=0)),
                ('reason', models.TextField(default='')),
                ('created_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(null=True)),
                ('key', models.TextField()),
            ],
            options={
                'indexes': [models.Index(fields=['workspace_id', 'owner_id', '-id'], name='batch_by_owner'), models.Index(fields=['act', 'created_at'], name='batch_by_act')],
                'constraints': [models.UniqueConstraint(fields=('workspace_id', 'key'), name='batch_once')],
            },
        ),
        migrations.CreateModel(
            name='Company',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('public_id', models.CharField(max_length=22, unique=True)),
                ('group_id', models.TextField()),
                ('name', models.TextField(null=True)),
                ('traits', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace_id', 'group_id'), name='company_once')],
            },
        ),
        migrations.CreateModel(
            name='ListTaste',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('user_id', models.BigIntegerField()),
                ('columns', models.JSONField(null=True)),
                ('view_id', models.BigIntegerField(null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace_id', 'user_id'), name='list_taste_once')],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('company_id', models.BigIntegerField()),
                ('customer_id', models.BigIntegerField()),
                ('source', models.TextField()),
                ('joined_at', models.DateTimeField()),
                ('left_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['workspace_id', 'customer_id'], name='company_member_by_customer')],
                'constraints': [models.UniqueConstraint(fields=('workspace_id', 'company_id', 'customer_id'), name='company_member_once')],
            },
        ),
        migrations.CreateModel(
            name='Note',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('public_id', models.CharField(max_length=22, unique=True)),
                ('customer_id', models.BigIntegerField()),
                ('author_id', models.BigIntegerField(null=True)),
                ('author', models.TextField()),
                ('text', models.TextField()),
                ('is_pinned', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField()),
                ('edited_at', models.DateTimeField(null=True)),
                ('key', models.TextField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['workspace_id', 'customer_id', '-id'], name='note_by_customer')],
                'constraints': [models.UniqueConstraint(fields=('workspace_id', 'key'), name='note_once')],
            },
        ),
        migrations.CreateModel(
            name='Task',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('public_id', models.CharField(max_length=22, unique=True)),
                ('customer_id', models.BigIntegerField(null=True)),
                ('title', models.TextField()),
                ('due_on', models.DateField(null=True)),
                ('assignee_id', models.BigIntegerField()),
                ('author', models.TextField()),
                ('created_at', models.DateTimeField()),
                ('done_at', models.DateTimeField(null=True)),
                ('done_by', models.TextField(default='')),
                ('key', models.TextField(null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('done_at__isnull', True)), fields=['workspace_id', 'assignee_id', 'due_on', 'id'], name='task_open'), models.Index(fields=['workspace_id', 'customer_id', '-id'], name='task_by_customer')],
                'constraints': [models.UniqueConstraint(fields=('workspace_id', 'key'), name='task_once')],
            },
        ),
        migrations.CreateModel(
            name='View',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('public_id', models.CharField(max_length=22, unique=True)),
                ('owner_id', models.BigIntegerField()),
                ('name', models.TextField()),
                ('query', models.TextField()),
                ('is_shared', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace_id', 'owner_id', 'name'), name='view_once')],
            },
        ),
        migrations.RunSQL(ADD, UNDO),
        *(operation for table in TABLES for operation in fence(table)),
    ]
