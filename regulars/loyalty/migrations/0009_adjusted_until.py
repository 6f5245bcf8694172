from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0008_merged")]
    operations = [
        migrations.AddField(
            model_name="adjustment",
            name="expires_at",
            field=models.DateTimeField(null=True),
        ),
    ]
