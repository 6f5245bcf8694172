"""Sites with public keys, their visits, and forms of landing pages."""

from django.db import migrations, models

from regulars.store.fences import fence

TABLES = ("intake_site", "intake_session", "intake_form")


class Migration(migrations.Migration):

    dependencies = [
        ('intake', '0002_seen'),
    ]

    operations = [
        migrations.CreateModel(
            name='Form',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('public_id', models.CharField(max_length=22, unique=True)),
                ('name', models.TextField()),
                ('kind', models.TextField()),
                ('language', models.TextField()),
                ('fields', models.JSONField(default=list)),
                ('button', models.TextField(default='')),
                ('thanks', models.TextField(default='')),
                ('consent_text', models.TextField(default='')),
                ('consent_version', models.IntegerField(default=1)),
                ('topic', models.TextField(default='')),
                ('product_sku', models.TextField(default='')),
                ('redirect_url', models.TextField(default='')),
                ('domains', models.JSONField(default=list)),
                ('created_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(null=True)),
                ('submitted_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['workspace_id', 'id'], name='form_by_workspace')],
            },
        ),
        migrations.CreateModel(
            name='Session',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('public_id', models.CharField(max_length=22, unique=True)),
                ('site_id', models.BigIntegerField()),
                ('visitor', models.TextField()),
                ('started_at', models.DateTimeField()),
                ('last_at', models.DateTimeField()),
                ('is_marked', models.BooleanField()),
                ('source', models.TextField()),
                ('medium', models.TextField()),
                ('campaign', models.TextField()),
                ('term', models.TextField()),
                ('content', models.TextField()),
                ('click', models.TextField()),
                ('hits', models.IntegerField()),
            ],
            options={
                'indexes': [models.Index(fields=['site_id', 'visitor', 'last_at'], name='session_by_visitor'), models.Index(fields=['last_at'], name='session_by_age')],
            },
        ),
        migrations.CreateModel(
            name='Site',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('public_id', models.CharField(max_length=22, unique=True)),
                ('name', models.TextField()),
                ('key', models.TextField(unique=True)),
                ('domains', models.JSONField(default=list)),
                ('consent_mode', models.TextField()),
                ('created_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(null=True)),
                ('loaded_at', models.DateTimeField(null=True)),
                ('event_at', models.DateTimeField(null=True)),
                ('event_kind', models.TextField(default='')),
                ('refused_at', models.DateTimeField(null=True)),
                ('refused_origin', models.TextField(default='')),
            ],
            options={
                'indexes': [models.Index(fields=['workspace_id', 'id'], name='site_by_workspace')],
            },
        ),
        *(operation for table in TABLES for operation in fence(table)),
    ]
