"""The URLs of the whole site."""

from allauth.account.decorators import secure_admin_login
from csp.decorators import csp_update
from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView

from config.language import script_texts

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
redoc_styles_itself = csp_update({"style-src": ["'unsafe-inline'"], "worker-src": ["blob:"]})

urlpatterns = [
    path("", include("annotate.urls")),
    path("", include("curation.urls")),
    path("", include("modeling.urls")),
    path("jsi18n/<str:language>/", script_texts, name="script-texts"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("config.api_urls")),
    path("api/schema/", SpectacularAPIView.as_view(api_version="1"), name="api-schema"),
    path(
        "api/docs/",
        redoc_styles_itself(
            SpectacularRedocView.as_view(url_name="api-schema", template_name="api_docs.html")
        ),
        name="api-docs",
    ),
]
