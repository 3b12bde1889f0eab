# A User-Mode Linux guest, whose kernel has its own ESP and AH whatever this machine's kernel has. It runs on this machine's
# file system, read-only there, with its own /run and /dev/shm. Its device `wire` is a bridge's port in the namespace sp-io-g,
# where whoever wants to reach it puts his end. Boots in 3 seconds; has one CPU; a fork costs 20 to 60 ms there. Sourced.
#
#   guest_boot            in sp-io-g; the guest lives 400 seconds at most
#   guest_do WORD...      runs a command there; its output, its status
#   guest_halt
# shellcheck shell=bash disable=SC2154  # variables are shared between the files

guest_boot() {
  ip netns add "$net-g" || return
  ip -n "$net-g" tuntap add guest mode tap
  ip -n "$net-g" link add bridge type bridge
  ip netns exec "$net-g" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
  ip -n "$net-g" link set guest master bridge
  ip -n "$net-g" link set guest up
  ip -n "$net-g" link set bridge up
  mkfifo "$state/guest.in" "$state/guest.out"
  timeout -k 5 400 ip netns exec "$net-g" env LD_PRELOAD="$programs/../lib/libinterop_guest_xstate.so" TMPDIR=/dev/shm \
    linux.uml mem=768M rootfstype=hostfs ro quiet con0=fd:0,fd:1 con=null ssl=null \
    vec0:transport=tap,ifname=guest,depth=128 init="$interop/guest_init" \
    <"$state/guest.in" >"$state/guest.out" 2>"$state/guest.err" &
  guest_pid=$!
  exec {guest_in}>"$state/guest.in" {guest_out}<"$state/guest.out"
  guest_answer >/dev/null || { cat "$state/guest.err"; return 1; }
}
# Prints what the guest says up to the end of its answer.
guest_answer() {
  local line
  while IFS= read -r -t 60 -u "$guest_out" line; do
    line=${line%$'\r'}
    case $line in
      '@@ ready') return 0 ;;
      '@@ '*) return "${line#@@ }" ;;
      *) printf '%s\n' "$line" ;;
    esac
  done
  echo "the guest does not answer"
  return 125
}
guest_do() {
  printf '%q ' "$@" >&"$guest_in" && echo >&"$guest_in" && guest_answer
}
guest_gone() { ! kill -0 "$guest_pid" 2>/dev/null; }
guest_halt() {
  [ -n "${guest_pid:-}" ] || return 0
  echo 'halt -f' >&"$guest_in"
  exec {guest_in}>&- {guest_out}<&-
  wait_for 15 guest_gone || kill "$guest_pid"  # it has nothing to lose
  wait "$guest_pid" 2>/dev/null
  guest_pid=
}
