# What stages share: building a preset, and CTest's results as lines. Sourced, from the top of the tree.
# shellcheck shell=bash
set -uo pipefail
export CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=$PWD
jobs=$(nproc)

# build PRESET [CMAKE-ARGUMENT...]: configures and builds; one line for the result.
build() {
  local preset=$1
  shift
  if cmake --preset "$preset" "$@" && cmake --build --preset "$preset" -j "$jobs"; then
    echo "ok build $preset"
  else
    echo "FAIL build $preset"
    return 1
  fi
}

# built PRESET: builds it where nothing has been built yet, so that each stage can be run alone.
built() { [ -x "build/$1/bin/sallyportd" ] || build "$1"; }

# ctest_lines DIRECTORY [CTEST-ARGUMENT...]: runs CTest there; a line for each test, its output where it failed.
ctest_lines() {
  local directory=$1 results
  shift
  results=$(mktemp)
  ctest --test-dir "$directory" --output-on-failure --no-tests=error --output-junit "$results" "$@"
  python3 tests/stages/junit_lines "$results" "$directory"
  local status=$?
  rm -f "$results"
  return $status
}
