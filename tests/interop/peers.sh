# The two kinds of peer behind one set of words, so that a case can put either on either side:
#
#   peer_up KIND SIDE            starts the daemon where that side lives and waits until it answers
#   peer_load KIND SIDE          (re)loads the configuration that configure_KIND has written
#   peer_initiate KIND SIDE      brings up connection `c`, child `x`
#   peer_terminate KIND SIDE     closes it towards the peer
#   peer_rekey KIND SIDE         makes fresh keys for the child; peer_rekey_ike: for the IKE SA; peer_reauth: another IKE SA
#   peer_counts KIND SIDE        prints octets in, octets out, and `udp` or `plain`: of its Child SAs, as it sees them
#   peer_version KIND SIDE       its name and version
#   peer_log KIND SIDE           the end of what it said
#   peer_down KIND SIDE
#
# KIND is sallyport or strongswan. Everything of a peer is in $state/SIDE/.
# shellcheck shell=bash disable=SC2034,SC2154  # variables are shared between the files

# --- strongSwan: its packages unpacked by fetch_strongswan, bound over /usr/lib/ipsec in a mount namespace of its own ------
strongswan=$cache/strongswan
# Release 6 is another Debian's, and comes with the loader and the libraries of that one.
strongswan_loader=
if [ "${INTEROP_STRONGSWAN_RELEASE:-5}" = 6 ]; then
  strongswan=$cache/strongswan6
  strongswan_loader="$strongswan/usr/lib64/ld-linux-x86-64.so.2 --library-path /usr/lib/ipsec:$strongswan/usr/lib/x86_64-linux-gnu"
fi
flavour=${INTEROP_STRONGSWAN:-kernel}  # kernel, or libipsec: ESP in userspace

strongswan_conf() {  # strongswan_conf SIDE
  local plugins='random nonce openssl aes sha1 sha2 hmac kdf cmac xcbc ctr ccm gcm chapoly curve25519 pubkey pem pkcs1 xauth-generic'
  local back_end='kernel-netlink'
  [ "$flavour" = kernel ] || back_end='kernel-libipsec kernel-netlink'  # the first one that offers ESP is taken
  cat <<C
charon {
  load_modular = no
  load = $plugins $back_end socket-default vici
  install_routes = $([ "$flavour" = kernel ] && echo no || echo yes)
  retransmit_timeout = 1.0
  retransmit_tries = 4
  ${strongswan_extra:-}
  plugins {
    vici {
      socket = unix://$state/$1/charon.vici
    }
    kernel-libipsec {
      allow_peer_ts = yes
    }
  }
  filelog {
    f {
      path = /run/charon.log
      default = 1
      ike = 2
      flush_line = yes
      time_format = %H:%M:%S
    }
  }
}
swanctl {
  load = random openssl pem pkcs1 pubkey
}
C
}
strongswan_pid() { at "$1" cat "$state/$1/pid" 2>/dev/null; }
strongswan_ctl() {
  local side=$1
  shift
  at "$side" env STRONGSWAN_CONF="$state/$side/strongswan.conf" SWANCTL_DIR="$state/$side" \
    swanctl "$@" --uri "unix://$state/$side/charon.vici"
}
strongswan_version() { strongswan_ctl "$1" --version --daemon | sed -n 's/^strongSwan \([0-9.]*\).*/strongSwan \1/p'; }
strongswan_up() {
  local home=$state/$1
  at "$1" mkdir -p "$home/run/netns"
  strongswan_conf "$1" | put "$1" "$home/strongswan.conf"
  put "$1" "$home/launch" <<L
echo \$\$ >'$home/pid'
mount --make-rprivate /
mount --bind '$strongswan/usr/lib/ipsec' /usr/lib/ipsec
mount --bind '$home/run' /run
[ -L /var/run ] || mount --bind /run /var/run
export STRONGSWAN_CONF='$home/strongswan.conf' LEAK_DETECTIVE_DISABLE=1
exec $strongswan_loader /usr/lib/ipsec/charon >>'$home/out' 2>&1
L
  [ -d /usr/lib/ipsec ] || mkdir -p /usr/lib/ipsec
  launch "$1" "unshare -m bash $home/launch"
  wait_for 20 strongswan_ctl "$1" --stats
}
strongswan_load() { strongswan_ctl "$1" --load-all --clear; }
strongswan_initiate() { strongswan_ctl "$1" --initiate --child x --timeout 20; }
strongswan_terminate() { strongswan_ctl "$1" --terminate --ike c --timeout 10; }
strongswan_rekey() { strongswan_ctl "$1" --rekey --child x; }
strongswan_rekey_ike() { strongswan_ctl "$1" --rekey --ike c; }
strongswan_reauth() { strongswan_ctl "$1" --rekey --ike c --reauth; }
strongswan_counts() {
  strongswan_ctl "$1" --list-sas | awk '
    $1 == "in" || $1 == "out" { gsub(",", ""); for (i = 2; i < NF; i++) if ($(i + 1) == "bytes") sum[$1] += $i }
    /in-UDP/ { carried = "udp" }
    END { printf "%.0f %.0f %s\n", sum["in"], sum["out"], carried ? carried : "plain" }'
}
strongswan_log() { at "$1" tail -n 25 "$state/$1/run/charon.log" "$state/$1/out"; }
strongswan_down() { stop "$1" "$(strongswan_pid "$1")"; at "$1" rm -f "$state/$1/pid"; }

