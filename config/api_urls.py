"""The whole API under one version: what the three apps answer, joined."""

from __future__ import annotations

from django.urls import include, path, re_path

from annotate.api.base import UnknownPath

urlpatterns = [
    path("", include("annotate.api_urls")),
    path("", include("curation.api_urls")),
    path("", include("modeling.api_urls")),
    re_path(r"^", UnknownPath.as_view()),
]
