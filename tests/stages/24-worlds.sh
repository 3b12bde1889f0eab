#!/bin/bash
# Ten thousand seeded worlds, each held to its invariants (SALLYPORT_WORLDS: how many), and five thousand meshes
# (SALLYPORT_MESHES)
# needs: build test
# seconds: 2400
. tests/stages/lib.sh
built dev || exit 1
ctest_lines build/dev -j "$jobs" -L '^seeded$'
