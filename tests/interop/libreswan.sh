# Libreswan behind the words of peers.sh: its package unpacked by fetch_libreswan, run from where it was unpacked. Sourced
# after peers.sh.
# shellcheck shell=bash disable=SC2154  # variables are shared between the files

libreswan=$cache/libreswan/usr/libexec/ipsec

libreswan_version() { at b "$libreswan/pluto" --version | sed -n 's/^Libreswan \([0-9.]*\).*/Libreswan \1/p'; }
libreswan_pid() { at "$1" cat "$state/$1/pid" 2>/dev/null; }
whack() {  # whack SIDE OPTION...
  local side=$1
  shift
  at "$side" "$libreswan/whack" --rundir "$state/$side/run" "$@"
}
libreswan_up() {
  local home=$state/$1
  at "$1" mkdir -p "$home/run" "$home/d/policies"
  at "$1" mount --bind "$cache/libreswan/usr/libexec" /usr/libexec  # pluto insists on finding its addconn there
  at "$1" cp -r "$cache/libreswan/nss" "$home/"
  launch "$1" "echo \$BASHPID >'$home/pid'; exec '$libreswan/pluto' --nofork --config '$home/ipsec.conf' --nssdir '$home/nss' \
    --rundir '$home/run' --ipsecdir '$home/d' --secretsfile '$home/ipsec.secrets' --logfile '$home/log' --use-xfrm \
    --uniqueids >>'$home/out' 2>&1"
  wait_for 20 whack "$1" --status
}
# addconn always ends with success; whether it was heard, pluto knows.
libreswan_load() {
  whack "$1" --delete --name c
  whack "$1" --listen
  at "$1" "$libreswan/addconn" --config "$state/$1/ipsec.conf" --ctlsocket "$state/$1/run/pluto.ctl" c
  whack "$1" --status | grep '"c"'
}
libreswan_initiate() { whack "$1" --initiate --name c; }
libreswan_terminate() { whack "$1" --terminate --name c; }
# In IKEv1 it forces no rekeying, but makes another child by hand; phase 1 it renews when its time has come, not when told.
libreswan_rekey() {
  if [ "$version" = 1 ]; then whack "$1" --initiate --name c; else whack "$1" --rekey-ipsec --name c; fi
}
libreswan_rekey_ike() { whack "$1" --rekey-ike --name c; }
libreswan_counts() {
  local how=plain
  [ -z "$(at "$1" ip xfrm state | grep 'encap type espinudp')" ] || how=udp  # no grep -q: the guest must be heard out
  whack "$1" --trafficstatus | sed -n 's/.*inBytes=\([0-9]*\), outBytes=\([0-9]*\).*/\1 \2/p' |
    awk -v how=$how '{ inward += $1; outward += $2 } END { printf "%.0f %.0f %s\n", inward, outward, how }'
}
libreswan_log() { at "$1" tail -n 25 "$state/$1/log" "$state/$1/out"; }
libreswan_down() { stop "$1" "$(libreswan_pid "$1")"; at "$1" rm -f "$state/$1/pid"; }

# Our words for algorithms are its own but for AES-GCM. Forward secrecy with the group of phase 1 is what it does without a word.
libreswan_words() { sed 's/^ah://; s/aes\([0-9]*\)gcm16/aes_gcm\1-null/g; s/ /,/g' <<<"$1"; }
configure_libreswan() {
  local kind=esp pfs=no versions="ikev2=insist"
  [ "$version" = 2 ] || versions="ikev2=never aggressive=$aggressive"
  [ "${esp#ah:}" = "$esp" ] || kind=ah
  case $esp in *-modp* | *-ecp*) pfs=yes ;; esac
  {
    printf 'config setup\n  ikev1-policy=accept\nconn c\n'
    # shellcheck disable=SC2086  # a word each
    printf '  %s\n' $versions authby=secret auto=add leftupdown=%disabled \
      "left=$local_address" "right=${remote_address:-%any}" "leftid=@$local_id" "rightid=@$remote_id" \
      ${local_ts:+"leftsubnet=$local_ts"} ${remote_ts:+"rightsubnet=$remote_ts"} \
      "type=$mode" "phase2=$kind" "ike=$(libreswan_words "$ike")" "phase2alg=$(libreswan_words "$esp")" "pfs=$pfs"
  } | put "$1" "$state/$1/ipsec.conf"
  printf '@%s @%s : PSK "%s"\n' "$local_id" "$remote_id" "$secret" | put "$1" "$state/$1/ipsec.secrets"
}
