#!/bin/bash
# Everything compiles with g++, warnings being errors
# needs: build test
# seconds: 1500
# quick: yes
. tests/stages/lib.sh
build dev
