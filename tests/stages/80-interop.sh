#!/bin/bash
# Real peers: strongSwan and Libreswan, with ESP and AH of the kernel's in a guest, or in userspace; ike-scan; tshark as a reader
# needs: build test interop
# seconds: 3600
. tests/stages/lib.sh
built dev || exit 1
for script in userspace ikev1 dead_peer ike_scan kernel kernel_ah kernel_suites kernel_ikev1 libreswan rekey_ikev1 rekey_ikev2 further_keys rekey_libreswan redirect ikev1_xauth roaming; do
  timeout -k 10 500 "tests/interop/$script"
  status=$?
  [ $status -le 1 ] || echo "FAIL interop $script: ended with status $status"  # 1: it has said what failed
done
