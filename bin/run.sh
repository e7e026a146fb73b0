#!/bin/sh
# Runs one of the examples; further arguments are options of bin/rickhouse.
# Usage: bin/run.sh http|wsgi_example|flask|pyramid|django|shell [options]
root=$(CDPATH='' cd -P "$(dirname "$0")/.." && pwd) || exit 2

usage() {
  cat >&2 <<'TEXT'
Usage: bin/run.sh http|wsgi_example|flask|pyramid|django|shell [options]

  http          hello world on every request, from a plain callable
  wsgi_example  a plain WSGI application: form, upload, stream, cookie
  flask         the same pages by Flask
  pyramid       the same pages by Pyramid
  django        the same pages by a Django project
  shell         a shell with rickhouse, its Node and the examples' Python in PATH
TEXT
  exit 2
}

mode=${1:-}
[ "$#" -gt 0 ] && shift
case $mode in
  http) application=hello:app ;;
  wsgi_example) application=wsgi_app:app ;;
  flask) application=flask_app:app ;;
  pyramid) application=pyramid_app:app ;;
  django) application=djangoapp:app ;;
  shell) ;;
  *) usage ;;
esac

"$root/scripts/with-node" "$root/scripts/setup.ts" || exit

if [ "$mode" = shell ]; then
  export VIRTUAL_ENV="$root/.venv"
  export PATH="$root/bin:$root/.venv/bin:$root/node_modules/.bin:$PATH"
  printf 'rickhouse, node and python are the ones of %s; leave with exit\n' "$root"
  exec "${SHELL:-/bin/sh}" "$@"
fi
exec "$root/bin/rickhouse" --python "$root/.venv/bin/python" "$@" "$root/examples/$application"
