# What the interop tests share: verdict lines, waiting, and the two topologies. Sourced.
# shellcheck shell=bash disable=SC2034,SC2154  # variables are shared between the files
#
#   pair   a 192.0.2.1, 2001:db8::1  ────────────────  b 192.0.2.2, 2001:db8::2
#   nat    inside 10.9.0.2  ──  NAT box: drops plain ESP  ──  outside 192.0.2.2   (which of a, b is inside: an argument)
#
# a and b each have a network behind them on a device of its own: 10.1.0.1/24, fd01::1/64 and 10.2.0.1/24, fd02::1/64.
# Namespaces are called sp-io-a, sp-io-n, sp-io-b; the device on the wire is `wire` in each.
set -uo pipefail
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
interop=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$interop/../.." && pwd)
export interop top
cache=${INTEROP_CACHE:-$top/build/interop}            # unpacked peers: outlive a run
state=${INTEROP_STATE:?set it to a folder of this run}  # sockets, logs, configurations
programs=${SALLYPORT_BIN:-$top/build/dev/bin}         # what is tested, and what tests it
lan4=(10.1.0.1 10.2.0.1) lan6=(fd01::1 fd02::1)       # of a, of b

failures=0
ok() { printf 'ok %s\n' "$*"; }
bad() { printf 'FAIL %s\n' "$*"; failures=$((failures + 1)); }
say() { printf '== %s\n' "$*"; }

# Milliseconds in NOW, without a fork: forks are slow in the guest.
now() { NOW=${EPOCHREALTIME/./}; NOW=$((NOW / 1000)); }

# wait_for SECONDS COMMAND...: polls until it succeeds.
wait_for() {
  local end
  now; end=$((NOW + $1 * 1000)); shift
  until "$@" >/dev/null 2>&1; do
    now
    [ "$NOW" -lt $end ] || return 1
    sleep 0.05
  done
}

in_ns() { local ns=sp-io-$1; shift; ip netns exec "$ns" "$@"; }

make_namespace() {
  ip netns add "sp-io-$1" && ip -n "sp-io-$1" link set lo up
  in_ns "$1" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
    net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
}
# side a|b ADDRESS4/LENGTH [ADDRESS6/LENGTH]: addresses of the wire, the network behind, and a route to the other's.
side() {
  local ns=sp-io-$1 n=0
  [ "$1" = a ] || n=1
  ip -n "$ns" link add lan type veth peer name lan-far
  ip -n "$ns" link set lan-far up
  ip -n "$ns" addr add "${lan4[n]}/24" dev lan
  ip -n "$ns" addr add "${lan6[n]}/64" dev lan nodad
  ip -n "$ns" link set lan up
  ip -n "$ns" addr add "$2" dev wire
  [ -z "${3:-}" ] || ip -n "$ns" addr add "$3" dev wire nodad
  ip -n "$ns" link set wire up
}

net_pair() {
  make_namespace a && make_namespace b || return 1
  ip link add wire netns sp-io-a type veth peer name wire netns sp-io-b
  side a 192.0.2.1/24 2001:db8::1/64
  side b 192.0.2.2/24 2001:db8::2/64
  ip -n sp-io-a route add default via 192.0.2.2
  ip -n sp-io-b route add default via 192.0.2.1
  ip -n sp-io-a -6 route add default via 2001:db8::2
  ip -n sp-io-b -6 route add default via 2001:db8::1
  address4_a=192.0.2.1 address4_b=192.0.2.2 seen4_a=192.0.2.1 seen4_b=192.0.2.2
  address6_a=2001:db8::1 address6_b=2001:db8::2
}

