import django.db.models.expressions
from django.db import migrations, models

from regulars.store.fences import fence

TABLES = (
    "loyalty_till",
    "loyalty_purchase",
    "loyalty_return",
    "loyalty_answer",
    "loyalty_usage",
    "loyalty_burncode",
)


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0002_promotions")]
    operations = [
        migrations.CreateModel(
            name='Till',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('public_id', models.CharField(max_length=22, unique=True)),
                ('key_id', models.BigIntegerField(unique=True)),
                ('name', models.TextField()),
                ('shop', models.TextField(default='')),
                ('till', models.TextField(default='')),
                ('channel', models.TextField(default='till')),
                ('created_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['workspace_id', '-id'], name='till_by_workspace')],
            },
        ),
        migrations.CreateModel(
            name='Purchase',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('purchase_id', models.TextField()),
                ('state', models.TextField()),
                ('member_id', models.BigIntegerField(null=True)),
                ('customer_id', models.BigIntegerField(null=True)),
                ('shop', models.TextField()),
                ('till', models.TextField()),
                ('cashier', models.TextField()),
                ('channel', models.TextField()),
                ('currency', models.TextField()),
                ('to_pay_minor', models.BigIntegerField(default=0)),
                ('rules_version', models.BigIntegerField(default=0)),
                ('occurred_at', models.DateTimeField()),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('confirmed_at', models.DateTimeField(null=True)),
                ('expires_at', models.DateTimeField(null=True)),
                ('hold_hash', models.TextField(default='')),
                ('confirm_hash', models.TextField(default='')),
                ('cart_hash', models.TextField(default='')),
                ('cart', models.JSONField(default=dict)),
                ('result', models.JSONField(default=dict)),
                ('flags', models.JSONField(default=list)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'held')), fields=['expires_at'], name='purchase_by_expiry'), models.Index(fields=['workspace_id', '-created_at', '-id'], name='purchase_by_time'), models.Index(fields=['workspace_id', 'member_id', '-created_at'], name='purchase_by_member')],
                'constraints': [models.UniqueConstraint(fields=('workspace_id', 'purchase_id'), name='purchase_once')],
            },
        ),
        migrations.CreateModel(
            name='Return',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('return_id', models.TextField()),
                ('purchase_id', models.TextField()),
                ('state', models.TextField()),
                ('body_hash', models.TextField()),
                ('shop', models.TextField()),
                ('till', models.TextField()),
                ('cashier', models.TextField()),
                ('occurred_at', models.DateTimeField()),
                ('created_at', models.DateTimeField()),
                ('body', models.JSONField(default=dict)),
                ('result', models.JSONField(default=dict)),
            ],
            options={
                'indexes': [models.Index(fields=['workspace_id', 'purchase_id', 'id'], name='return_by_purchase')],
                'constraints': [models.UniqueConstraint(fields=('workspace_id', 'return_id'), name='return_once')],
            },
        ),
        migrations.CreateModel(
            name='Answer',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('operation', models.TextField()),
                ('natural_key', models.TextField()),
                ('body_hash', models.TextField()),
                ('body', models.TextField()),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['created_at'], name='answer_by_time')],
                'constraints': [models.UniqueConstraint(fields=('workspace_id', 'operation', 'natural_key'), name='answer_once')],
            },
        ),
        migrations.CreateModel(
            name='LimitUse',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('limit_key', models.TextField()),
                ('limit_value', models.BigIntegerField()),
                ('reserved', models.BigIntegerField(default=0)),
                ('used', models.BigIntegerField(default=0)),
                ('updated_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'loyalty_usage',
                'constraints': [models.UniqueConstraint(fields=('workspace_id', 'limit_key'), name='usage_once'), models.CheckConstraint(condition=models.Q(('reserved__gte', 0), ('used__gte', 0)), name='usage_not_below_zero'), models.CheckConstraint(condition=models.Q(('limit_value__gte', django.db.models.expressions.CombinedExpression(models.F('reserved'), '+', models.F('used')))), name='usage_in_limit')],
            },
        ),
        migrations.CreateModel(
            name='BurnCode',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('public_id', models.CharField(max_length=22, unique=True)),
                ('member_id', models.BigIntegerField()),
                ('tries_left', models.IntegerField()),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('used_by', models.TextField(default='')),
            ],
            options={
                'indexes': [models.Index(fields=['workspace_id', 'member_id', '-id'], name='burn_code_by_member'), models.Index(fields=['expires_at'], name='burn_code_by_expiry')],
            },
        ),
        *(operation for table in TABLES for operation in fence(table)),
    ]
