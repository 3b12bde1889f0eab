# What the interop tests share: verdict lines, waiting, and the two topologies. Sourced.
# shellcheck shell=bash disable=SC2034,SC2154  # variables are shared between the files
#
#   pair   a 192.0.2.1, 2001:db8::1  ────────────────  b 192.0.2.2, 2001:db8::2
#   nat    inside 10.9.0.2  ──  NAT box: drops plain ESP  ──  outside 192.0.2.2   (which of a, b is inside: an argument)
#
# a and b each have a network behind them on a device of its own: 10.1.0.1/24, fd01::1/64 and 10.2.0.1/24, fd02::1/64.
# Namespaces are called sp-io-a, sp-io-n, sp-io-b; the device on the wire is `wire` in each. One side may live in a guest.
set -uo pipefail
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
interop=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$interop/../.." && pwd)
export interop top
cache=${INTEROP_CACHE:-$top/build/interop}            # unpacked peers: outlive a run
state=${INTEROP_STATE:?set it to a folder of this run}  # sockets, logs, configurations
programs=${SALLYPORT_BIN:-$top/build/dev/bin}         # what is tested, and what tests it
net=${INTEROP_NET:-sp-io}  # how the namespaces' names begin
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

# --- places --------------------------------------------------------------------------------------------------------------
guest_side=  # which side lives in the guest (guest.sh); empty: each has its namespace

# at SIDE COMMAND...: where that side lives
at() {
  local side=$1
  shift
  if [ "$side" = "$guest_side" ]; then guest_do "$@"; else ip netns exec "$net-$side" "$@"; fi
}
# put SIDE FILE: standard input becomes a file there
put() {
  local part
  [ "$1" = "$guest_side" ] || { cat >"$2"; return; }
  guest_do rm -f "$2"
  while IFS= read -r part; do guest_do eval "base64 -d <<<$part >>'$2'"; done < <(base64 -w 3000)
}
# launch SIDE COMMAND: a shell command that stays in the background there
launch() { at "$1" bash -c "($2) </dev/null >/dev/null 2>&1 &"; }

# --- topologies ----------------------------------------------------------------------------------------------------------
make_namespace() {
  [ "$1" != "$guest_side" ] || return 0
  ip netns add "$net-$1" && ip -n "$net-$1" link set lo up
  at "$1" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
    net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
}
# wire SIDE DEVICE PLACE: that side's `wire` ends in the namespace of PLACE, as DEVICE
wire() {
  if [ "$1" = "$guest_side" ]; then
    ip link add port netns "$net-g" type veth peer name "$2" netns "$net-$3"
    ip -n "$net-g" link set port master bridge
    ip -n "$net-g" link set port up
  else
    ip link add wire netns "$net-$1" type veth peer name "$2" netns "$net-$3"
  fi
}
# side a|b ADDRESS4/LENGTH GATEWAY4 [ADDRESS6/LENGTH GATEWAY6]: its wire, the network behind it, a route to the other's
side() {
  local n=0
  [ "$1" = a ] || n=1
  at "$1" bash -c "
    ip link add lan type veth peer name lan-far
    ip link set lan-far up
    ip addr add ${lan4[n]}/24 dev lan
    ip addr add ${lan6[n]}/64 dev lan nodad
    ip link set lan up
    ip addr add $2 dev wire
    ip link set wire up
    ip route add default via $3
    ${4:+ip addr add $4 dev wire nodad}
    ${5:+ip -6 route add default via $5}"
}

net_pair() {
  make_namespace a && make_namespace b || return 1
  wire b wire a
  side a 192.0.2.1/24 192.0.2.2 2001:db8::1/64 2001:db8::2
  side b 192.0.2.2/24 192.0.2.1 2001:db8::2/64 2001:db8::1
  nat=none address4_a=192.0.2.1 address4_b=192.0.2.2 seen4_a=192.0.2.1 seen4_b=192.0.2.2
  address6_a=2001:db8::1 address6_b=2001:db8::2
}

net_nat() {  # net_nat a|b: who is inside
  local inside=$1 outside rules="ip netns exec $net-n iptables-legacy -w"
  outside=$([ "$1" = a ] && echo b || echo a)
  make_namespace a && make_namespace b && make_namespace n || return 1
  wire "$inside" in n
  wire "$outside" out n
  ip -n "$net-n" addr add 10.9.0.1/24 dev in
  ip -n "$net-n" addr add 192.0.2.1/24 dev out
  ip -n "$net-n" link set in up
  ip -n "$net-n" link set out up
  side "$inside" 10.9.0.2/24 10.9.0.1
  side "$outside" 192.0.2.2/24 192.0.2.1
  modprobe -qa iptable_nat iptable_filter xt_MASQUERADE nf_conntrack xt_esp
  # Source ports change, so that whoever relies on 500 and 4500 is found out; ESP without UDP does not cross.
  $rules -t nat -A POSTROUTING -s 10.9.0.0/24 -o out -p udp -j MASQUERADE --to-ports 20000-29999 --random &&
    $rules -t nat -A POSTROUTING -s 10.9.0.0/24 -o out -j MASQUERADE &&
    $rules -A FORWARD -p esp -j DROP || return 1
  if [ "$inside" = a ]; then
    nat="before us" address4_a=10.9.0.2 address4_b=192.0.2.2 seen4_a=192.0.2.1 seen4_b=192.0.2.2
  else
    nat="before the peer" address4_a=192.0.2.2 address4_b=10.9.0.2 seen4_a=192.0.2.2 seen4_b=192.0.2.1
  fi
  address6_a='' address6_b=''
}

