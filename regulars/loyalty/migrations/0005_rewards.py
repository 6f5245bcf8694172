import django.db.models.expressions
from django.db import migrations, models

from regulars.store.fences import append_only, fence


# A closed period takes no more lines and is never opened again, whoever asks.
CLOSED = """
CREATE FUNCTION loyalty_settlement_is_open() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM loyalty_settlement WHERE id = NEW.settlement_id AND state = 'open' FOR SHARE;
  IF NOT FOUND THEN RAISE EXCEPTION 'the settlement period is closed'; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER loyalty_partnerline_open BEFORE INSERT ON loyalty_partnerline
  FOR EACH ROW EXECUTE FUNCTION loyalty_settlement_is_open();
CREATE FUNCTION loyalty_settlement_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state = 'closed' THEN RAISE EXCEPTION 'the settlement period is closed'; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER loyalty_settlement_stays BEFORE UPDATE ON loyalty_settlement
  FOR EACH ROW EXECUTE FUNCTION loyalty_settlement_stays();
"""
CLOSED_BACK = """
DROP TRIGGER loyalty_settlement_stays ON loyalty_settlement;
DROP FUNCTION loyalty_settlement_stays();
DROP TRIGGER loyalty_partnerline_open ON loyalty_partnerline;
DROP FUNCTION loyalty_settlement_is_open();
"""


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0004_codes")]

    operations = [
        migrations.CreateModel(
            name="Activity",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("public_id", models.CharField(max_length=22, unique=True)),
                ("name", models.TextField()),
                ("kind", models.TextField()),
                ("state", models.TextField(default="draft")),
                ("settings", models.JSONField(default=dict)),
                ("currency", models.TextField(default="")),
                ("points", models.BigIntegerField(default=0)),
                ("per_member_max", models.IntegerField(null=True)),
                ("total_max", models.IntegerField(null=True)),
                ("period", models.TextField(default="all")),
                ("starts_at", models.DateTimeField(null=True)),
                ("ends_at", models.DateTimeField(null=True)),
                ("create_key", models.TextField(null=True)),
                ("create_hash", models.TextField(default="")),
                ("created_by", models.TextField(default="")),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "db_table": "loyalty_activity",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace_id", "create_key"), name="loyalty_activity_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ActivityCount",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("activity_id", models.BigIntegerField()),
                ("member_id", models.BigIntegerField()),
                ("period_on", models.DateField()),
                ("taken", models.IntegerField()),
            ],
            options={
                "db_table": "loyalty_activitycount",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace_id", "activity_id", "member_id", "period_on"),
                        name="loyalty_activitycount_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Card",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("public_id", models.CharField(max_length=22, unique=True)),
                ("member_id", models.BigIntegerField()),
                ("number", models.TextField()),
                ("state", models.TextField(default="active")),
                ("reason", models.TextField(default="")),
                ("replaced_by_id", models.BigIntegerField(null=True)),
                ("secret", models.TextField()),
                ("pass_token_hash", models.TextField()),
                ("issue_key", models.TextField(null=True)),
                ("issued_by", models.TextField(default="")),
                ("issued_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
            ],
            options={
                "db_table": "loyalty_card",
                "indexes": [models.Index(fields=["member_id", "-id"], name="loyalty_card_of")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace_id", "number"), name="loyalty_card_number"
                    ),
                    models.UniqueConstraint(
                        fields=("workspace_id", "issue_key"), name="loyalty_card_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["active", "blocked", "replaced"])),
                        name="loyalty_card_state",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CoalitionPlace",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("place", models.BigIntegerField()),
            ],
            options={
                "db_table": "loyalty_coalitionplace",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace_id",), name="loyalty_coalitionplace_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Draw",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("public_id", models.CharField(max_length=22, unique=True)),
                ("activity_id", models.BigIntegerField()),
                ("prizes", models.IntegerField()),
                ("closes_at", models.DateTimeField()),
                ("seed_hash", models.TextField()),
                ("seed", models.TextField()),
                ("state", models.TextField(default="committed")),
                ("tickets_hash", models.TextField(default="")),
                ("tickets", models.IntegerField(default=0)),
                ("winners", models.JSONField(default=list)),
                ("key", models.TextField()),
                ("created_by", models.TextField(default="")),
                ("created_at", models.DateTimeField()),
                ("drawn_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "loyalty_draw",
                "indexes": [models.Index(fields=["activity_id", "-id"], name="loyalty_draw_of")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace_id", "key"), name="loyalty_draw_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Entrance",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("public_id", models.CharField(max_length=22, unique=True)),
                ("activity_id", models.BigIntegerField()),
                ("member_id", models.BigIntegerField()),
                ("key", models.TextField()),
                ("body_hash", models.TextField()),
                ("state", models.TextField()),
                ("said", models.JSONField(default=dict)),
                ("outcome", models.JSONField(default=dict)),
                ("points", models.BigIntegerField(default=0)),
                ("period_on", models.DateField()),
                ("at", models.DateTimeField()),
                ("once", models.TextField(null=True)),
                ("reason", models.TextField(default="")),
                ("decided_by", models.TextField(default="")),
                ("decided_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "loyalty_entrance",
                "indexes": [
                    models.Index(fields=["activity_id", "id"], name="loyalty_entrance_of"),
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["workspace_id", "id"],
                        name="loyalty_entrance_waiting",
                    ),
                    models.Index(fields=["member_id", "-id"], name="loyalty_entrance_member"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace_id", "key"), name="loyalty_entrance_key"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("once__isnull", False)),
                        fields=("workspace_id", "once"),
                        name="loyalty_entrance_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Partner",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("public_id", models.CharField(max_length=22, unique=True)),
                ("slug", models.TextField()),
                ("name", models.TextField()),
                ("cost_minor_per_100", models.BigIntegerField()),
                ("state", models.TextField(default="active")),
                ("created_by", models.TextField(default="")),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "db_table": "loyalty_partner",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace_id", "slug"), name="loyalty_partner_slug_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("cost_minor_per_100__gte", 0)),
                        name="loyalty_partner_cost",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PartnerLine",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("settlement_id", models.BigIntegerField()),
                ("partner_id", models.BigIntegerField()),
                ("issuer_id", models.BigIntegerField()),
                ("txn_id", models.BigIntegerField()),
                ("kind", models.TextField()),
                ("points", models.BigIntegerField()),
                ("amount_minor", models.BigIntegerField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "db_table": "loyalty_partnerline",
                "indexes": [models.Index(fields=["settlement_id"], name="loyalty_partnerline_of")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace_id", "txn_id", "kind", "partner_id", "issuer_id"),
                        name="loyalty_partnerline_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PartnerLot",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("lot_id", models.BigIntegerField()),
                ("partner_id", models.BigIntegerField()),
                ("points", models.BigIntegerField()),
                ("cost_minor", models.BigIntegerField()),
                ("revoked", models.BigIntegerField(default=0)),
                ("redeemed", models.BigIntegerField(default=0)),
                ("source_lot", models.BigIntegerField(null=True)),
            ],
            options={
                "db_table": "loyalty_partnerlot",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace_id", "lot_id"), name="loyalty_partnerlot_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PartnerShop",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("partner_id", models.BigIntegerField()),
                ("shop", models.TextField()),
            ],
            options={
                "db_table": "loyalty_partnershop",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace_id", "shop"), name="loyalty_partnershop_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PassDevice",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("card_id", models.BigIntegerField()),
                ("device", models.TextField()),
                ("push_token", models.TextField()),
                ("registered_at", models.DateTimeField()),
                ("pushed_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "loyalty_passdevice",
                "indexes": [models.Index(fields=["card_id"], name="loyalty_passdevice_of")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace_id", "device", "card_id"), name="loyalty_passdevice_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Referral",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("public_id", models.CharField(max_length=22, unique=True)),
                ("inviter_id", models.BigIntegerField()),
                ("friend_id", models.BigIntegerField()),
                ("state", models.TextField(default="invited")),
                ("reasons", models.JSONField(default=list)),
                ("device_hash", models.TextField(default="")),
                ("purchase", models.TextField(default="")),
                ("amount_minor", models.BigIntegerField(null=True)),
                ("bought_at", models.DateTimeField(null=True)),
                ("due_at", models.DateTimeField(null=True)),
                ("inviter_points", models.BigIntegerField(default=0)),
                ("friend_points", models.BigIntegerField(default=0)),
                ("decided_by", models.TextField(default="")),
                ("at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
            ],
            options={
                "db_table": "loyalty_referral",
                "indexes": [
                    models.Index(fields=["workspace_id", "-id"], name="loyalty_referral_new"),
                    models.Index(fields=["inviter_id", "-id"], name="loyalty_referral_of"),
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["due_at"],
                        name="loyalty_referral_due",
                    ),
                    models.Index(
                        condition=models.Q(("device_hash", ""), _negated=True),
                        fields=["workspace_id", "device_hash"],
                        name="loyalty_referral_device",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace_id", "friend_id"), name="loyalty_referral_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["invited", "waiting", "completed", "refused"])
                        ),
                        name="loyalty_referral_state",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReferralCode",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("member_id", models.BigIntegerField()),
                ("code", models.TextField()),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "db_table": "loyalty_referralcode",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace_id", "member_id"), name="loyalty_referralcode_of"
                    ),
                    models.UniqueConstraint(
                        fields=("workspace_id", "code"), name="loyalty_referralcode_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReferralTerms",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("is_open", models.BooleanField(default=False)),
                ("currency", models.TextField(default="")),
                ("inviter_points", models.BigIntegerField(default=0)),
                ("friend_points", models.BigIntegerField(default=0)),
                ("cheque_minor_min", models.BigIntegerField(default=0)),
                ("wait_days", models.IntegerField(default=14)),
                ("invited_max", models.IntegerField(default=10)),
                ("period", models.TextField(default="month")),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "db_table": "loyalty_referralterms",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace_id",), name="loyalty_referralterms_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Reward",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("public_id", models.CharField(max_length=22, unique=True)),
                ("name", models.TextField()),
                ("description", models.TextField(default="")),
                ("currency", models.TextField()),
                ("points", models.BigIntegerField()),
                ("stock", models.IntegerField(null=True)),
                ("per_member_max", models.IntegerField(null=True)),
                ("promotion_slug", models.TextField(default="")),
                ("state", models.TextField(default="active")),
                ("starts_at", models.DateTimeField(null=True)),
                ("ends_at", models.DateTimeField(null=True)),
                ("create_key", models.TextField(null=True)),
                ("create_hash", models.TextField(default="")),
                ("created_by", models.TextField(default="")),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "db_table": "loyalty_reward",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace_id", "create_key"), name="loyalty_reward_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("stock__isnull", True), ("stock__gte", 0), _connector="OR"
                        ),
                        name="loyalty_reward_stock",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("points__gt", 0)), name="loyalty_reward_points"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RewardOrder",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("public_id", models.CharField(max_length=22, unique=True)),
                ("reward_id", models.BigIntegerField()),
                ("member_id", models.BigIntegerField()),
                ("quantity", models.IntegerField()),
                ("currency", models.TextField()),
                ("points", models.BigIntegerField()),
                ("state", models.TextField(default="ordered")),
                ("code", models.TextField(default="")),
                ("reason", models.TextField(default="")),
                ("key", models.TextField()),
                ("body_hash", models.TextField()),
                ("at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                ("changed_by", models.TextField(default="")),
            ],
            options={
                "db_table": "loyalty_rewardorder",
                "indexes": [
                    models.Index(fields=["workspace_id", "-id"], name="loyalty_rewardorder_new"),
                    models.Index(fields=["reward_id", "member_id"], name="loyalty_rewardorder_of"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace_id", "key"), name="loyalty_rewardorder_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["ordered", "ready", "handed_over", "cancelled"])
                        ),
                        name="loyalty_rewardorder_state",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Settlement",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("public_id", models.CharField(max_length=22, unique=True)),
                ("number", models.IntegerField()),
                ("state", models.TextField(default="open")),
                ("opened_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                ("closed_by", models.TextField(default="")),
                ("lines_hash", models.TextField(default="")),
            ],
            options={
                "db_table": "loyalty_settlement",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace_id", "number"), name="loyalty_settlement_number"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "open")),
                        fields=("workspace_id",),
                        name="loyalty_settlement_open",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Wallet",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("organisation", models.TextField(default="")),
                ("colour", models.TextField(default="")),
                ("apple_pass_type", models.TextField(default="")),
                ("apple_team", models.TextField(default="")),
                ("apple_certificate", models.TextField(default="")),
                ("apple_key", models.TextField(default="")),
                ("apple_authority", models.TextField(default="")),
                ("google_issuer", models.TextField(default="")),
                ("google_email", models.TextField(default="")),
                ("google_key", models.TextField(default="")),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "db_table": "loyalty_wallet",
                "constraints": [
                    models.UniqueConstraint(fields=("workspace_id",), name="loyalty_wallet_once")
                ],
            },
        ),
        *fence("loyalty_card"),
        *fence("loyalty_wallet"),
        *fence("loyalty_passdevice"),
        *fence("loyalty_reward"),
        *fence("loyalty_rewardorder"),
        *fence("loyalty_referralterms"),
        *fence("loyalty_referralcode"),
        *fence("loyalty_referral"),
        *fence("loyalty_activity"),
        *fence("loyalty_entrance"),
        *fence("loyalty_activitycount"),
        *fence("loyalty_draw"),
        *fence("loyalty_partner"),
        *fence("loyalty_partnershop"),
        *fence("loyalty_settlement"),
        *fence("loyalty_partnerlot"),
        *fence("loyalty_coalitionplace"),
        *append_only("loyalty_partnerline"),
        migrations.RunSQL(CLOSED, CLOSED_BACK),
    ]
