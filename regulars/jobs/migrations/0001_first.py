from django.db import migrations, models

from regulars.store.fences import fence


class Migration(migrations.Migration):

    initial = True

    dependencies = [("store", "0001_ground")]

    operations = [
        migrations.CreateModel(
            name='Job',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('kind', models.CharField(max_length=40)),
                ('key', models.CharField(max_length=200)),
                ('payload', models.JSONField(default=dict)),
                ('state', models.CharField(default='waiting', max_length=10)),
                ('due_at', models.DateTimeField()),
                ('leased_until', models.DateTimeField(null=True)),
                ('token', models.IntegerField(default=0)),
                ('attempts', models.IntegerField(default=0)),
                ('progress', models.JSONField(default=dict)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('created_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state__in', ['waiting', 'running'])), fields=['due_at', 'id'], name='job_due')],
                'constraints': [models.UniqueConstraint(fields=('workspace_id', 'kind', 'key'), name='job_once')],
            },
        ),
        *fence("jobs_job"),
    ]
