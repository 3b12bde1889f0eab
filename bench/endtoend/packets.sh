# Single packets: rates of datagrams, and round-trip times. Leaves for `report` lines of $state/streams/packets: round, path,
# what, value.
# shellcheck shell=bash disable=SC2154  # variables are shared between the files

datagrams() {  # datagrams ROUND PATH SIZE: thousands in a second, without loss and when flooded
  local rates lossless flooded
  rates=$("$programs/datagrams" "sp-bench-$2-a" "sp-bench-$2-b" "$inner_a" "$inner_b" "$3" 16 0.3) || return
  read -r lossless flooded <<<"$rates"
  printf '%s %s %s %s\n' "$1" "$2" "lossless_$3" "$lossless" "$1" "$2" "flooded_$3" "$flooded" >>"$state/streams/packets"
}

round_trips() {  # round_trips ROUND PATH: of an otherwise idle path, in microseconds
  on "$2" a ping -n -c 200 -i 0.01 -I "$inner_a" "$inner_b" | sed -n 's/.*time=\([0-9.]*\) ms/\1/p' | sort -n |
    awk -v row="$1 $2" '{ v[NR] = $1 * 1000 } END {
      if (NR == 0) exit 1
      print row, "round_trip_median", v[int((NR + 1) / 2)]; print row, "round_trip_99", v[int((NR * 99 + 99) / 100)] }' \
      >>"$state/streams/packets"
}
