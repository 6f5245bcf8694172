"""Messages that are held back, and those that the server put off, each findable at once."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0001_messages")]

    operations = [
        migrations.AddField(
            model_name="message", name="held_at", field=models.DateTimeField(null=True)
        ),
        migrations.RemoveIndex(model_name="message", name="message_due"),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                fields=["workspace_id", "is_marketing", "due_at", "id"],
                condition=models.Q(state__in=("planned", "deferred"), held_at__isnull=True),
                name="message_due",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["workspace_id", "campaign_id", "id"], name="message_of_campaign"),
        ),
    ]
