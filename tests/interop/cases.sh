# One interop case: configuration on both sides, initiation, pings and a TCP stream both ways, proof that ESP carried
# them, an orderly end. The topology must stand and both peers must run (cases_start).
# shellcheck shell=bash disable=SC2034,SC2154  # variables are shared between the files

kind_a=${INTEROP_KIND_A:-sallyport} kind_b=${kind_b:-strongswan}
name_a=a.example name_b=b.example  # their identities
results=$state/results peer=  # what docs/interop.md shall say; who b is, and its version

cases_start() {  # cases_start NAME: both daemons up, the wire watched
  set_addresses 4 tunnel 4
  ike=aes128gcm16-prfsha256-x25519 esp=aes128gcm16
  configure_both tunnel
  if peer_up "$kind_a" a && peer_up "$kind_b" b; then
    [ -n "$peer" ] || peer=$(peer_version "$kind_b" b)
    watch_start
    return
  fi
  bad "$1: the daemons do not start"
  peer_log "$kind_a" a
  peer_log "$kind_b" b
  return 1
}
cases_stop() {
  peer_down "$kind_a" a
  peer_down "$kind_b" b
}

# set_addresses OUTER MODE INNER: who talks with whom: outer family, and the ends of the traffic.
set_addresses() {
  if [ "$1" = 4 ]; then
    out_a=$address4_a out_b=$address4_b see_a=$seen4_a see_b=$seen4_b
  else
    out_a=$address6_a out_b=$address6_b see_a=$address6_a see_b=$address6_b
  fi
  if [ "$2" = transport ]; then
    end_a=$out_a end_b=$out_b ts_a='' ts_b='' to_a=$see_a to_b=$see_b
  elif [ "$3" = 4 ]; then
    end_a=${lan4[0]} end_b=${lan4[1]} ts_a=10.1.0.0/24 ts_b=10.2.0.0/24 to_a=$end_a to_b=$end_b
  else
    end_a=${lan6[0]} end_b=${lan6[1]} ts_a=fd01::/64 ts_b=fd02::/64 to_a=$end_a to_b=$end_b
  fi
}
configure_both() {
  mode=$1
  local_address=$out_a remote_address=$see_b local_id=$name_a remote_id=$name_b local_ts=$ts_a remote_ts=$ts_b
  configure "$kind_a" a
  local_address=$out_b remote_address=$see_a local_id=$name_b remote_id=$name_a local_ts=$ts_b remote_ts=$ts_a
  configure "$kind_b" b
}

# step WHAT COMMAND...: one step of a case; the first that fails ends it, with what it printed.
step() {
  local what=$1
  shift
  if ! "$@" >"$state/step" 2>&1; then
    bad "$case_name: $what"
    tail -n 15 "$state/step"
    return 1
  fi
}
carried() {  # carried KIND SIDE udp|plain: counted at least what the TCP stream weighs, both ways; how ESP travels
  local inward=0 outward=0 how=
  read -r inward outward how < <(peer_counts "$1" "$2")
  echo "$1 counts $inward octets in, $outward out, $how"
  [ "$inward" -gt "$stream_size" ] && [ "$outward" -gt "$stream_size" ] && [ "$how" = "$3" ]
}

# record INITIATOR RESULT: the case's line for the page
record() {
  local words=ESP family=IPv$case_outer how="version 2"
  [ "${esp#ah:}" = "$esp" ] || words=AH
  [ "$mode" = transport ] || [ "$case_outer" = "$case_inner" ] || family="IPv$case_inner in IPv$case_outer"
  [ "$version" = 2 ] || how=$([ "$aggressive" = yes ] && echo "Aggressive Mode" || echo "Main Mode")
  printf '%s\t' "$peer" "$([ "$1" = a ] && echo initiate || echo respond)" "$how" "$words" "$mode" "$family" "$nat" \
    "$ike, ${esp#ah:}" >>"$results"
  printf '%s\n' "$2" >>"$results"
}
# cases_end SCRIPT: the verdict over docs/interop.md, and the script's status
cases_end() {
  if [ "$kind_a" = sallyport ] && [ "$failures" -eq 0 ]; then
    "$interop/page" "$1" "$results" || failures=$((failures + 1))
  fi
  [ "$failures" -eq 0 ]
}

