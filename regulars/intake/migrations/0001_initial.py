from django.db import migrations, models


from regulars.store.fences import fence

TABLES = ("intake_import", "intake_rejectedrow")


class Migration(migrations.Migration):

    initial = True

    dependencies = [("store", "0001_ground")]

    operations = [
        migrations.CreateModel(
            name='Import',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('public_id', models.CharField(max_length=22, unique=True)),
                ('kind', models.TextField()),
                ('file_name', models.TextField()),
                ('stored_as', models.TextField(default='')),
                ('state', models.TextField()),
                ('mapping', models.JSONField(default=dict)),
                ('stage', models.TextField(default='')),
                ('rows_done', models.BigIntegerField(default=0)),
                ('rows_total', models.BigIntegerField(null=True)),
                ('counts', models.JSONField(default=dict)),
                ('error_code', models.TextField(default='')),
                ('error_text', models.TextField(default='')),
                ('created_by', models.TextField(default='')),
                ('created_at', models.DateTimeField()),
                ('started_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['workspace_id', '-id'], name='import_by_workspace')],
            },
        ),
        migrations.CreateModel(
            name='RejectedRow',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('import_id', models.BigIntegerField()),
                ('row_no', models.BigIntegerField()),
                ('reason', models.TextField()),
                ('detail', models.TextField(default='')),
                ('raw', models.JSONField()),
            ],
            options={
                'indexes': [models.Index(fields=['import_id', 'row_no'], name='rejected_by_import')],
            },
        ),
        *(operation for table in TABLES for operation in fence(table)),
    ]
