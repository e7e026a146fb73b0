# Rickhouse with its examples: docker build -t rickhouse . && docker run --rm --init=false -p 8888:8888 rickhouse
#
# UNVERIFIED: written without a container engine at hand; never built so far. What it copies and installs was tried in an empty directory; what it runs is in test/integration/dockerfile.test.ts.
#
# Nothing is built: Node 24 runs src/main.ts, and the Python side is standard library only.

FROM node:24-trixie-slim

# tini is process 1: it reaps what the application leaves behind and hands signals on.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends python3 python3-venv tini \
 && rm -rf /var/lib/apt/lists/*

WORKDIR /rickhouse
COPY examples/requirements.txt examples/requirements.txt
RUN python3 -m venv .venv \
 && .venv/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --requirement examples/requirements.txt
COPY package.json package-lock.json .npmrc LICENSE README.md ./
# Without the Node that a checkout brings along: the image has one.
RUN npm ci --omit=dev --no-audit --no-fund && rm -rf node_modules/node-* node_modules/.bin
COPY bin bin
COPY src src
COPY python python
COPY examples examples

# The image's own unprivileged user.
USER node
# Where it listens (0.0.0.0:$PORT, unless --bind says otherwise), and what the server answers itself.
ENV PORT=8888 \
    RICKHOUSE_HEALTH_PATH=/healthz
EXPOSE 8888
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + process.env.RICKHOUSE_HEALTH_PATH).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]

# The command alone: arguments of `docker run`, and `args` of Kubernetes, stand in place of CMD, behind it.
ENTRYPOINT ["tini", "--", "bin/rickhouse"]
CMD ["examples/all:app"]
