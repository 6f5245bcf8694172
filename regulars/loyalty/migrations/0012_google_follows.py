from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0011_draw_public_number")]
    operations = [
        migrations.AddField(
            model_name="card",
            name="google_given_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="card",
            name="google_told_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="card",
            index=models.Index(
                condition=models.Q(("google_told_at__lt", models.F("changed_at"))),
                fields=["workspace_id", "id"],
                name="loyalty_card_google_behind",
            ),
        ),
        migrations.AddField(
            model_name="wallet",
            name="google_fault",
            field=models.TextField(db_default="", default=""),
        ),
        migrations.AddField(
            model_name="wallet",
            name="google_rests_until",
            field=models.DateTimeField(null=True),
        ),
    ]
