from django.db import migrations, models

from regulars.store.fences import fence


class Migration(migrations.Migration):

    initial = True

    dependencies = [("store", "0001_ground")]

    operations = [
        migrations.CreateModel(
            name='Segment',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('workspace_id', models.BigIntegerField()),
                ('public_id', models.CharField(max_length=22, unique=True)),
                ('slug', models.TextField()),
                ('name', models.TextField()),
                ('description', models.TextField(default='')),
                ('rule', models.JSONField()),
                ('counted', models.BigIntegerField(null=True)),
                ('counted_at', models.DateTimeField(null=True)),
                ('create_key', models.TextField(null=True)),
                ('create_hash', models.TextField(default='')),
                ('created_by', models.TextField(default='')),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('archived_at', models.DateTimeField(null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace_id', 'slug'), name='segment_slug_once'), models.UniqueConstraint(fields=('workspace_id', 'create_key'), name='segment_created_once')],
            },
        ),
        *fence("segments_segment"),
    ]
