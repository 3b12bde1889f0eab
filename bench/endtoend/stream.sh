# TCP by iperf3, and what the gateways say of it. Leaves in $state/streams/, for `report`, a file
# ROUND-PATH-DIRECTION-FLOWS.iperf3 and a line of `list`: round, path, direction, flows, gateways' processor seconds, octets
# that the sending gateway's SAs have counted, and the receiving one's, and how ESP travelled (`none`: nobody counts).
# shellcheck shell=bash disable=SC2034,SC2154  # variables are shared between the files

stream() {  # stream ROUND PATH ab|ba FLOWS
  local from=${3:0:1} to=${3:1} reverse=() file=$state/streams/$1-$2-$3-$4.iperf3 server before after
  local sent received carrier sent_before received_before
  [ "$3" = ab ] || reverse=(--reverse)
  mkdir -p "$state/streams"
  ip netns exec "sp-bench-$2-b" iperf3 -s -1 -B "$inner_b" >"$state/server.log" 2>&1 &
  server=$!
  wait_for 5 listens "$2" || return
  read -r _ sent_before _ < <(octets "$2" "$from")
  read -r received_before _ _ < <(octets "$2" "$to")
  before=$(processor_ticks "$2")
  on "$2" a timeout $((seconds + 15)) iperf3 -c "$inner_b" -B "$inner_a" -t "$seconds" -P "$4" -C cubic -J "${reverse[@]}" >"$file" 2>&1 || {
    cat "$file" >&2
    kill $server
    return 1
  }
  after=$(processor_ticks "$2")
  wait $server
  read -r _ sent carrier < <(octets "$2" "$from")
  read -r received _ _ < <(octets "$2" "$to")
  echo "$1 $2 $3 $4 $(awk "BEGIN { print ($after - $before) / $(getconf CLK_TCK) }")" \
    $((sent - sent_before)) $((received - received_before)) "$carrier" >>"$state/streams/list"
}
listens() { on "$1" b ss -Hltn 'sport = :5201' | grep -q .; }

octets() {  # octets PATH SIDE: in, out, carrier
  case $1 in
    strongswan) strongswan_octets "$2" ;;
    esp | udp) sallyport_octets "$1" "$2" ;;
    *) echo 0 0 none ;;
  esac
}

processor_ticks() {  # processor_ticks PATH: used by both gateways and their threads, in user and kernel mode
  local pid line sum=0 fields
  for pid in ${gateways[$1]:-}; do
    line=$(<"/proc/$pid/stat") || return
    read -ra fields <<<"${line##*) }"
    sum=$((sum + fields[11] + fields[12]))
  done
  echo $sum
}
