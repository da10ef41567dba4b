"""The URLs of modeling's pages."""

from __future__ import annotations

from django.urls import path

from modeling import views

app_name = "modeling"
urlpatterns = [
    path("p/<slug:slug>/overview/", views.project_overview, name="project-overview"),
    path("p/<slug:slug>/advance/", views.loop_advance, name="loop-advance"),
    path("p/<slug:slug>/train/", views.training_create, name="training-create"),
    path("p/<slug:slug>/runs/", views.run_list, name="run-list"),
    path("p/<slug:slug>/runs/new/", views.run_create, name="run-create"),
    path("p/<slug:slug>/models/compare/", views.checkpoint_compare, name="checkpoint-compare"),
    path("p/<slug:slug>/models/<int:number>/playground/", views.playground, name="playground"),
    path("runs/<uuid:public_id>/", views.run_detail, name="run-detail"),
    path("runs/<uuid:public_id>/curve/", views.run_curve, name="run-curve"),
    path("p/<slug:slug>/rounds/new/", views.round_create, name="round-create"),
    path("p/<slug:slug>/rounds/<int:number>/open/", views.round_open, name="round-open"),
    path("p/<slug:slug>/rounds/<int:number>/close/", views.round_close, name="round-close"),
    path("checkpoints/<uuid:public_id>/", views.checkpoint_detail, name="checkpoint-detail"),
    path(
        "checkpoints/<uuid:public_id>/promote/",
        views.checkpoint_promote,
        name="checkpoint-promote",
    ),
]