# A router between them takes less than either: 1300 octets.
net_routed() {
  make_namespace a && make_namespace b && make_namespace n || return 1
  wire a in n
  wire b out n
  ip -n "$net-n" addr add 10.9.0.1/24 dev in
  ip -n "$net-n" addr add 192.0.2.1/24 dev out
  ip -n "$net-n" link set in up
  ip -n "$net-n" link set out up
  # A device of that size would drop what comes in, without a word.
  ip -n "$net-n" route add 10.9.0.2 dev in mtu lock 1300
  ip -n "$net-n" route add 192.0.2.2 dev out mtu lock 1300
  side a 10.9.0.2/24 10.9.0.1
  side b 192.0.2.2/24 192.0.2.1
  nat=none address4_a=10.9.0.2 address4_b=192.0.2.2 seen4_a=10.9.0.2 seen4_b=192.0.2.2
  address6_a='' address6_b=''
}

net_remove() {
  local x
  for x in a n b; do ip netns del "$net-$x" 2>/dev/null; done
  if [ -n "$guest_side" ]; then
    ip -n "$net-g" link del port  # the namespaces go in their own time
    guest_do bash -c 'ip link del lan; ip addr flush dev wire; ip link set wire down'
  fi >/dev/null 2>&1
  return 0
}

# --- traffic -------------------------------------------------------------------------------------------------------------
stream_size=300000
# ping_through SIDE FROM TO. A responder of Quick Mode is ready when the third message has come to it, which its initiator does
# not hear of: in IKEv1 it gets a second for that.
ping_through() {
  [ "${version:-2}" != 1 ] || sleep 1
  at "$1" ping -n -q -c 2 -i 0.1 -W 3 -s 1200 -I "$2" "$3"
}
# tcp_both_ways CLIENT FROM SERVER BIND TO: one connection that carries $stream_size octets each way.
tcp_both_ways() {
  local verdict=$state/stream.$3 stream=$programs/interop_stream
  at "$3" rm -f "$verdict"
  launch "$3" "$stream serve $4 $2 $stream_size; echo \$? >$verdict"
  at "$1" "$stream" connect "$2" "$5" $stream_size || return
  wait_for 10 at "$3" test -s "$verdict" && at "$3" grep -qx 0 "$verdict"
}

# Watching the wire: what a or b sends that is neither IKE nor ESP or AH nor neighbour discovery, nor $unwatched.
watch_start() {
  local x
  local clear='not esp and not ah and not arp and not udp port 500 and not udp port 4500 and not (icmp6 and ip6[40] >= 130 and ip6[40] <= 143)
    and not (ip6 and ip6[6] == 0)'"${unwatched:+ and not ($unwatched)}"
  watched=() watchers=()
  for x in a b; do [ "$x" = "$guest_side" ] || watched+=("$x"); done
  for x in "${watched[@]}"; do
    rm -f "$state/clear.$x"
    ip netns exec "$net-$x" tcpdump --immediate-mode -U -p -n -Q out -i wire -w "$state/clear.$x" "$clear" 2>"$state/watch.err" &
    watchers+=($!)
  done
  for x in "${watched[@]}"; do wait_for 10 test -s "$state/clear.$x" || return; done
}
watch_stop() {  # watch_stop NAME: a verdict
  local seen
  sleep 0.1
  kill "${watchers[@]}"
  wait "${watchers[@]}" 2>/dev/null
  seen=$(for x in "${watched[@]}"; do tcpdump -n -r "$state/clear.$x" 2>/dev/null | head -n 5; done)
  if [ -z "$seen" ]; then ok "$1: nothing in clear on the wire"; else bad "$1: in clear on the wire"; echo "$seen"; fi
}

# All that crosses the wire at a, for tests/interop/decode.
capture_start() {  # capture_start FILE
  rm -f "$1"
  at a ethtool -K wire tx-udp-segmentation off  # else trains are seen in one piece, which no reader takes apart
  ip netns exec "$net-a" tcpdump --immediate-mode -U -p -n -i wire -w "$1" 'esp or udp' 2>"$state/capture.err" &
  capture=$!
  wait_for 10 test -s "$1"
}
capture_stop() {
  sleep 0.2
  kill "$capture"
  wait "$capture" 2>/dev/null
}
