from django.db import migrations, models

from regulars.segments.sql import TABLES, UNDO
from regulars.store.fences import fence, versioned

FENCED = (
    "segments_list", "segments_listmember", "segments_upload", "segments_uploadreject",
    "segments_member", "segments_due", "segments_size",
)  # fmt: skip


class Migration(migrations.Migration):

    dependencies = [
        ('segments', '0001_first'),
    ]

    operations = [
        migrations.AddField(
            model_name='segment',
            name='generation',
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='segment',
            name='kept',
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name='segment',
            name='kept_version',
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='segment',
            name='problem',
            field=models.TextField(db_default='', default=''),
        ),
        migrations.AddField(
            model_name='segment',
            name='refreshed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='segment',
            name='size',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='segment',
            name='stale_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='segment',
            name='version',
            field=models.BigIntegerField(db_default=1, default=1),
        ),
        migrations.CreateModel(
            name='List',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('public_id', models.CharField(max_length=22, unique=True)),
                ('slug', models.TextField()),
                ('name', models.TextField()),
                ('size', models.BigIntegerField(default=0)),
                ('create_key', models.TextField(null=True)),
                ('create_hash', models.TextField(default='')),
                ('created_by', models.TextField(default='')),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('archived_at', models.DateTimeField(null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace_id', 'slug'), name='segment_list_slug_once'), models.UniqueConstraint(fields=('workspace_id', 'create_key'), name='segment_list_created_once')],
            },
        ),
        migrations.CreateModel(
            name='ListMember',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('list_id', models.BigIntegerField()),
                ('list', models.TextField()),
                ('customer_id', models.BigIntegerField()),
                ('added_at', models.DateTimeField()),
                ('is_gone', models.BooleanField(default=False)),
            ],
            options={
                'indexes': [models.Index(fields=['customer_id'], name='segment_list_of_customer')],
                'constraints': [models.UniqueConstraint(fields=('list_id', 'customer_id'), name='segment_list_member')],
            },
        ),
        migrations.CreateModel(
            name='Upload',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('public_id', models.CharField(max_length=22, unique=True)),
                ('list_id', models.BigIntegerField()),
                ('file_name', models.TextField(default='')),
                ('rows', models.IntegerField()),
                ('matched', models.IntegerField()),
                ('added', models.IntegerField()),
                ('rejected', models.IntegerField()),
                ('create_key', models.TextField(null=True)),
                ('create_hash', models.TextField()),
                ('created_by', models.TextField(default='')),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['list_id', '-id'], name='segment_upload_by_list')],
                'constraints': [models.UniqueConstraint(fields=('workspace_id', 'create_key'), name='segment_upload_once')],
            },
        ),
        migrations.CreateModel(
            name='UploadReject',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('upload_id', models.BigIntegerField()),
                ('row_no', models.IntegerField()),
                ('value', models.TextField()),
                ('reason', models.TextField()),
            ],
            options={
                'indexes': [models.Index(fields=['upload_id', 'row_no'], name='segment_reject_by_row')],
            },
        ),
        migrations.RunSQL(TABLES, UNDO),
        *(operation for table in FENCED for operation in fence(table)),
        *versioned("segments_listmember"),
    ]