net_nat() {  # net_nat a|b: who is inside
  local inside=$1 outside rules="ip netns exec sp-io-n iptables-legacy -w"
  outside=$([ "$1" = a ] && echo b || echo a)
  make_namespace a && make_namespace b && make_namespace n || return 1
  ip link add wire netns "sp-io-$inside" type veth peer name in netns sp-io-n
  ip link add wire netns "sp-io-$outside" type veth peer name out netns sp-io-n
  ip -n sp-io-n addr add 10.9.0.1/24 dev in
  ip -n sp-io-n addr add 192.0.2.1/24 dev out
  ip -n sp-io-n link set in up
  ip -n sp-io-n link set out up
  side "$inside" 10.9.0.2/24
  side "$outside" 192.0.2.2/24
  ip -n "sp-io-$inside" route add default via 10.9.0.1
  ip -n "sp-io-$outside" route add default via 192.0.2.1
  modprobe -qa iptable_nat iptable_filter xt_MASQUERADE nf_conntrack xt_esp
  # Source ports change, so that whoever relies on 500 and 4500 is found out; ESP without UDP does not cross.
  $rules -t nat -A POSTROUTING -s 10.9.0.0/24 -o out -p udp -j MASQUERADE --to-ports 20000-29999 --random &&
    $rules -t nat -A POSTROUTING -s 10.9.0.0/24 -o out -j MASQUERADE &&
    $rules -A FORWARD -p esp -j DROP || return 1
  if [ "$inside" = a ]; then
    address4_a=10.9.0.2 address4_b=192.0.2.2 seen4_a=192.0.2.1 seen4_b=192.0.2.2
  else
    address4_a=192.0.2.2 address4_b=10.9.0.2 seen4_a=192.0.2.2 seen4_b=192.0.2.1
  fi
  address6_a='' address6_b=''
}

net_remove() {
  local x
  for x in a n b; do ip netns del sp-io-$x 2>/dev/null; done
  return 0
}

# --- traffic -------------------------------------------------------------------------------------------------------------
stream_size=300000
ping_through() {  # ping_through NS FROM TO
  in_ns "$1" ping -n -q -c 2 -i 0.1 -W 3 -s 1200 -I "$2" "$3"
}
# tcp_both_ways CLIENT FROM SERVER BIND TO: one connection that carries $stream_size octets each way.
tcp_both_ways() {
  local server
  ip netns exec "sp-io-$3" "$programs/interop_stream" serve "$4" "$2" $stream_size &
  server=$!
  ip netns exec "sp-io-$1" "$programs/interop_stream" connect "$2" "$5" $stream_size || { kill $server; return 1; }
  wait $server
}

# Watching the wire: what a or b sends that is neither IKE nor ESP nor neighbour discovery.
watch_start() {
  local x
  local clear='not esp and not arp and not udp port 500 and not udp port 4500 and not (icmp6 and ip6[40] >= 130 and ip6[40] <= 143)
    and not (ip6 and ip6[6] == 0)'
  watchers=()
  for x in a b; do
    rm -f "$state/clear.$x"
    ip netns exec sp-io-$x tcpdump --immediate-mode -U -p -n -Q out -i wire -w "$state/clear.$x" "$clear" 2>"$state/watch.err" &
    watchers+=($!)
  done
  wait_for 10 test -s "$state/clear.a" && wait_for 10 test -s "$state/clear.b"
}
watch_stop() {  # watch_stop NAME: a verdict
  local seen
  sleep 0.1
  kill "${watchers[@]}"
  wait "${watchers[@]}" 2>/dev/null
  seen=$(for x in a b; do tcpdump -n -r "$state/clear.$x" 2>/dev/null | head -n 5; done)
  if [ -z "$seen" ]; then ok "$1: nothing in clear on the wire"; else bad "$1: in clear on the wire"; echo "$seen"; fi
}

# All that crosses the wire at a, for tests/interop/decode.
capture_start() {  # capture_start FILE
  rm -f "$1"
  in_ns a ethtool -K wire tx-udp-segmentation off  # else trains are seen in one piece, which no reader takes apart
  ip netns exec sp-io-a tcpdump --immediate-mode -U -p -n -i wire -w "$1" 'esp or udp' 2>"$state/capture.err" &
  capture=$!
  wait_for 10 test -s "$1"
}
capture_stop() {
  sleep 0.2
  kill "$capture"
  wait "$capture" 2>/dev/null
}
