#!/bin/bash
# The static checks
# needs: build test check
# seconds: 1200
. tests/stages/lib.sh
tools/check
