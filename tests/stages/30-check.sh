#!/bin/bash
# The static checks
# needs: build test check
# seconds: 3000
. tests/stages/lib.sh
built dev || exit 1
tools/check
