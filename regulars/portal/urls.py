"""Addresses of the customer's own account, and the page where the shop opens it."""

from __future__ import annotations

from django.urls import path

from regulars.portal.pages import (
    account,
    activities,
    card,
    friends,
    home,
    prizes,
    settings,
    sign_in,
    worker,
)

app_name = "portal"

urlpatterns = [
    path("loyalty/account", settings.settings, name="settings"),
    path("my/<str:slug>/", home.home, name="home"),
    path("my/<str:slug>/sign-in", sign_in.sign_in, name="sign_in"),
    path("my/<str:slug>/code", sign_in.code, name="code"),
    path("my/<str:slug>/sign-out", sign_in.sign_out, name="sign_out"),
    path("my/<str:slug>/language", sign_in.language, name="language"),
    path("my/<str:slug>/points", home.points, name="points"),
    path("my/<str:slug>/offers", home.offers, name="offers"),
    path("my/<str:slug>/prizes", prizes.prizes, name="prizes"),
    path("my/<str:slug>/play", activities.activities, name="activities"),
    path("my/<str:slug>/play/<str:public_id>", activities.activity, name="activity"),
    path("my/<str:slug>/friends", friends.friends, name="friends"),
    path("my/<str:slug>/friend/<str:code>", friends.friend, name="friend"),
    path("my/<str:slug>/card", card.card, name="card"),
    path("my/<str:slug>/card/code", card.turning, name="turning"),
    path("my/<str:slug>/orders", home.orders, name="orders"),
    path("my/<str:slug>/orders/<str:public_id>", home.order, name="order"),
    path("my/<str:slug>/me", account.me, name="me"),
    path("my/<str:slug>/me/letters", account.letters, name="letters"),
    path("my/<str:slug>/me/devices", account.end_device, name="end_device"),
    path("my/<str:slug>/me/data", account.data, name="data"),
    path("my/<str:slug>/me/data/<str:public_id>", account.download, name="download"),
    path("my/<str:slug>/me/erase", account.erase, name="erase"),
    path("my/<str:slug>/manifest.webmanifest", worker.manifest, name="manifest"),
    path("my/<str:slug>/worker.js", worker.worker, name="worker"),
    path("my/<str:slug>/shell.json", worker.shell, name="shell"),
    path("my/<str:slug>/offline", worker.offline, name="offline"),
]
