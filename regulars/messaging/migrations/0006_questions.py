"""Consents asked for by letter, and the topic a letter is about."""

from django.db import migrations, models

from regulars.store.fences import fence


class Migration(migrations.Migration):
    dependencies = [("messaging", "0005_caught_of_workspace")]

    operations = [
        migrations.AddField("message", "topic", models.TextField(default="", db_default="")),
        migrations.AddField("template", "role", models.TextField(null=True)),
        migrations.AddConstraint(
            "template",
            models.UniqueConstraint(fields=["workspace_id", "role"], name="template_role_once"),
        ),
        migrations.CreateModel(
            name="Question",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("public_id", models.CharField(max_length=22, unique=True)),
                ("key", models.TextField()),
                ("input_hash", models.BinaryField()),
                ("customer_id", models.BigIntegerField()),
                ("channel", models.TextField()),
                ("address_hash", models.BinaryField()),
                ("purpose", models.TextField()),
                ("text_version", models.TextField()),
                ("source", models.TextField()),
                ("asked_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("confirmed_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["workspace_id", "key"], name="question_once")
                ],
                "indexes": [
                    models.Index(
                        fields=["workspace_id", "address_hash", "-asked_at"],
                        name="question_of_address",
                    )
                ],
            },
        ),
        *fence("messaging_question"),
    ]
