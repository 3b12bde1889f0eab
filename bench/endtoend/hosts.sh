# The stage of a measurement: for each path two hosts, a and b, with a wire between them and a network behind each.
#
#   10.1.0.1 ─ a ─ 192.0.2.1 ────── wire ────── 192.0.2.2 ─ b ─ 10.2.0.1
# shellcheck shell=bash disable=SC2034,SC2154  # variables are shared between the files
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
outer_a=192.0.2.1 outer_b=192.0.2.2 inner_a=10.1.0.1 inner_b=10.2.0.1
network_a=10.1.0.0/24 network_b=10.2.0.0/24
secret='a benchmark is no secret'
namespaces=()
declare -A gateways=()  # path: process ids

say() { printf '== %s\n' "$*" >&2; }
die() { printf 'bench: %s\n' "$*" >&2; tail -qn 20 "$state"/*.log >&2; exit 1; }

# wait_for SECONDS COMMAND...: polls until it succeeds.
wait_for() {
  local end=$((${EPOCHREALTIME/./} + $1 * 1000000))
  shift
  until "$@" >/dev/null 2>&1; do
    [ ${EPOCHREALTIME/./} -lt $end ] || return 1
    sleep 0.05
  done
}

on() { ip netns exec "sp-bench-$1-$2" "${@:3}"; }  # on PATH SIDE COMMAND...

make_hosts() {  # make_hosts PATH
  local side a=sp-bench-$1-a b=sp-bench-$1-b
  for side in a b; do
    ip netns del "sp-bench-$1-$side" 2>/dev/null
    ip netns add "sp-bench-$1-$side" || return
    namespaces+=("sp-bench-$1-$side")
  done
  ip link add wire netns "$a" mtu 1500 type veth peer name wire netns "$b" mtu 1500 || return
  make_host "$1" a $outer_a $inner_a && make_host "$1" b $outer_b $inner_b
}
make_host() {  # make_host PATH SIDE OUTER INNER
  local ns=sp-bench-$1-$2
  on "$1" "$2" sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
  ip -n "$ns" link set lo up &&
    ip -n "$ns" addr add "$3/24" dev wire &&
    ip -n "$ns" link set wire up &&
    ip -n "$ns" link add lan type veth peer name lan-far &&
    ip -n "$ns" addr add "$4/24" dev lan &&
    ip -n "$ns" link set lan-far up &&
    ip -n "$ns" link set lan up
}
route_in_clear() {  # route_in_clear PATH
  ip -n "sp-bench-$1-a" route add $network_b via $outer_b src $inner_a &&
    ip -n "sp-bench-$1-b" route add $network_a via $outer_a src $inner_b
}

cut_by_the_kernel() {  # cut_by_the_kernel PATH: no offload of segmentation on its wire
  local side
  for side in a b; do
    on "$1" $side ethtool -K wire tx-udp-segmentation off tso off gso off gro off >/dev/null || return
  done
}

# start PATH SIDE COMMAND...: a gateway.
start() {
  ip netns exec "sp-bench-$1-$2" "${@:3}" </dev/null >>"$state/$1-$2.log" 2>&1 &
  gateways[$1]+=" $!"
}
gone() { ! kill -0 "$1" 2>/dev/null; }
clean() {
  local pid ns
  for pid in $(jobs -p); do kill "$pid" 2>/dev/null; done
  for pid in $(jobs -p); do wait_for 5 gone "$pid" || kill -9 "$pid" 2>/dev/null; done
  for ns in "${namespaces[@]}"; do ip netns del "$ns"; done
  rm -rf "$state"
}
