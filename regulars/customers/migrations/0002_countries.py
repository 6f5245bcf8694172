"""The countries of a list's filter are found by an index instead of by reading everybody."""

from django.db import migrations

ADD = """
CREATE INDEX customers_customer_country ON customers_customer (workspace_id, country)
WHERE merged_into IS NULL
"""


class Migration(migrations.Migration):

    dependencies = [("customers", "0001_initial")]

    operations = [migrations.RunSQL(ADD, "DROP INDEX customers_customer_country")]
