from django.db import migrations
from django.db.migrations.operations.base import Operation


class Migration(migrations.Migration):
    initial = True
    dependencies = [("store", "0001_ground")]
    operations: list[Operation] = []
