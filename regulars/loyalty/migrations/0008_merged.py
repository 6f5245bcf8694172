from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0007_turnover")]
    operations = [
        migrations.AddIndex(
            model_name="member",
            index=models.Index(
                condition=models.Q(("merged_into__isnull", False)),
                fields=["merged_into"],
                name="loyalty_member_merged",
            ),
        ),
    ]
