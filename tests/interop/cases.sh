# One interop case: configuration on both sides, initiation, pings and a TCP stream both ways, proof that ESP carried
# them, an orderly end. The topology must stand and both peers must run (cases_start).
# shellcheck shell=bash disable=SC2034,SC2154  # variables are shared between the files

kind_a=${INTEROP_KIND_A:-sallyport} kind_b=strongswan

cases_start() {  # cases_start NAME: both daemons up, the wire watched
  set_addresses 4 tunnel 4
  ike=aes128gcm16-prfsha256-x25519 esp=aes128gcm16
  configure_both tunnel
  if peer_up "$kind_a" a && peer_up "$kind_b" b; then
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
  local_address=$out_a remote_address=$see_b local_id=a.example remote_id=b.example local_ts=$ts_a remote_ts=$ts_b
  configure "$kind_a" a
  local_address=$out_b remote_address=$see_a local_id=b.example remote_id=a.example local_ts=$ts_b remote_ts=$ts_a
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

# run_case NAME OUTER MODE INNER INITIATOR udp|plain IKE ESP
run_case() {
  local started
  now; started=$NOW
  case_name=$1 ike=$7 esp=$8
  set_addresses "$2" "$3" "$4"
  configure_both "$3"
  if case_steps "$5" "$6"; then
    now
    ok "$case_name ($((NOW - started)) ms)"
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
  step "terminate" peer_terminate "$kind" "$initiator"
}
