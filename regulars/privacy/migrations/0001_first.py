"""Erasures, tombstones, proofs and exports; who is hidden from the lake."""

import django.contrib.postgres.fields
from django.db import migrations, models

from regulars.lake.sql import TOMBSTONE_DDL
from regulars.store.fences import fence

TABLES = ("privacy_erasure", "privacy_tombstone", "privacy_proof", "privacy_export", "lake_tombstone")


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('store', '0001_ground'),
        ('events', '0002_lake'),
    ]

    operations = [
        migrations.CreateModel(
            name='Erasure',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('public_id', models.CharField(max_length=22, unique=True)),
                ('customer_id', models.BigIntegerField()),
                ('customer_public_id', models.CharField(max_length=22)),
                ('ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                ('state', models.TextField(default='waiting')),
                ('step', models.IntegerField(default=0)),
                ('inbox_upto', models.BigIntegerField()),
                ('counts', models.JSONField(default=dict)),
                ('lake', models.JSONField(default=dict)),
                ('touched', models.JSONField(default=list)),
                ('is_log_clean', models.BooleanField(null=True)),
                ('late', models.JSONField(default=dict)),
                ('is_hurried', models.BooleanField(default=False)),
                ('asked_by', models.TextField()),
                ('asked_at', models.DateTimeField()),
                ('removed_at', models.DateTimeField(null=True)),
                ('folded_at', models.DateTimeField(null=True)),
                ('scrubbed_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['workspace_id', '-id'], name='erasure_newest')],
                'constraints': [models.UniqueConstraint(fields=('workspace_id', 'customer_id'), name='erasure_once')],
            },
        ),
        migrations.CreateModel(
            name='Export',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('public_id', models.CharField(max_length=22, unique=True)),
                ('customer_id', models.BigIntegerField()),
                ('customer_public_id', models.CharField(max_length=22)),
                ('state', models.TextField(default='waiting')),
                ('stored_as', models.TextField(default='')),
                ('size', models.BigIntegerField(default=0)),
                ('counts', models.JSONField(default=dict)),
                ('language', models.CharField(max_length=2)),
                ('asked_by', models.TextField()),
                ('asked_at', models.DateTimeField()),
                ('ready_at', models.DateTimeField(null=True)),
                ('expires_at', models.DateTimeField(null=True)),
                ('key', models.TextField()),
            ],
            options={
                'indexes': [models.Index(fields=['workspace_id', 'customer_id', '-id'], name='person_export_newest'), models.Index(fields=['expires_at'], name='person_export_by_age')],
                'constraints': [models.UniqueConstraint(fields=('workspace_id', 'key'), name='person_export_once')],
            },
        ),
        migrations.CreateModel(
            name='Proof',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('address_hash', models.BinaryField()),
                ('channel', models.TextField()),
                ('purpose', models.TextField()),
                ('state', models.TextField()),
                ('at', models.DateTimeField()),
                ('text_version', models.TextField()),
                ('basis', models.TextField()),
                ('kept_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace_id', 'address_hash', 'channel', 'purpose', 'state', 'at'), name='proof_once')],
            },
        ),
        migrations.CreateModel(
            name='Tombstone',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('customer_id', models.BigIntegerField()),
                ('public_id', models.CharField(max_length=22)),
                ('erasure_id', models.BigIntegerField()),
                ('at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace_id', 'public_id'), name='tombstone_once')],
            },
        ),
        migrations.RunSQL(TOMBSTONE_DDL, "DROP TABLE lake_tombstone"),
        *(operation for table in TABLES for operation in fence(table)),
    ]
