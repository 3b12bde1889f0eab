#!/bin/bash
# src/linux against this machine's kernel: TUN, sockets, routes and packet filter in namespaces; needs root
# needs: build test
# seconds: 2400
. tests/stages/lib.sh
built dev || exit 1
ctest_lines build/dev -j "$jobs" -L '^netns$'
