#!/bin/bash
# Each half of IKE without the other: it builds, its tests and stories pass, a few seeded worlds hold
# needs: build test
# seconds: 2400
. tests/stages/lib.sh
programs=(sallyportd sallyport base_tests wire_tests policy_tests ike_engine_tests config_tests diagnose_tests sim_tests
  scenarios_tests seeded_tests)

# half NAME ON-OR-OFF ON-OR-OFF PROGRAM...: IKEv1, IKEv2, and the programs that only it has. One build tree for both,
# so that what knows nothing of IKE is compiled once, several sources at a time.
half() {
  local name=$1 one=$2 two=$3
  shift 3
  if cmake --preset dev -B build/half -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=6 \
    -DSALLYPORT_BENCH=OFF -DSALLYPORT_PLAIN_TESTS=ON -DSALLYPORT_IKEV1="$one" -DSALLYPORT_IKEV2="$two" &&
    cmake --build build/half -j "$jobs" --target "${programs[@]}" "$@"; then
    echo "ok build $name alone"
  else
    echo "FAIL build $name alone"
    return 1
  fi
  # Other programs of the tree may be left from the other half.
  SALLYPORT_WORLDS=400 SALLYPORT_MESHES=100 ctest_lines build/half -j "$jobs" -LE '^netns$' -E '_NOT_BUILT$|^fuzz_'
}
rm -rf build/half/bin
half IKEv1 ON OFF ike_v1_tests
status=$?
rm -rf build/half/bin
half IKEv2 OFF ON && exit $status
