#!/bin/bash
# Unit tests and scenarios again, compiled by clang with address and undefined-behaviour sanitizers
# needs: build test
# seconds: 1500
. tests/stages/lib.sh
build asan || exit 1
ctest_lines build/asan -j "$jobs" -LE '^(seeded|netns)$'
