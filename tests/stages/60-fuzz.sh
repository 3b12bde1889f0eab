#!/bin/bash
# Each fuzz target searches for SALLYPORT_FUZZ_SECONDS (60), as many at a time as there are cores
# needs: build test
# seconds: 3000
. tests/stages/lib.sh
build asan -DSALLYPORT_FUZZ_SECONDS="${SALLYPORT_FUZZ_SECONDS:-60}" || exit 1
ctest_lines build/asan/fuzz -j "$jobs"