# run_case NAME OUTER MODE INNER INITIATOR udp|plain IKE ESP
run_case() {
  local started
  now; started=$NOW
  case_name=$1 case_outer=$2 case_inner=$4 ike=$7 esp=$8
  set_addresses "$2" "$3" "$4"
  configure_both "$3"
  if case_steps "$5" "$6"; then
    now
    ok "$case_name ($((NOW - started)) ms)"
    record "$5" "ping and TCP both ways${also:-}"
    return
  fi
  echo "--- $kind_a:"; peer_log "$kind_a" a
  echo "--- $kind_b:"; peer_log "$kind_b" b
  echo "---"
  # What is left must not decide over the next case.
  peer_terminate "$kind_b" b >/dev/null 2>&1
  peer_terminate "$kind_a" a >/dev/null 2>&1
  return 1
}
case_steps() {
  local initiator=$1 carrier=$2 kind
  kind=$([ "$initiator" = a ] && echo "$kind_a" || echo "$kind_b")
  step "load a" peer_load "$kind_a" a || return
  step "load b" peer_load "$kind_b" b || return
  step "initiate from $initiator" peer_initiate "$kind" "$initiator" || return
  step "ping from a" ping_through a "$end_a" "$to_b" || return
  step "ping from b" ping_through b "$end_b" "$to_a" || return
  if [ "$initiator" = a ]; then
    step "TCP from a" tcp_both_ways a "$end_a" b "$end_b" "$to_b" || return
  else
    step "TCP from b" tcp_both_ways b "$end_b" a "$end_a" "$to_a" || return
  fi
  step "counters of a" carried "$kind_a" a "$carrier" || return
  step "counters of b" carried "$kind_b" b "$carrier" || return
  [ -z "${ipcomp:-}" ] || step "compressed both ways" has_compressed || return
  step "terminate" peer_terminate "$kind" "$initiator"
}

# --- path MTU ---------------------------------------------------------------------------------------------------------------
# What may not be fragmented and does not fit: lost first, then its sender is told.
is_told() {
  at "$1" ping -n -M "do" -s 1350 -c 2 -i 0.2 -W 1 -I "$2" "$3" >"$state/told" 2>&1
  grep -Eq '[mM]essage too long|mtu ?= ?1[012][0-9][0-9]|Frag needed' "$state/told"
}
# path_case NAME OUTER MODE INNER IKE ESP: over a way that takes less than either end thinks at first (net_routed)
path_case() {
  case_name=$1 case_outer=$2 case_inner=$4 ike=$5 esp=$6
  set_addresses "$2" "$3" "$4"
  configure_both "$3"
  if path_steps; then
    ok "$case_name"
    record a "large pings with and without DF, and TCP, over a way of 1300 octets${also:-}"
    return
  fi
  echo "--- $kind_a:"; peer_log "$kind_a" a
  echo "--- $kind_b:"; peer_log "$kind_b" b
  echo "---"
  peer_terminate "$kind_a" a >/dev/null 2>&1
  return 1
}
path_steps() {
  local from to side
  step "load a" peer_load "$kind_a" a && step "load b" peer_load "$kind_b" b || return
  step "initiate" peer_initiate "$kind_a" a || return
  for side in a b; do
    if [ "$side" = a ]; then from=$end_a to=$to_b; else from=$end_b to=$to_a; fi
    step "the sender behind $side is told how much passes" wait_for 10 is_told "$side" "$from" "$to" || return
    step "what fits passes from $side" at "$side" ping -n -q -M "do" -s 1150 -c 2 -i 0.1 -W 3 -I "$from" "$to" || return
    step "what may be fragmented passes from $side" at "$side" ping -n -q -M dont -s 3000 -c 2 -i 0.1 -W 3 -I "$from" "$to" || return
  done
  step "TCP from a" tcp_both_ways a "$end_a" b "$end_b" "$to_b" || return
  step "counters of a" carried "$kind_a" a plain && step "counters of b" carried "$kind_b" b plain || return
  step "terminate" peer_terminate "$kind_a" a
}

# --- compression ------------------------------------------------------------------------------------------------------------
has_compressed() {  # what pings carry becomes smaller
  sallyport_ctl a --json counters c | python3 -c '
import json, sys
children = json.load(sys.stdin)["child_sas"]
print(children)
sys.exit(not any(c["inbound"]["compressed"] > 0 and c["outbound"]["compressed"] > 0 for c in children))'
}

