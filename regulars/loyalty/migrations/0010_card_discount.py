from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0009_adjusted_until")]
    operations = [
        migrations.AddField(
            model_name="card",
            name="discount",
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddConstraint(
            model_name="card",
            constraint=models.CheckConstraint(
                condition=models.Q(("discount__gte", 0), ("discount__lte", 10000)),
                name="loyalty_card_discount",
            ),
        ),
    ]
