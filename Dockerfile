# Mailwright with its embedded PostgreSQL, as an ordinary user. See docs/deploy/docker.md.
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/mailwright
COPY requirements/base.txt requirements/
RUN /opt/mailwright/bin/pip install --no-cache-dir --require-hashes -r requirements/base.txt
RUN python -m venv /opt/build && /opt/build/bin/pip install --no-cache-dir hatchling==1.28.0
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN /opt/build/bin/python -m hatchling build -t wheel -d /tmp/wheel \
 && /opt/mailwright/bin/pip install --no-cache-dir --no-deps /tmp/wheel/*.whl

FROM python:3.11-slim-bookworm
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin mailwright \
 && install -d -m 0700 -o mailwright -g mailwright /data
COPY --from=build /opt/mailwright /opt/mailwright
ENV PATH=/opt/mailwright/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MAILWRIGHT_DATA_DIR=/data \
    MAILWRIGHT_HOST=0.0.0.0 \
    MAILWRIGHT_LOG_FORMAT=json
USER mailwright
VOLUME /data
EXPOSE 8025
STOPSIGNAL SIGTERM
HEALTHCHECK --start-period=60s --interval=15s --timeout=5s \
  CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f\"http://127.0.0.1:{os.environ.get('MAILWRIGHT_PORT', '8025')}/readyz\", timeout=4)"]
ENTRYPOINT ["mailwright"]
CMD ["serve"]
