"""Customers by tag and own attribute, without reading everybody."""

from django.db import migrations

ADD = """
-- Customers without attributes of their own cost nothing here.
CREATE INDEX customers_customer_marks ON customers_customer USING gin (attrs jsonb_path_ops)
WHERE attrs <> '{}';
-- A fence lets only leakproof operators use an index, and containment of JSON is not one. The
-- function looks as its owner and keeps to the workspace of the session by itself.
CREATE FUNCTION customers_marked(wanted jsonb, other jsonb, most integer) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp ROWS 500 AS $$
    SELECT id FROM customers_customer
    WHERE workspace_id = (SELECT regulars_workspace()) AND attrs <> '{}'
      AND (attrs @> wanted OR attrs @> other) LIMIT most
$$;
"""
UNDO = """
DROP FUNCTION customers_marked(jsonb, jsonb, integer);
DROP INDEX customers_customer_marks;
"""


class Migration(migrations.Migration):

    dependencies = [("customers", "0005_cards"), ("store", "0001_ground")]

    operations = [migrations.RunSQL(ADD, UNDO)]
