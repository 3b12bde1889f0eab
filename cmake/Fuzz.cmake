# Fuzz targets, one folder of fuzz/ each. To add one called NAME: make fuzz/NAME/ with a source that defines
# LLVMFuzzerTestOneInput (return 0 always; break a property with ASSERT or std::abort), a folder corpus/ with at least
# one seed file, and if you like NAME.dict (libFuzzer's dictionary format), and a CMakeLists.txt with this one call:
#
#   sallyport_fuzz_target(NAME SOURCES fuzz_NAME.cpp USES wire [LINKS lib] [CORPUS corpus])
#
# Everywhere but under the preset `fuzz` that makes bin/fuzz_replay_NAME, which runs over each file of the corpus, and
# registers it with CTest as fuzz_replay_NAME: inputs that once found a bug stay tests for ever (put them into the
# corpus, named after the bug). Under the preset `fuzz` (clang, libFuzzer) it makes bin/fuzz_NAME and the CTest test
# fuzz_NAME, which searches for SALLYPORT_FUZZ_SECONDS: `ctest --test-dir build/fuzz/fuzz`. What it finds beyond the
# seeds is kept in the build tree, at fuzz/NAME/found/; crashes at fuzz/NAME/crash-*.

set(SALLYPORT_FUZZ_SECONDS 60 CACHE STRING "How long CTest lets each libFuzzer target search")

function(sallyport_fuzz_target name)
  cmake_parse_arguments(ARG "" "CORPUS" "SOURCES;USES;LINKS" ${ARGN})
  if(NOT ARG_CORPUS)
    set(ARG_CORPUS corpus)
  endif()
  set(corpus ${CMAKE_CURRENT_SOURCE_DIR}/${ARG_CORPUS})
  list(TRANSFORM ARG_USES PREPEND sallyport_)

  if(SALLYPORT_FUZZ)
    set(program fuzz_${name})
    add_executable(${program} ${ARG_SOURCES})
    target_link_options(${program} PRIVATE -fsanitize=fuzzer)
    set(options -max_total_time=${SALLYPORT_FUZZ_SECONDS} -timeout=10 -rss_limit_mb=1024 -print_final_stats=1)
    if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${name}.dict)
      list(APPEND options -dict=${CMAKE_CURRENT_SOURCE_DIR}/${name}.dict)
    endif()
    file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/found)
    add_test(NAME ${program} WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}
             COMMAND ${program} ${options} found ${corpus})
    math(EXPR timeout "${SALLYPORT_FUZZ_SECONDS} + 120")
  else()
    set(program fuzz_replay_${name})
    add_executable(${program} ${ARG_SOURCES} ${PROJECT_SOURCE_DIR}/fuzz/common/replay_main.cpp)
    add_test(NAME ${program} COMMAND ${program} ${corpus})
    set(timeout 120)
  endif()
  set_tests_properties(${program} PROPERTIES TIMEOUT ${timeout})
  target_include_directories(${program} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR})
  target_link_libraries(${program} PRIVATE ${ARG_USES} ${ARG_LINKS})
endfunction()
