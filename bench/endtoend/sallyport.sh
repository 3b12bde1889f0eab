# Two sallyportd: path `esp` as IP protocol 50, path `udp` in UDP.
# shellcheck shell=bash disable=SC2034,SC2154  # variables are shared between the files
programs=${SALLYPORT_BIN:-$here/../../build/bench/bin}

sallyport_ctl() { "$programs/sallyport" --control "$state/$1-$2.sock" "${@:3}"; }  # sallyport_ctl PATH SIDE WORD...

sallyport_up() {  # sallyport_up PATH
  local side
  [ -x "$programs/sallyportd" ] || die "there is no $programs/sallyportd: cmake --preset bench && cmake --build --preset bench"
  sallyport_configure "$1" a "$outer_a" "$network_a" b "$outer_b" "$network_b"
  sallyport_configure "$1" b "$outer_b" "$network_b" a "$outer_a" "$network_a"
  for side in a b; do
    start "$1" $side "$programs/sallyportd" --config "$state/$1-$side.toml" --control "$state/$1-$side.sock" \
      --state-dir "$state/$1-$side"
    wait_for 10 sallyport_ctl "$1" $side status || return
  done
  sallyport_ctl "$1" a up bench/stream --timeout 10 >>"$state/$1-a.log" 2>&1
}
sallyport_configure() {  # sallyport_configure PATH SIDE OUTER NETWORK PEER PEER-OUTER PEER-NETWORK
  mkdir -p "$state/$1-$2"
  (umask 077; cat >"$state/$1-$2.toml") <<T
[connections.bench]
version = 2
local_addrs = ["$3"]
remote_addrs = ["$6"]
proposals = ["aes128gcm16-prfsha256-x25519"]
encap = $([ "$1" = udp ] && echo true || echo false)
[connections.bench.local]
auth = "psk"
id = "$2.example"
[connections.bench.remote]
auth = "psk"
id = "$5.example"
[connections.bench.children.stream]
local_ts = ["$4"]
remote_ts = ["$7"]
esp_proposals = ["aes128gcm16-noesn"]
[secrets.ike-bench]
id = ["a.example", "b.example"]
secret = "$secret"
[datapath]
backend = "userspace"
T
}

# sallyport_octets PATH SIDE: in, out, and how it travels (udp, plain), as its Child SAs count.
sallyport_octets() {
  sallyport_ctl "$1" "$2" --json status | tr '{,}' '\n' | awk -F: '
    { gsub(/[" ]/, "") }
    $1 == "bytes_in" { inward += $2 }
    $1 == "bytes_out" { outward += $2 }
    $1 == "udp_encap" { carrier = $2 == "true" ? "udp" : "plain" }
    END { printf "%.0f %.0f %s\n", inward, outward, carrier }'
}
