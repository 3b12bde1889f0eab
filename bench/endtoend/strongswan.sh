# Two charon of strongSwan, ESP in userspace by kernel-libipsec. The packages are unpacked, not installed; each charon has
# them bound over /usr/lib/ipsec, and a /run of its own, in a mount namespace that ends with it.
# shellcheck shell=bash disable=SC2034,SC2154  # variables are shared between the files
unpacked=${INTEROP_CACHE:-$here/../../build/interop}

strongswan_ctl() {  # strongswan_ctl SIDE WORD...: the control socket is a file, no need to enter the namespaces
  local home=$state/strongswan-$1
  shift
  STRONGSWAN_CONF=$home/strongswan.conf SWANCTL_DIR=$home swanctl "$@" --uri "unix://$home/charon.vici"
}

strongswan_up() {  # strongswan_up PATH
  local side
  "$here/../../tests/interop/fetch_strongswan" "$unpacked" >&2 || die "strongSwan could not be fetched"
  strongswan_configure a "$outer_a" "$network_a" b "$outer_b" "$network_b"
  strongswan_configure b "$outer_b" "$network_b" a "$outer_a" "$network_a"
  mkdir -p /usr/lib/ipsec
  for side in a b; do
    start "$1" $side unshare -m bash "$state/strongswan-$side/launch"
    wait_for 10 strongswan_ctl $side --stats && strongswan_ctl $side --load-all >>"$state/$1-$side.log" 2>&1 || return
  done
  strongswan_ctl a --initiate --child stream --timeout 10 >>"$state/$1-a.log" 2>&1 || return
  for side in a b; do ip -n "sp-bench-$1-$side" link set dev ipsec0 mtu 1400 txqueuelen 1000 || return; done
}

strongswan_configure() {  # strongswan_configure SIDE OUTER NETWORK PEER PEER-OUTER PEER-NETWORK
  local home=$state/strongswan-$1
  mkdir -p "$home/run/netns"
  cat >"$home/strongswan.conf" <<C
charon {
  load_modular = no
  load = random nonce openssl aes sha1 sha2 hmac kdf gcm curve25519 kernel-libipsec kernel-netlink socket-default vici
  plugins {
    vici {
      socket = unix://$home/charon.vici
    }
  }
}
swanctl {
  load = random
}
C
  cat >"$home/swanctl.conf" <<C
connections {
  bench {
    version = 2
    local_addrs = $2
    remote_addrs = $5
    proposals = aes128gcm16-prfsha256-x25519
    encap = yes
    local {
      auth = psk
      id = $1.example
    }
    remote {
      auth = psk
      id = $4.example
    }
    children {
      stream {
        local_ts = $3
        remote_ts = $6
        esp_proposals = aes128gcm16
      }
    }
  }
}
secrets {
  ike-bench {
    secret = "$secret"
  }
}
C
  cat >"$home/launch" <<L
mount --make-rprivate /
mount --bind '$unpacked/strongswan/usr/lib/ipsec' /usr/lib/ipsec
mount --bind '$home/run' /run
[ -L /var/run ] || mount --bind /run /var/run
export STRONGSWAN_CONF='$home/strongswan.conf' LEAK_DETECTIVE_DISABLE=1
exec /usr/lib/ipsec/charon
L
}

# strongswan_octets SIDE: in, out, and how it travels (udp, plain), as its Child SAs count.
strongswan_octets() {
  strongswan_ctl "$1" --list-sas | awk '
    $1 == "in" || $1 == "out" { gsub(",", ""); for (i = 2; i < NF; i++) if ($(i + 1) == "bytes") sum[$1] += $i }
    /in-UDP/ { udp = 1 }
    END { printf "%.0f %.0f %s\n", sum["in"], sum["out"], udp ? "udp" : "plain" }'
}
