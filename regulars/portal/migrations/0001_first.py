
from django.db import migrations, models

from regulars.store.fences import fence


class Migration(migrations.Migration):

    initial = True

    dependencies = [("store", "0001_ground")]

    operations = [
        migrations.CreateModel(
            name='Challenge',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('public_id', models.CharField(max_length=22, unique=True)),
                ('channel', models.TextField()),
                ('customer_id', models.BigIntegerField(null=True)),
                ('language', models.CharField(max_length=2)),
                ('asked_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('tries', models.IntegerField(default=0)),
                ('used_at', models.DateTimeField(null=True)),
                ('planned_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('planned_at__isnull', True)), fields=['workspace_id', 'id'], name='portal_challenge_new'), models.Index(fields=['expires_at'], name='portal_challenge_by_age'), models.Index(fields=['workspace_id', 'customer_id'], name='portal_challenge_of')],
            },
        ),
        migrations.CreateModel(
            name='Limit',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('what', models.BinaryField()),
                ('window_at', models.DateTimeField()),
                ('count', models.IntegerField()),
            ],
            options={
                'indexes': [models.Index(fields=['window_at'], name='portal_limit_by_age')],
                'constraints': [models.UniqueConstraint(fields=('workspace_id', 'what', 'window_at'), name='portal_limit_once')],
            },
        ),
        migrations.CreateModel(
            name='Session',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('public_id', models.CharField(max_length=22, unique=True)),
                ('token_hash', models.BinaryField(unique=True)),
                ('customer_id', models.BigIntegerField()),
                ('device', models.TextField(default='')),
                ('created_at', models.DateTimeField()),
                ('seen_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['workspace_id', 'customer_id'], name='portal_session_of'), models.Index(fields=['expires_at'], name='portal_session_by_age')],
            },
        ),
        migrations.CreateModel(
            name='Setting',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('slug', models.TextField(unique=True)),
                ('is_open', models.BooleanField(default=False)),
                ('origins', models.JSONField(default=list)),
                ('updated_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace_id',), name='portal_setting_once')],
            },
        ),
        # Whoever knows the name of an account may read whose it is.
        *fence("portal_setting", also="slug = current_setting('regulars.portal', true)"),
        *fence("portal_challenge"),
        *fence("portal_session"),
        *fence("portal_limit"),
    ]
