from django.db import migrations
from django.db.migrations.operations.base import Operation


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0005_rewards")]
    operations: list[Operation] = []
