#!/bin/bash
# Unit tests and scenarios again, compiled by clang with address and undefined-behaviour sanitizers
# needs: build test
# seconds: 1800
. tests/stages/lib.sh
build asan -DSALLYPORT_FUZZ_SECONDS="${SALLYPORT_FUZZ_SECONDS:-60}" || exit 1
ctest_lines build/asan -j "$jobs" -LE '^(seeded|netns)$' -E '^fuzz_'
