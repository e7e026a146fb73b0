# Rickhouse with its examples: docker build -t rickhouse . && docker run --rm --init=false -p 8888:8888 rickhouse
#
# UNVERIFIED: written without a container engine at hand; never built so far. What it copies and installs was tried in an empty directory.
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
EXPOSE 8888
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8888/').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]

ENTRYPOINT ["tini", "--", "bin/rickhouse", "--bind", "0.0.0.0:8888"]
CMD ["examples/all:app"]
