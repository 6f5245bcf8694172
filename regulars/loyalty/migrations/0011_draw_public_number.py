from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0010_card_discount")]
    operations = [
        migrations.AddField(
            model_name="draw",
            name=name,
            field=models.TextField(db_default="", default=""),
        )
        for name in ("public_source", "public_number")
    ]
