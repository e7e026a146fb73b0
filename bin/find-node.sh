# Sets `node` to a Node that runs TypeScript (22.18 or newer): the checkout's own, else the one that npm has installed beside the package,
# else the one in PATH; otherwise one line and exit 2.
# Sourced by bin/rickhouse and scripts/with-node, which set `root` and may set `remedy`: what to do where there is none.

fail() {
  printf 'rickhouse: %s\n' "$1" >&2
  exit 2
}

# 22.18 and 23.7 are the first that run TypeScript unasked. `node --version` says v22.18.0.
is_new_enough() {
  version=$("$1" --version 2>/dev/null) || return 1
  major=${version#v}
  minor=${major#*.}
  major=${major%%.*}
  minor=${minor%%.*}
  case $major.$minor in
    *[!0-9.]* | .* | *.) return 1 ;;
  esac
  case $major in
    22) [ "$minor" -ge 18 ] ;;
    23) [ "$minor" -ge 7 ] ;;
    *) [ "$major" -ge 24 ] ;;
  esac
}

# The one that package.json names needs no question: asking costs 30 ms.
node=$root/node_modules/.bin/node
: "${remedy:=run npm ci in $root, or put a newer node in PATH}"
if [ ! -x "$node" ]; then
  node=$root/../.bin/node
  { [ -x "$node" ] && is_new_enough "$node"; } || node=$(command -v node) ||
    fail "needs Node 22.18 or newer and finds none; $remedy"
  is_new_enough "$node" ||
    fail "needs Node 22.18 or newer, $node is ${version:-broken}; $remedy"
fi
