"""Addresses of the room's pages."""

from __future__ import annotations

from django.urls import URLPattern, path

from regulars.loyalty.pages import (
    activities,
    adjustments,
    card_public,
    cashier,
    coalition,
    codes,
    gift_cards,
    ledger,
    liability,
    member_cards,
    programme,
    promotions,
    purchases,
    referrals,
    replays,
    rewards,
    tiers,
    tills,
    trying,
)
from regulars.loyalty.wallet import service

app_name = "loyalty"

# Holders of cards and their phones: no sign-in.
_open: list[URLPattern] = [
    path("card/<str:token>", card_public.card, name="card_public"),
    path("card/<str:token>/apple", card_public.card_apple, name="card_apple"),
    path("card/<str:token>/google", card_public.card_google, name="card_google"),
    path(
        "wallet/<int:workspace_id>/v1/devices/<str:device>/registrations/<str:pass_type>/<str:serial>",
        service.registration,
        name="pass_registration",
    ),
    path(
        "wallet/<int:workspace_id>/v1/devices/<str:device>/registrations/<str:pass_type>",
        service.changed,
        name="pass_changed",
    ),
    path(
        "wallet/<int:workspace_id>/v1/passes/<str:pass_type>/<str:serial>",
        service.newest,
        name="pass_newest",
    ),
    path("wallet/<int:workspace_id>/v1/log", service.log, name="pass_log"),
]
# The programme, its books and what is owed.
_books: list[URLPattern] = [
    path("programme", programme.programme, name="programme"),
    path("programme/open", programme.set_open, name="programme_open"),
    path("programme/earning/new", programme.rule, name="new_rule"),
    path("programme/earning/<str:rule_id>", programme.rule, name="rule"),
    path("programme/<str:part>", programme.part, name="programme_part"),
    path("tiers", tiers.tiers, name="tiers"),
    path("tiers/rules", tiers.policy, name="tier_policy"),
    path("tiers/new", tiers.tier, name="new_tier"),
    path("tiers/<str:slug>", tiers.tier, name="tier"),
    path("ledger", ledger.ledger, name="ledger"),
    path("ledger/by-hand", adjustments.listing, name="adjustments"),
    path("ledger/by-hand/<str:public_id>/decide", adjustments.decide, name="decide"),
    path("ledger/<int:number>", ledger.transaction, name="transaction"),
    path("members/<str:public_id>/adjust", adjustments.adjust, name="adjust"),
    path("liability", liability.liability, name="liability"),
    path("signs-of-fraud", liability.frauds, name="frauds"),
]
# Promotions, a cart to try and past receipts priced anew.
_promotions: list[URLPattern] = [
    path("promotions", promotions.listing, name="promotions"),
    path("promotions/new", promotions.edit, name="new_promotion"),
    path("promotions/<slug:slug>", promotions.one, name="promotion"),
    path("promotions/<slug:slug>/edit", promotions.edit, name="edit_promotion"),
    path("promotions/<slug:slug>/move", promotions.move, name="move_promotion"),
    path("try", trying.page, name="simulator"),
    path("replays", replays.listing, name="replays"),
    path("replays/start", replays.start, name="start_replay"),
    path("replays/<str:public_id>", replays.one, name="replay"),
]
# The till in the browser, its receipts, and the keys of other tills.
_tills: list[URLPattern] = [
    path("till", cashier.cashier, name="cashier"),
    path("till/keys", tills.tills, name="tills"),
    path("till/keys/<str:public_id>/close", tills.close, name="close_till"),
    path("till/receipts", purchases.listing, name="purchases"),
    path("till/receipts/<str:purchase_id>", purchases.purchase, name="purchase"),
    path("till/receipts/<str:purchase_id>/confirm", purchases.confirm, name="purchase_confirm"),
    path("till/receipts/<str:purchase_id>/cancel", purchases.cancel, name="purchase_cancel"),
    path("till/receipts/<str:purchase_id>/return", purchases.take_back, name="purchase_return"),
]
# Codes, certificates, rewards, activities, referrals, partners, wallets.
_given: list[URLPattern] = [
    path("codes/", codes.codes, name="codes"),
    path("codes/new", codes.new_series, name="new_series"),
    path("codes/one", codes.code, name="code"),
    path("codes/one/block", codes.block_code, name="block_code"),
    path("codes/<str:public_id>/", codes.series, name="series"),
    path("codes/<str:public_id>/change", codes.edit_series, name="edit_series"),
    path("codes/<str:public_id>/generate", codes.generate, name="generate_codes"),
    path("codes/<str:public_id>/upload", codes.upload, name="upload_codes"),
    path("codes/<str:public_id>/add", codes.add, name="add_code"),
    path("codes/<str:public_id>/block", codes.block_series, name="block_series"),
    path("codes/<str:public_id>/export", codes.export, name="export_codes"),
    path("codes/<str:public_id>/rejects/<str:batch_id>", codes.rejects, name="code_rejects"),
    path("certificates/", gift_cards.gift_cards, name="gift_cards"),
    path("certificates/new", gift_cards.new_gift_card, name="new_gift_card"),
    path("certificates/<str:public_id>/", gift_cards.gift_card, name="gift_card"),
    path("certificates/<str:public_id>/block", gift_cards.block_gift_card, name="block_gift_card"),
    path("rewards/", rewards.rewards, name="rewards"),
    path("rewards/new", rewards.reward, name="new_reward"),
    path("rewards/orders", rewards.reward_orders, name="reward_orders"),
    path("rewards/orders/<str:public_id>/move", rewards.move_order, name="move_order"),
    path("rewards/<str:public_id>/", rewards.reward, name="reward"),
    path("rewards/<str:public_id>/show", rewards.show_reward, name="show_reward"),
    path("activities/", activities.activities, name="activities"),
    path("activities/new", activities.new_activity, name="new_activity"),
    path("activities/queue", activities.queue, name="queue"),
    path("activities/queue/<str:public_id>/decide", activities.decide, name="decide_entrance"),
    path("activities/queue/<str:public_id>/photo", activities.photo, name="entrance_photo"),
    path("activities/<str:public_id>/", activities.activity, name="activity"),
    path("activities/<str:public_id>/state", activities.set_activity, name="set_activity"),
    path("activities/<str:public_id>/draws", activities.promise_draw, name="promise_draw"),
    path("activities/<str:public_id>/draws/<str:draw_id>", activities.draw_lots, name="draw_lots"),
    path(
        "activities/<str:public_id>/draws/<str:draw_id>/tickets",
        activities.tickets,
        name="draw_tickets",
    ),
    path("referrals/", referrals.referrals, name="referrals"),
    path("referrals/terms", referrals.referral_terms, name="referral_terms"),
    path("referrals/<str:public_id>/refuse", referrals.refuse_referral, name="refuse_referral"),
    path("coalition/", coalition.coalition, name="coalition"),
    path("coalition/partners/new", coalition.partner, name="new_partner"),
    path("coalition/partners/<str:public_id>/", coalition.partner, name="partner"),
    path("coalition/periods/<str:public_id>/close", coalition.close_period, name="close_period"),
    path(
        "coalition/periods/<str:public_id>/file",
        coalition.settlement_file,
        name="settlement_file",
    ),
    path("wallets/", coalition.wallet, name="wallet"),
    path("members/<str:public_id>/cards", member_cards.member_cards, name="member_cards"),
    path("members/<str:public_id>/cards/new", member_cards.issue_card, name="issue_card"),
    path(
        "members/<str:public_id>/cards/<str:card_id>",
        member_cards.change_card,
        name="change_card",
    ),
]
urlpatterns: list[URLPattern] = [*_open, *_books, *_promotions, *_tills, *_given]
