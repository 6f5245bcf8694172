from __future__ import annotations

from django.urls import path

from regulars.workspaces import pages

app_name = "workspaces"
urlpatterns = [
    path("", pages.settings_page, name="settings"),
    path("team/", pages.team, name="team"),
    path("team/<int:user_id>/role/", pages.change_role, name="change_role"),
    path("team/<int:user_id>/remove/", pages.remove_member, name="remove_member"),
    path("keys/", pages.keys, name="keys"),
    path("keys/<int:key_id>/revoke/", pages.revoke_key, name="revoke_key"),
    path("switch/", pages.switch, name="switch"),
]
