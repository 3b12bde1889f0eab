#!/bin/bash
# Unit tests, scenarios, replayed fuzz corpora
# needs: build test
# seconds: 900
# quick: yes
. tests/stages/lib.sh
ctest_lines build/dev -j "$jobs" -LE '^(seeded|netns)$'
