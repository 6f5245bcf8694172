from django.db import migrations
from django.db.migrations.operations.base import Operation


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0002_promotions")]
    operations: list[Operation] = []
