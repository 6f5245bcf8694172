"""Addresses of campaigns."""

from __future__ import annotations

from django.urls import path

from regulars.campaigns import pages

app_name = "campaigns"

urlpatterns = [
    path("", pages.listing, name="list"),
    path("new", pages.new, name="new"),
    path("reach", pages.reach, name="reach"),
    path("<str:public_id>/", pages.campaign, name="campaign"),
    path("<str:public_id>/recipients", pages.recipients, name="recipients"),
    path("<str:public_id>/message", pages.message, name="message"),
    path("<str:public_id>/preview", pages.preview, name="preview"),
    path("<str:public_id>/test", pages.send_test, name="test"),
    path("<str:public_id>/review", pages.review, name="review"),
    path("<str:public_id>/send", pages.send, name="send"),
    path("<str:public_id>/unschedule", pages.unschedule, name="unschedule"),
    path("<str:public_id>/pause", pages.pause, name="pause"),
    path("<str:public_id>/resume", pages.resume, name="resume"),
    path("<str:public_id>/cancel", pages.cancel, name="cancel"),
    path("<str:public_id>/copy", pages.copy, name="copy"),
    path("<str:public_id>/report", pages.report, name="report"),
    path("<str:public_id>/people", pages.people, name="people"),
]
