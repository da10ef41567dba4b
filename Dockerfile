# Two images from one file: `web` without torch, `worker` with it.
FROM python:3.11-slim-bookworm AS web
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 TIEBREAK_VAR=/data STATIC_ROOT=/srv/static
WORKDIR /app
COPY pyproject.toml constraints.txt README.md ./
COPY config config
COPY annotate annotate
COPY curation curation
COPY modeling modeling
RUN pip install --no-cache-dir -c constraints.txt -e .
COPY manage.py ./
COPY templates templates
COPY static static
COPY locale locale
RUN SECRET_KEY=build-only-build-only-build-only-build-only TIEBREAK_VAR=/tmp/build \
    python manage.py collectstatic --noinput \
    && useradd --uid 10001 --create-home tiebreak && mkdir -p /data && chown tiebreak /data
USER tiebreak
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "config.wsgi:application", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", "--threads", "8"]

FROM web AS worker
USER root
RUN pip install --no-cache-dir -c constraints.txt -e ".[train,serve,demo,math]"
USER tiebreak
CMD ["celery", "--app", "config", "worker", "--queues", "default,gpu", "--loglevel", "info"]
