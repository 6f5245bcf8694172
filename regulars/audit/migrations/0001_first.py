"""The audit trail: lines that are only ever added, and their seals."""

from django.db import migrations, models

from regulars.store.fences import append_only

TABLES = ("audit_entry", "audit_waiting")
ENGINES = ("audit_link", "audit_head", "audit_checkpoint")


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('store', '0001_ground'),
    ]

    operations = [
        migrations.CreateModel(
            name='Waiting',
            fields=[
                ('entry_id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='Checkpoint',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('place', models.BigIntegerField()),
                ('seal', models.BinaryField()),
                ('signature', models.BinaryField()),
                ('at', models.DateTimeField()),
                ('before', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace_id', 'place'), name='audit_checkpoint_once')],
            },
        ),
        migrations.CreateModel(
            name='Entry',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('at', models.DateTimeField()),
                ('actor_kind', models.TextField()),
                ('actor', models.TextField()),
                ('door', models.TextField()),
                ('act', models.TextField()),
                ('object_kind', models.TextField()),
                ('object_id', models.TextField()),
                ('fields', models.JSONField()),
                ('number', models.BigIntegerField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['workspace_id', '-id'], name='audit_newest'), models.Index(fields=['workspace_id', 'object_id', '-id'], name='audit_by_object')],
            },
        ),
        migrations.CreateModel(
            name='Head',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('place', models.BigIntegerField()),
                ('seal', models.BinaryField()),
                ('signature', models.BinaryField()),
                ('at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace_id',), name='audit_head_once')],
            },
        ),
        migrations.CreateModel(
            name='Link',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('place', models.BigIntegerField()),
                ('entry_id', models.BigIntegerField()),
                ('content', models.BinaryField()),
                ('seal', models.BinaryField()),
            ],
            options={
                'indexes': [models.Index(fields=['workspace_id', 'entry_id'], name='audit_link_of_entry')],
                'constraints': [models.UniqueConstraint(fields=('workspace_id', 'place'), name='audit_link_once')],
            },
        ),
        *(operation for table in TABLES for operation in append_only(table)),
        *(operation for table in ENGINES for operation in append_only(table, by_engine=True)),
    ]
