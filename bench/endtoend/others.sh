# Who else is measured: our own forwarder, wireguard-go, OpenVPN. Each leaves its processes in `gateways` and its TUN
# devices with addresses and routes.
# shellcheck shell=bash disable=SC2154  # variables are shared between the files

missing() {  # missing PATH: prints the program that it needs and that is not there
  local program
  case $1 in
    wireguard) set -- wireguard-go wg ;;
    openvpn) set -- openvpn openssl ;;
    *) return 1 ;;
  esac
  for program; do command -v "$program" >/dev/null || { echo "$program"; return 0; }; done
  return 1
}

# route_through PATH DEVICE-A DEVICE-B: what is for the other network goes into the TUN.
route_through() {
  local side device network source
  for side in a b; do
    case $side in
      a) device=$2 network="$network_b" source=$inner_a ;;
      b) device=$3 network="$network_a" source=$inner_b ;;
    esac
    ip -n "sp-bench-$1-$side" link set dev "$device" mtu 1400 txqueuelen 1000 up &&
      ip -n "sp-bench-$1-$side" route replace "$network" dev "$device" src "$source" || return
  done
}
has_device() { ip -n "sp-bench-$1-$2" link show dev "$3"; }

forwarder_up() {  # forwarder_up PATH
  start "$1" a "$programs/forwarder" "$outer_a" "$outer_b" "$network_a" "$network_b"
  start "$1" b "$programs/forwarder" "$outer_b" "$outer_a" "$network_b" "$network_a"
  wait_for 5 has_device "$1" a sally0 && wait_for 5 has_device "$1" b sally0 && route_through "$1" sally0 sally0
}

wireguard_up() {  # wireguard_up PATH: control sockets are files that all network namespaces share, so names differ
  local side
  for side in a b; do
    (umask 077; wg genkey >"$state/$1-$side.key")
    LOG_LEVEL=error start "$1" $side wireguard-go -f "spwg$side"
    wait_for 5 wg show "spwg$side" || return
  done
  wg set spwga private-key "$state/$1-a.key" listen-port 51820 peer "$(wg pubkey <"$state/$1-b.key")" \
    endpoint "$outer_b:51820" allowed-ips "$network_b" &&
    wg set spwgb private-key "$state/$1-b.key" listen-port 51820 peer "$(wg pubkey <"$state/$1-a.key")" \
      endpoint "$outer_a:51820" allowed-ips "$network_a" &&
    route_through "$1" spwga spwgb
}

openvpn_up() {  # openvpn_up PATH: point to point, certificates that each end knows by their fingerprints
  local side
  for side in a b; do
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$side" \
      -keyout "$state/$1-$side.key" -out "$state/$1-$side.crt" 2>/dev/null || return
  done
  openvpn_start "$1" a "$outer_a" "$outer_b" 10.255.0.1 10.255.0.2 b --tls-client
  openvpn_start "$1" b "$outer_b" "$outer_a" 10.255.0.2 10.255.0.1 a --tls-server --dh none
  wait_for 5 has_device "$1" a tun0 && wait_for 5 has_device "$1" b tun0 && route_through "$1" tun0 tun0
}
openvpn_start() {  # openvpn_start PATH SIDE LOCAL REMOTE TUN-LOCAL TUN-REMOTE PEER WORD...
  local fingerprint
  fingerprint=$(openssl x509 -in "$state/$1-$7.crt" -noout -fingerprint -sha256 | cut -d= -f2)
  start "$1" "$2" openvpn --dev tun0 --dev-type tun --proto udp --local "$3" --remote "$4" --port 1194 --disable-dco \
    --ifconfig "$5" "$6" --tun-mtu 1400 --sndbuf 4194304 --rcvbuf 4194304 --fast-io --cert "$state/$1-$2.crt" \
    --key "$state/$1-$2.key" --peer-fingerprint "$fingerprint" --data-ciphers AES-128-GCM --cipher AES-128-GCM \
    --reneg-sec 0 --verb 1 "${@:8}"
}
