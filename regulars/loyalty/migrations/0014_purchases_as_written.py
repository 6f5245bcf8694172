from django.db import migrations

# Written once and read whole: PostgreSQL need not take the text apart and put it together again,
# which was a third of what a hold cost it.
AS = """
ALTER TABLE loyalty_purchase
  ALTER COLUMN cart TYPE {type} USING cart::{type},
  ALTER COLUMN result TYPE {type} USING result::{type}
"""


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0013_spent_codes")]
    operations = [
        migrations.RunSQL(AS.format(type="json"), reverse_sql=AS.format(type="jsonb")),
    ]
