# Runs the server, which is "$@", as a child, and ends with its status. Process 1 of a container inherits every orphan, and Node would not
# notice when they end: this shell stays as the parent, reaps what ends while it waits, and passes signals on
# (docs/decisions/018-process-1.md). Sourced by bin/rickhouse; started by the launcher of the package for pip.

"$@" &
server=$!
for signal in TERM INT QUIT HUP USR1 USR2 TTIN TTOU; do
  trap "kill -$signal $server 2>/dev/null" $signal
done
# A signal ends a wait too, with a status above 128: the server has ended when it is not there any more.
while :; do
  wait "$server"
  status=$?
  kill -0 "$server" 2>/dev/null || exit "$status"
done
