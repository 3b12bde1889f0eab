#!/bin/bash
# Everything compiles with g++, warnings being errors
# needs: build test
# seconds: 2400
# quick: yes
. tests/stages/lib.sh
build dev
