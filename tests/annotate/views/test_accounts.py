"""Signing in and out, and the pages for errors."""

from __future__ import annotations

import pytest
from django.template.loader import render_to_string
from django.urls import reverse

from tests.annotate.views.conftest import browser, text_of
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_people_sign_in_with_username_and_password(client):
    user = UserFactory()
    user.set_password("a-long-password-9")
    user.save()
    response = client.post(
        "/accounts/login/", {"login": user.username, "password": "a-long-password-9"}
    )
    assert response["Location"] == "/"


def test_sign_up_is_closed(client):
    assert "Sign-up is closed" in text_of(client.get("/accounts/signup/"))


def test_signing_out_takes_a_post(client):
    client = browser(UserFactory())
    assert client.get(reverse("account_logout")).status_code == 200
    assert client.get("/").status_code == 200
    assert client.post(reverse("account_logout")).status_code == 302
    assert client.get("/").status_code == 302


@pytest.mark.parametrize("name", ["account_login", "account_reset_password"])
def test_open_account_pages_wear_the_products_dress(client, name):
    shown = text_of(client.get(reverse(name)))
    assert 'class="site-header"' in shown
    assert "Menu:" not in shown


@pytest.mark.parametrize(
    "name", ["account_change_password", "account_email", "mfa_index", "account_logout"]
)
def test_account_pages_of_a_person_wear_it_too(name):
    shown = text_of(browser(UserFactory()).get(reverse(name)))
    assert 'class="site-header"' in shown
    assert "Menu:" not in shown


@pytest.mark.parametrize("status", ["400", "403", "403_csrf", "404", "500"])
def test_error_pages_need_no_context(status):
    assert "<h1>" in render_to_string(f"{status}.html")


def test_what_is_not_there_gets_the_products_own_page():
    response = browser(UserFactory()).get("/no/such/page/")
    assert response.status_code == 404
    assert "There is nothing here" in text_of(response)


def test_pages_carry_a_strict_content_security_policy(client):
    policy = client.get("/accounts/login/")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_error_pages_work_when_the_list_of_static_files_is_missing(settings):
    backend = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": backend}}
    settings.DEBUG = False
    assert "/static/css/tiebreak.css" in render_to_string("500.html")
