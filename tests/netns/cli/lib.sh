# shellcheck shell=bash
# What the tests of the command line share: two daemons, each in a network namespace of its own, and verdicts, a line
# each. To be sourced; as root. The test sets `test` (its name, in front of verdicts) and `prefix` (of its namespaces).
#
#   PREFIX-a 192.0.2.1, 10.1.0.1 ── wire ── PREFIX-b 192.0.2.2, 10.2.0.1
set -uo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../../.." || exit 1
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
: "${test:?}" "${prefix:?}"
programs=${SALLYPORT_BIN:-build/dev/bin}
state=$(mktemp -d "/tmp/$prefix.XXXXXX")
failures=0
declare -A pids=()

ok() { printf 'ok %s: %s\n' "$test" "$*"; }
bad() { printf 'FAIL %s: %s\n' "$test" "$*"; sed 's/^/    /' "$state/out"; failures=$((failures + 1)); }
wait_for() {  # wait_for SECONDS COMMAND...
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do [ $SECONDS -lt $end ] || return 1; sleep 0.1; done
}
on() { ip netns exec "$prefix-$1" "${@:2}"; }
ctl() { timeout 60 "$programs/sallyport" --control "$state/$1.sock" "${@:2}"; }
# expect STATUS NAME COMMAND...: runs it, both outputs into $state/out, and compares the exit status.
expect() {
  local want=$1 name=$2 got
  shift 2
  "$@" >"$state/out" 2>&1
  got=$?
  if [ $got = "$want" ]; then ok "$name"; else bad "$name (status $got, not $want)"; fi
}
shows() { if grep -qE -- "$2" "$state/out"; then ok "$1"; else bad "$1: no \"$2\""; fi; }
lacks() { if grep -qE -- "$2" "$state/out"; then bad "$1: \"$2\""; else ok "$1"; fi; }

swan() {  # swan HOST WORD...: the unmodified swanctl
  SWANCTL_DIR=$state/swanctl timeout 60 stdbuf -oL swanctl "${@:2}" --uri "unix://$state/$1.sock"
}
load() {  # load HOST: its file anew
  chmod 600 "$state/$1.toml"
  ctl "$1" reload >"$state/out" 2>&1 || bad "reload of $1"
}

# --- IKEv1 between the hosts
# connection NAME OWN-ADDRESS PEER-ADDRESS LOCAL-ID REMOTE-ID LINE...: in IKEv1, with a secret; lines are TABLE:LINE, of
# its own table (top) or of its child's (child).
connection() {
  local name=$1 own=$2 peer=$3 local_id=$4 remote_id=$5 line
  shift 5
  printf '[connections.%s]\nversion = 1\nlocal_addrs = ["%s"]\nremote_addrs = ["%s"]\n' "$name" "$own" "$peer"
  for line in "$@"; do case $line in top:*) echo "${line#top:}" ;; esac; done
  printf '[connections.%s.local]\nauth = "psk"\nid = "%s"\n' "$name" "$local_id"
  printf '[connections.%s.remote]\nauth = "psk"\nid = "%s"\n' "$name" "$remote_id"
  printf '[connections.%s.children.lan]\n' "$name"
  for line in "$@"; do case $line in child:*) echo "${line#child:}" ;; esac; done
}
secret() { printf '[secrets.ike-%s]\nid = ["%s", "%s"]\nsecret = "%s"\n' "$@"; }

# --- pings that count
ping_start() {  # ping_start HOST WORD...: twenty a second, until ping_stop
  ip netns exec "$prefix-$1" ping -n -i 0.05 "${@:2}" >"$state/pings" 2>&1 &
  pids[ping]=$!
  wait_for 5 grep -q 'bytes from' "$state/pings"
}
# ping_stop NAME: a verdict: each ping up to the last that was answered has been; those under way at the end are nobody's
# loss.
ping_stop() {
  kill -INT "${pids[ping]}"
  wait "${pids[ping]}"
  unset 'pids[ping]'
  local answered last
  sed -n 's/.* bytes from .*icmp_seq=\([0-9]*\) .*/\1/p' "$state/pings" | sort -nu >"$state/answered"
  answered=$(wc -l <"$state/answered") last=$(tail -n 1 "$state/answered")
  cp "$state/pings" "$state/out"
  if [ "$answered" -gt 20 ] && [ "$answered" = "$last" ]; then ok "$1 ($answered)"; else
    bad "$1: $answered answered, the last was number $last"
  fi
}

start() {  # start HOST: its daemon, with $state/HOST.toml
  ip netns exec "$prefix-$1" "$programs/sallyportd" --config "$state/$1.toml" --control "$state/$1.sock" \
    --state-dir "$state/$1" >>"$state/$1.log" 2>&1 &
  pids[$1]=$!
  wait_for 20 ctl "$1" status && ok "daemon $1 starts" && return
  cp "$state/$1.log" "$state/out"
  bad "daemon $1 starts"
  exit 1
}
clean() {
  local pid
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; done
  wait 2>/dev/null
  ip netns del "$prefix-a" 2>/dev/null
  ip netns del "$prefix-b" 2>/dev/null
  [ -n "${KEEP:-}" ] || rm -rf "$state"
}
trap clean EXIT
trap 'exit 1' INT TERM HUP
finish() {  # the last line, and the verdict as a status
  echo "$test: $failures failed"
  [ $failures = 0 ]
  exit
}

for host in a b; do
  ip netns del "$prefix-$host" 2>/dev/null
  ip netns add "$prefix-$host" && ip -n "$prefix-$host" link set lo up || { : >"$state/out"; bad "network namespaces"; exit 1; }
done
ip link add wire netns "$prefix-a" type veth peer name wire netns "$prefix-b"
for side in "a 1 2" "b 2 1"; do
  read -r host own other <<<"$side"
  ip -n "$prefix-$host" addr add "192.0.2.$own/24" dev wire
  ip -n "$prefix-$host" link set wire up
  ip -n "$prefix-$host" addr add "10.$own.0.1/24" dev lo
  ip -n "$prefix-$host" route add default via "192.0.2.$other"
done
