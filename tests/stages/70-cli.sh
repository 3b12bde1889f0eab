#!/bin/bash
# The command line and the unmodified swanctl against two daemons in namespaces
# needs: build test interop
# seconds: 2400
. tests/stages/lib.sh
built dev || exit 1
for each in commands capture ikev1 ikev1_traffic path_mtu remote_access staying_up; do
  timeout -k 10 170 "tests/netns/cli/$each"
  status=$?
  [ $status -le 1 ] || echo "FAIL cli $each: ended with status $status"  # 1: it has said what failed
done
