import django.db.models.deletion
import regulars.kernel.ids
from django.conf import settings
from django.db import migrations, models

from regulars.store.fences import fence


class Migration(migrations.Migration):

    initial = True

    dependencies = [("store", "0001_ground")]

    operations = [
        migrations.CreateModel(
            name='User',
            fields=[
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('email', models.EmailField(max_length=254, unique=True)),
                ('name', models.CharField(blank=True, max_length=120)),
                ('language', models.CharField(blank=True, max_length=2)),
                ('is_active', models.BooleanField(default=True)),
                ('date_joined', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='ApiKey',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('name', models.CharField(max_length=120)),
                ('scope', models.CharField(max_length=10)),
                ('hint', models.CharField(max_length=12)),
                ('key_hash', models.CharField(max_length=64, unique=True)),
                ('created_at', models.DateTimeField()),
                ('revoked_at', models.DateTimeField(null=True)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Workspace',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('public_id', models.CharField(default=regulars.kernel.ids.new_public_id, max_length=22, unique=True)),
                ('slug', models.SlugField(max_length=60, unique=True)),
                ('name', models.CharField(max_length=120)),
                ('currency', models.CharField(max_length=3)),
                ('time_zone', models.CharField(max_length=64)),
                ('language', models.CharField(max_length=2)),
                ('region', models.CharField(max_length=2)),
                ('secret', models.CharField(max_length=43)),
                ('created_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('role', models.CharField(choices=[('owner', 'owner'), ('marketer', 'marketer'), ('analyst', 'analyst'), ('shop_manager', 'shop_manager'), ('cashier', 'cashier'), ('support', 'support'), ('order_manager', 'order_manager')], max_length=20)),
                ('created_at', models.DateTimeField()),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace_id', 'user'), name='membership_once')],
            },
        ),
        *fence(
            "workspaces_workspace",
            column="id",
            also="id IN (SELECT workspace_id FROM workspaces_membership WHERE user_id ="
            " nullif(current_setting('regulars.user', true), '')::bigint)",
        ),
        *fence(
            "workspaces_membership",
            also="user_id = nullif(current_setting('regulars.user', true), '')::bigint",
        ),
        *fence(
            "workspaces_apikey", also="key_hash = current_setting('regulars.key_hash', true)"
        ),
    ]