# --- fragments -------------------------------------------------------------------------------------------------------------
# Long names and short parts: what proves an identity does not fit into one. strongSwan's names end at 511 octets.
fragments_needed() {
  patience='fragment_size = 540'
  strongswan_extra+=$'\n  fragment_size = 540'
  name_a=keyid:$(printf 'a%.0s' {1..490}) name_b=keyid:$(printf 'b%.0s' {1..490})
  also=", IKE in fragments"
}
in_fragments() {  # in_fragments NAME: the peer has sent its long message in parts, and put ours together
  local log=$state/b/run/charon.log
  if grep -q 'splitting IKE message' "$log" && grep -q 'received fragment #2' "$log"; then ok "$1: either way"; else
    bad "$1: no fragments"
  fi
  : >"$log"
}

# --- dead peers ------------------------------------------------------------------------------------------------------------
dead_peers_matter() {  # before cases_start
  dpd_action=clear dpd_delay=1
  patience='retransmit_timeout = 0.25\nretransmit_tries = 2\nretransmit_base = 2'  # 1.75 s behind dpd_delay
}
ours_is_up() { sallyport_ctl a --json status | grep -q '"bytes_in"'; }
ours_is_down() { ! ours_is_up; }
asks_again() { [ "$(grep -c 'sent Main Mode message 1' "$state/a/out")" -gt "$asked" ]; }
signal_peer() { at b kill "-$1" "$("${kind_b}_pid" b)"; }

# notices SIGNAL: the peer's daemon gets that signal, and 1 to 2.75 s later we know; with what a loaded machine adds
notices() {
  local from
  step "load a" peer_load sallyport a && step "load b" peer_load "$kind_b" b || return
  step "initiate from a" peer_initiate sallyport a || return
  step "ping" ping_through a "$end_a" "$to_b" || return
  asked=$(grep -c 'sent Main Mode message 1' "$state/a/out")
  step "signal the peer" signal_peer "$1" || return
  now; from=$NOW
  step "notice" wait_for 7 ours_is_down || return
  now; took=$((NOW - from))
}
dead_case() {  # dead_case clear|trap|restart SIGNAL WHAT-THEN: one verdict
  dpd_action=$1 case_name="dead peer, $kind_b, IKEv1, dpd_action $1" case_outer=4 case_inner=4 took=0
  configure_both tunnel
  if notices "$2" && "$3"; then
    ok "$case_name (known after $took ms)"
    record a "found dead in time, dpd_action $1 done"
    return
  fi
  peer_log sallyport a
}
stays_down() {
  sleep 1
  step "stay down" ours_is_down && ! asks_again
}

# --- rekeying --------------------------------------------------------------------------------------------------------------
# What our log has told so far: Child SAs installed, IKE SAs established
children_made() { grep -c 'Child SA x{[0-9]*} installed' "$state/a/out"; }
ike_sas_made() { grep -c 'IKE SA [0-9]* established' "$state/a/out"; }
more_than() { [ "$("$1")" -gt "$2" ]; }

