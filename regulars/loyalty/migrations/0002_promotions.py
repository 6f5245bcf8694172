from django.db import migrations
from django.db.migrations.operations.base import Operation


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0001_ledger")]
    operations: list[Operation] = []
