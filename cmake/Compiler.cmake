# How everything of ours is compiled.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

find_program(CCACHE ccache)
if(CCACHE)
  # sloppiness: else it keeps nothing of what is compiled with a precompiled header
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wconversion -Wno-sign-conversion -Werror)
# Designated initialisers leave out what has a default, on purpose.
add_compile_options(-Wno-missing-field-initializers)
add_compile_options(-fstack-protector-strong -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 sees overflows and dangling reads that are not there, in std::vector and std::variant at -O2 (PR 105329 and kin)
  add_compile_options(-Wno-stringop-overflow -Wno-array-bounds -Wno-maybe-uninitialized -Wno-restrict -Wno-free-nonheap-object
                      -Wno-stringop-overread)
  if(CMAKE_UNITY_BUILD)
    add_compile_options(-Wno-subobject-linkage)  # takes a source that another one includes for a header
  endif()
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # designated initializers leave the other members to their defaults: that is what they are for (g++ agrees)
  add_compile_options(-Wno-missing-designated-field-initializers)
  add_compile_options("SHELL:-Xclang -fno-pch-timestamp")  # so that ccache knows a precompiled header again
endif()

# -DSALLYPORT_SANITIZE=address,undefined or =thread
set(SALLYPORT_SANITIZE "" CACHE STRING "Sanitizers for everything, comma separated")
if(SALLYPORT_SANITIZE)
  add_compile_options(-fsanitize=${SALLYPORT_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SALLYPORT_SANITIZE})
endif()
if(SALLYPORT_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

option(SALLYPORT_COVERAGE "Measure test coverage (gcov)" OFF)
if(SALLYPORT_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()