# made_anew WHAT SIDE REKEY COUNT: SIDE begins, and another one is made
made_anew() {
  local kind before
  kind=$([ "$2" = a ] && echo "$kind_a" || echo "$kind_b")
  before=$("$4")
  step "rekey $1" "$3" "$kind" "$2" && step "$1 made anew" wait_for 15 more_than "$4" "$before" || return
  sleep 1  # traffic on the fresh keys, and the old ones put away
}
# Each ping up to the last that was answered has been: those under way at the end are nobody's loss.
none_lost() {
  sed -n 's/.* bytes from .*icmp_seq=\([0-9]*\) .*/\1/p' "$state/ping" | sort -nu >"$state/answered"
  local count last
  count=$(wc -l <"$state/answered") last=$(tail -n 1 "$state/answered")
  echo "$count answered, the last was number ${last:-0}"
  [ "$count" -gt 50 ] && [ "$count" -eq "$last" ]
}
# Libreswan does not renew IKEv1's phase 1 by hand.
peer_renews_phase_1() { [ "$kind_b" != libreswan ] || [ "$version" = 2 ]; }
rekeyed_by() {
  [ "$version" = 1 ] || { echo "Child SA and IKE SA by either side"; return; }
  peer_renews_phase_1 && echo "both phases by either side" || echo "both phases by us, phase 2 by the peer"
}
# rekey_case NAME OUTER MODE INNER IKE ESP: while a ping runs, both phases get fresh keys, first from us, then from the peer
rekey_case() {
  case_name=$1 case_outer=$2 case_inner=$4 ike=$5 esp=$6
  set_addresses "$2" "$3" "$4"
  configure_both "$3"
  if rekey_steps; then
    ok "$case_name ($(wc -l <"$state/answered") pings, none lost)"
    record a "no ping lost; rekeyed: $(rekeyed_by)"
    return
  fi
  echo "--- $kind_a:"; peer_log "$kind_a" a
  echo "--- $kind_b:"; peer_log "$kind_b" b
  echo "---"
  peer_terminate "$kind_b" b >/dev/null 2>&1
  peer_terminate "$kind_a" a >/dev/null 2>&1
  return 1
}
rekey_steps() {
  local pinging status
  step "load a" peer_load "$kind_a" a && step "load b" peer_load "$kind_b" b || return
  step "initiate" peer_initiate "$kind_a" a && step "ping" ping_through a "$end_a" "$to_b" || return
  ip netns exec "$net-a" ping -n -i 0.05 -I "$end_a" "$to_b" >"$state/ping" 2>&1 &
  pinging=$!
  made_anew "child from us" a peer_rekey children_made && made_anew "IKE SA from us" a peer_rekey_ike ike_sas_made &&
    made_anew "child from peer" b peer_rekey children_made &&
    { ! peer_renews_phase_1 || made_anew "IKE SA from peer" b peer_rekey_ike ike_sas_made; }
  status=$?
  kill -INT "$pinging" 2>/dev/null
  wait "$pinging"
  # The peer began the last child, and Libreswan wants back what it began.
  [ $status -eq 0 ] && step "no ping lost" none_lost && step "terminate" peer_terminate "$kind_b" b
}
# reauth_case NAME OUTER MODE INNER IKE ESP: while a ping runs, the peers prove anew who they are, on another IKE SA with Child
# SAs of its own before the older one goes: first begun by us, then by the peer
reauth_case() {
  case_name=$1 case_outer=$2 case_inner=$4 ike=$5 esp=$6
  set_addresses "$2" "$3" "$4"
  configure_both "$3"
  if reauth_steps; then
    ok "$case_name ($(wc -l <"$state/answered") pings, none lost)"
    record a "no ping lost; reauthenticated by either side"
    return
  fi
  echo "--- $kind_a:"; peer_log "$kind_a" a
  echo "--- $kind_b:"; peer_log "$kind_b" b
  echo "---"
  peer_terminate "$kind_b" b >/dev/null 2>&1
  peer_terminate "$kind_a" a >/dev/null 2>&1
  return 1
}
reauth_steps() {
  local pinging status
  step "load a" peer_load "$kind_a" a && step "load b" peer_load "$kind_b" b || return
  step "initiate" peer_initiate "$kind_a" a && step "ping" ping_through a "$end_a" "$to_b" || return
  ip netns exec "$net-a" ping -n -i 0.05 -I "$end_a" "$to_b" >"$state/ping" 2>&1 &
  pinging=$!
  proved_anew a && proved_anew b
  status=$?
  kill -INT "$pinging" 2>/dev/null
  wait "$pinging"
  [ $status -eq 0 ] && step "no ping lost" none_lost && step "terminate" peer_terminate "$kind_b" b
}
ike_sas_there() { sallyport_ctl a status | grep -c '^  IKE SA'; }
one_ike_sa() { [ "$(ike_sas_there)" = 1 ]; }
# proved_anew SIDE: SIDE begins; the new IKE SA has a Child SA, and the older one goes
proved_anew() {
  local kind before
  kind=$([ "$1" = a ] && echo "$kind_a" || echo "$kind_b")
  before=$(children_made)
  step "reauthenticate from $1" peer_reauth "$kind" "$1" && step "$1 made another child" wait_for 20 more_than children_made "$before" &&
    step "the older IKE SA goes after $1 began" wait_for 40 one_ike_sa
}
