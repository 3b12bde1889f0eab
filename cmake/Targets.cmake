# A folder of src/ is a namespace, a static library, and the unit tests beside its files.
#
#   sallyport_library(wire SOURCES a.cpp b.cpp USES base [LINKS OpenSSL::Crypto])
#       library sallyport_wire; USES names other folders of ours, LINKS what others made; APART are sources that are not
#       to be compiled together with others where the preset does that (CMAKE_UNITY_BUILD)
#   sallyport_tests(wire SOURCES a_test.cpp USES wire crypto)
#       test program wire_tests, registered with CTest test by test; a LABEL sets apart what stages of its
#       own run (seeded, netns); PRECOMPILED is a header that all its sources include

find_package(fmt REQUIRED)
if(SALLYPORT_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()

function(sallyport_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;APART;USES;LINKS" ${ARGN})
  add_library(sallyport_${name} STATIC ${ARG_SOURCES} ${ARG_APART})
  set_source_files_properties(${ARG_APART} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  target_include_directories(sallyport_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  list(TRANSFORM ARG_USES PREPEND sallyport_)
  target_link_libraries(sallyport_${name} PUBLIC ${ARG_USES} PRIVATE ${ARG_LINKS})
endfunction()

# Lets sources of the target ask which versions of IKE are built: SALLYPORT_HAS_IKEV1 and SALLYPORT_HAS_IKEV2, 0 or 1.
function(sallyport_say_versions target)
  target_compile_definitions(${target} PRIVATE SALLYPORT_HAS_IKEV1=$<BOOL:${SALLYPORT_IKEV1}>
                             SALLYPORT_HAS_IKEV2=$<BOOL:${SALLYPORT_IKEV2}>)
endfunction()

option(SALLYPORT_PLAIN_TESTS "Compile the tests' own sources, not what they test, without optimization: that is quicker" OFF)

function(sallyport_tests name)
  if(NOT SALLYPORT_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "LABEL;PRECOMPILED" "SOURCES;USES;LINKS" ${ARGN})
  add_executable(${name}_tests ${ARG_SOURCES})
  list(TRANSFORM ARG_USES PREPEND sallyport_)
  set_target_properties(${name}_tests PROPERTIES UNITY_BUILD OFF)
  target_include_directories(${name}_tests PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR})
  target_compile_definitions(${name}_tests PRIVATE SALLYPORT_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  target_link_libraries(${name}_tests PRIVATE ${ARG_USES} ${ARG_LINKS} GTest::gmock_main)
  # GoogleTest's headers take longer to compile than most tests: they are compiled once, for the first folder's program.
  if(name STREQUAL base OR ARG_PRECOMPILED)
    target_precompile_headers(${name}_tests PRIVATE <gmock/gmock.h> <gtest/gtest.h> ${ARG_PRECOMPILED})
  else()
    target_precompile_headers(${name}_tests REUSE_FROM base_tests)
  endif()
  if(SALLYPORT_PLAIN_TESTS)
    target_compile_options(${name}_tests PRIVATE -O0)
  endif()
  set(properties TIMEOUT 300)
  if(ARG_LABEL)
    list(APPEND properties LABELS ${ARG_LABEL})
  endif()
  gtest_discover_tests(${name}_tests DISCOVERY_MODE PRE_TEST PROPERTIES ${properties})
endfunction()
