"""Functions the fences stand on."""

from django.db import migrations

FUNCTIONS = """
CREATE FUNCTION regulars_workspace() RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
    given text := current_setting('regulars.workspace', true);
BEGIN
    IF given IS NULL OR given = '' THEN
        IF current_setting('regulars.strict', true) = 'on'
            AND coalesce(current_setting('regulars.user', true), '') = ''
            AND coalesce(current_setting('regulars.key_hash', true), '') = ''
            AND NOT regulars_is_engine() THEN
            RAISE EXCEPTION 'a query without a workspace: wrap it in store.scope.scope()';
        END IF;
        RETURN NULL;
    END IF;
    RETURN given::bigint;
END $$;

-- The role engine is trusted by name; on a server of one user by the session's own word.
CREATE FUNCTION regulars_is_engine() RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT current_user = current_database() || '_engine'
        OR (current_setting('regulars.role', true) IS NOT DISTINCT FROM 'engine'
            AND current_user <> current_database() || '_app')
        OR (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
$$;

CREATE FUNCTION regulars_renew_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.xid := pg_current_xact_id();
    RETURN NEW;
END $$;
"""

UNDO = """
DROP FUNCTION regulars_renew_version();
DROP FUNCTION regulars_workspace();
DROP FUNCTION regulars_is_engine();
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.RunSQL(FUNCTIONS, UNDO)]
