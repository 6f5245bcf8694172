from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("segments", "0002_membership")]

    operations = [
        migrations.AddField(
            model_name="segment",
            name="stale_why",
            field=models.TextField(db_default="", default=""),
        ),
        # Null: the clock. Else something happened of this origin, and they wait for their turn.
        migrations.RunSQL(
            "ALTER TABLE segments_due ADD COLUMN origin text",
            "ALTER TABLE segments_due DROP COLUMN origin",
        ),
    ]