# --- Sallyport -------------------------------------------------------------------------------------------------------------
sallyport_ctl() {
  local where=$1
  shift
  "$programs/sallyport" --control "$state/$where/control.sock" "$@"
}
sallyport_up() {
  local home=$state/$1
  mkdir -p "$home/state" "$home/keylog"
  ip netns exec "$net-$1" "$programs/sallyportd" --config "$home/sallyport.toml" --control "$home/control.sock" \
    --state-dir "$home/state" </dev/null >>"$home/out" 2>&1 &
  echo $! >"$home/pid"
  disown
  wait_for 20 sallyport_ctl "$1" status
}
sallyport_load() { sallyport_ctl "$1" reload; }
sallyport_initiate() { sallyport_ctl "$1" up c/x --timeout 20; }
sallyport_terminate() { sallyport_ctl "$1" down c; }
sallyport_swanctl() {  # the unmodified swanctl, to our control socket
  local where=$1
  shift
  strongswan_conf "$where" >"$state/$where/strongswan.conf"
  STRONGSWAN_CONF=$state/$where/strongswan.conf swanctl "$@" --uri "unix://$state/$where/control.sock"
}
sallyport_rekey() { sallyport_swanctl "$1" --rekey --child x; }
sallyport_rekey_ike() { sallyport_swanctl "$1" --rekey --ike c; }
sallyport_reauth() { sallyport_ctl "$1" rekey --reauth c; }
sallyport_counts() {
  sallyport_ctl "$1" --json status | tr '{,}' '\n' | awk -F: '
    { gsub(/[" ]/, "") }
    $1 == "bytes_in" { inward += $2 }
    $1 == "bytes_out" { outward += $2 }
    $1 == "udp_encap" { carried = $2 == "true" ? "udp" : "plain" }
    END { printf "%.0f %.0f %s\n", inward, outward, carried }'
}
sallyport_log() { tail -n 25 "$state/$1/out"; }
sallyport_down() { stop "$1" "$(cat "$state/$1/pid" 2>/dev/null)"; rm -f "$state/$1/pid"; }

# --- either ----------------------------------------------------------------------------------------------------------------
stop() {  # stop SIDE PID: gently, then not
  [ -n "$2" ] && at "$1" kill "$2" 2>/dev/null || return 0
  wait_for 8 gone "$1" "$2" || { at "$1" kill -9 "$2"; wait_for 2 gone "$1" "$2"; }
}
gone() { ! at "$1" kill -0 "$2" 2>/dev/null; }

peer_version() { "$1_version" "$2"; }
peer_up() { "$1_up" "$2"; }
peer_load() { "$1_load" "$2"; }
peer_initiate() { "$1_initiate" "$2"; }
peer_terminate() { "$1_terminate" "$2"; }
peer_rekey() { "$1_rekey" "$2"; }
peer_rekey_ike() { "$1_rekey_ike" "$2"; }
peer_reauth() { "$1_reauth" "$2"; }
peer_counts() { "$1_counts" "$2"; }
peer_log() { "$1_log" "$2"; }
peer_down() { "$1_down" "$2"; }

# configure KIND SIDE: writes connection `c`, child `x` from the variables that a case sets: local_address, remote_address
# (empty: any), local_id, remote_id, ike, esp (proposals, blank-separated; ah:… for AH), mode, local_ts, remote_ts (empty: dynamic);
# tfc (octets that both pad to), ipcomp (not empty: both compress); ours alone: fragment, dpd_action with dpd_delay,
# also_ours (further lines of the connection), patience (of [daemon]).
configure() { at "$2" mkdir -p "$state/$2" && "configure_$1" "$2"; }
secret='an interop test is no secret'
proposals_key() { case $esp in ah:*) echo ah_proposals ;; *) echo esp_proposals ;; esac }
version=2 aggressive=no  # of IKE
childless='' ppk=''      # of version 2: swanctl's word; the name of a postquantum preshared key that both require
ppk_secret='this one is no secret either, and has 256 bits'

configure_strongswan() {
  {
    echo "connections {"
    echo "  c {"
    echo "    version = $version"
    [ "$version" = 2 ] || echo "    aggressive = $aggressive"
    echo "    local_addrs = $local_address"
    [ -z "$remote_address" ] || echo "    remote_addrs = $remote_address"
    echo "    proposals = ${ike// /, }"
    echo "    mobike = no"
    [ -z "${childless:-}" ] || echo "    childless = $childless"
    [ -z "${ppk:-}" ] || printf '    ppk_id = %s\n    ppk_required = yes\n' "$ppk"
    printf '    local {\n      auth = psk\n      id = %s\n    }\n' "$local_id"
    printf '    remote {\n      auth = psk\n      id = %s\n    }\n' "$remote_id"
    printf '    children {\n      x {\n        mode = %s\n        %s = %s\n' "$mode" "$(proposals_key)" "$(sed "s/^ah://; s/ /, /g" <<<"$esp")"
    [ -z "$local_ts" ] || echo "        local_ts = $local_ts"
    [ -z "$remote_ts" ] || echo "        remote_ts = $remote_ts"
    [ -z "${tfc:-}" ] || echo "        tfc_padding = $tfc"
    [ -z "${ipcomp:-}" ] || echo "        ipcomp = yes"
    printf '      }\n    }\n  }\n}\n'
    printf 'secrets {\n  ike-c {\n    secret = "%s"\n  }\n' "$secret"
    [ -z "${ppk:-}" ] || printf '  ppk-c {\n    id = %s\n    secret = "%s"\n  }\n' "$ppk" "$ppk_secret"
    echo "}"
  } | put "$1" "$state/$1/swanctl.conf"
}

toml_list() { printf '["%s"]' "${1// /\", \"}"; }
configure_sallyport() {
  {
    echo "[connections.c]"
    echo "version = $version"
    [ "$version" = 2 ] || echo "aggressive = ${aggressive/yes/true}" | sed "s/= no/= false/"
    echo "local_addrs = $(toml_list "$local_address")"
    [ -z "$remote_address" ] || echo "remote_addrs = $(toml_list "$remote_address")"
    echo "proposals = $(toml_list "$ike")"
    [ -z "${dpd_action:-}" ] || printf 'dpd_delay = %s\nkeyingtries = 0\n' "$dpd_delay"
    [ -z "${childless:-}" ] || echo "childless = \"$childless\""
    [ -z "${ppk:-}" ] || printf 'ppk_id = "%s"\nppk_required = true\n' "$ppk"
    [ -z "${also_ours:-}" ] || printf '%s\n' "$also_ours"
    printf '[connections.c.local]\nauth = "psk"\nid = "%s"\n' "$local_id"
    printf '[connections.c.remote]\nauth = "psk"\nid = "%s"\n' "$remote_id"
    printf '[connections.c.children.x]\nmode = "%s"\n%s = %s\n' "$mode" "$(proposals_key)" "$(toml_list "${esp#ah:}")"
    [ -z "$local_ts" ] || echo "local_ts = $(toml_list "$local_ts")"
    [ -z "$remote_ts" ] || echo "remote_ts = $(toml_list "$remote_ts")"
    [ -z "${tfc:-}" ] || echo "tfc_padding = $tfc"
    [ -z "${ipcomp:-}" ] || echo "ipcomp = true"
    [ -z "${fragment:-}" ] || echo "fragment = \"$fragment\""
    [ -z "${dpd_action:-}" ] || echo "dpd_action = \"$dpd_action\""
    printf '[secrets.ike-c]\nid = ["%s", "%s"]\nsecret = "%s"\n' "$local_id" "$remote_id" "$secret"
    [ -z "${ppk:-}" ] || printf '[secrets.ppk-c]\nid = "%s"\nsecret = "%s"\n' "$ppk" "$ppk_secret"
    printf '[datapath]\nbackend = "userspace"\n'
    printf '[daemon]\nlog = "debug"\nkeylog = "%s"\n' "$state/$1/keylog"
    [ -z "${patience:-}" ] || printf '%b\n' "$patience"
  } | put "$1" "$state/$1/sallyport.toml"
}
