#!/bin/bash
# The same tests, with fewer worlds and smaller floods, compiled by clang with address and undefined-behaviour sanitizers
# needs: build test
# seconds: 3000
. tests/stages/lib.sh
build asan -DSALLYPORT_FUZZ_SECONDS="${SALLYPORT_FUZZ_SECONDS:-60}" || exit 1
SALLYPORT_FLOOD=100000 ctest_lines build/asan -j "$jobs" -LE '^(seeded|netns)$' -E '^fuzz_'
status=$?
SALLYPORT_WORLDS=1000 SALLYPORT_MESHES=100 SALLYPORT_FLOOD=100000 ctest_lines build/asan -j "$jobs" -L '^seeded$' && exit $status
