import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from regulars.store.fences import fence


class Migration(migrations.Migration):

    initial = True

    dependencies = [("store", "0001_ground")]

    operations = [
        migrations.CreateModel(
            name='Campaign',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('public_id', models.CharField(max_length=22, unique=True)),
                ('name', models.TextField()),
                ('state', models.TextField(default='draft')),
                ('segment_id', models.BigIntegerField(null=True)),
                ('rule', models.JSONField(null=True)),
                ('subject', models.TextField(default='')),
                ('source', models.TextField(default='')),
                ('control_share', models.FloatField()),
                ('window_days', models.IntegerField()),
                ('pace_per_hour', models.IntegerField(default=0)),
                ('scheduled_at', models.DateTimeField(null=True)),
                ('launch_number', models.IntegerField(default=0)),
                ('launched_at', models.DateTimeField(null=True)),
                ('template_version_id', models.BigIntegerField(null=True)),
                ('paced_until', models.DateTimeField(null=True)),
                ('audience_count', models.IntegerField(default=0)),
                ('contacted_count', models.IntegerField(default=0)),
                ('control_count', models.IntegerField(default=0)),
                ('excluded_count', models.IntegerField(default=0)),
                ('finished_at', models.DateTimeField(null=True)),
                ('reason', models.TextField(default='')),
                ('create_key', models.TextField(null=True)),
                ('create_hash', models.TextField(default='')),
                ('launch_key', models.TextField(default='')),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['workspace_id', '-id'], name='campaign_newest')],
                'constraints': [models.UniqueConstraint(fields=('workspace_id', 'create_key'), name='campaign_created_once'), models.CheckConstraint(condition=models.Q(('state__in', ['draft', 'scheduled', 'launching', 'sending', 'sent', 'cancelled', 'paused'])), name='campaign_state'), models.CheckConstraint(condition=models.Q(('control_share__gte', 0), ('control_share__lte', 0.5)), name='campaign_control_share')],
            },
        ),
        migrations.CreateModel(
            name='Exclusion',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('customer_id', models.BigIntegerField()),
                ('reason', models.TextField()),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='campaigns.campaign')),
            ],
            options={
                'indexes': [models.Index(fields=['campaign', 'reason', 'id'], name='campaign_exclusion_reason')],
                'constraints': [models.UniqueConstraint(fields=('campaign', 'customer_id'), name='campaign_exclusion_once')],
            },
        ),
        migrations.CreateModel(
            name='Part',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('number', models.IntegerField()),
                ('customer_ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                ('planned_at', models.DateTimeField(null=True)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='campaigns.campaign')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('campaign', 'number'), name='campaign_part_once')],
            },
        ),
        *fence("campaigns_campaign"),
        *fence("campaigns_part"),
        *fence("campaigns_exclusion"),
    ]
