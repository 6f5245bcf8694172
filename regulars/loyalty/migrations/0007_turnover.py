"""What counts towards tiers tells its moment and the points; lots are found by their last day."""

from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0006_lake")]
    operations = [
        migrations.AddField(
            model_name="turnover",
            name="earned",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="turnover",
            name="at",
            field=models.DateTimeField(db_default=Now()),
        ),
        migrations.AddIndex(
            model_name="lot",
            index=models.Index(
                fields=["workspace_id", "expires_at"],
                condition=models.Q(available__gt=0, expires_at__isnull=False),
                name="loyalty_lot_ending",
            ),
        ),
    ]
