#!/bin/bash
# Unit tests, scenarios, replayed fuzz corpora
# needs: build test
# seconds: 2400
# quick: yes
. tests/stages/lib.sh
built dev || exit 1
ctest_lines build/dev -j "$jobs" -LE '^(seeded|netns)$'
