#!/bin/sh
# Sends many requests at once; says how many succeeded and how fast. Exit code 1 when one failed.
# Usage: bin/request.sh [COUNT [CONCURRENCY [URL]]]     default: 100 10 http://127.0.0.1:8888/
root=$(CDPATH='' cd -P "$(dirname "$0")/.." && pwd) || exit 2
exec "$root/scripts/with-node" "$root/scripts/request.ts" "$@"
