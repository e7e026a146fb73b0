#!/bin/sh
# Sets up everything that the server and its examples need: the packages of npm (with a Node that runs TypeScript) and `.venv`.
# Usage: bin/build.sh          sets up this checkout; quick when nothing has changed
#        bin/build.sh image    builds the container image `rickhouse` (needs Docker)
root=$(CDPATH='' cd -P "$(dirname "$0")/.." && pwd) || exit 2

case ${1:-} in
  image) exec docker build --tag rickhouse "$root" ;;
  '') ;;
  *)
    printf 'Usage: bin/build.sh [image]\n' >&2
    exit 2
    ;;
esac

# npm writes this file last; it is as old as the lock file that it was made for, or older.
installed=$root/node_modules/.package-lock.json
if [ ! -e "$installed" ] || [ "$root/package-lock.json" -nt "$installed" ]; then
  command -v npm >/dev/null || {
    printf 'build: no npm in PATH; install Node 20 or newer\n' >&2
    exit 2
  }
  (cd "$root" && npm ci --no-audit --no-fund) || exit
fi
exec "$root/scripts/with-node" "$root/scripts/setup.ts"
