# One interface target carries the language level, the warnings and the hardening of every room.
add_library(hedgewatch_flags INTERFACE)
target_compile_features(hedgewatch_flags INTERFACE cxx_std_20)
set(CMAKE_CXX_EXTENSIONS OFF)
target_include_directories(hedgewatch_flags INTERFACE ${CMAKE_SOURCE_DIR})

target_compile_options(hedgewatch_flags INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wconversion -Wsign-conversion -Wshadow -Wold-style-cast
  -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-qual -Wformat=2 -Wimplicit-fallthrough
  -Wdouble-promotion -ffp-contract=off)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 wrongly calls members of std::optional and std::string uninitialised when it optimises; -Wuninitialized stays.
  target_compile_options(hedgewatch_flags INTERFACE -Wduplicated-cond -Wlogical-op -Wno-maybe-uninitialized)
endif()

# A snapshot is only taken on by the build that made it: every program says which one it is, whatever the compiler's default.
target_link_options(hedgewatch_flags INTERFACE -Wl,--build-id=sha1)

set(HEDGEWATCH_SANITIZE "" CACHE STRING "Sanitizers for every target: empty, 'address,undefined' or 'thread'")
option(HEDGEWATCH_FUZZ "Link the fuzz targets to clang's libFuzzer" OFF)
if(HEDGEWATCH_SANITIZE)
  add_compile_options(-fsanitize=${HEDGEWATCH_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${HEDGEWATCH_SANITIZE})
else()
  target_compile_options(hedgewatch_flags INTERFACE -fstack-protector-strong -fcf-protection=full)
  target_compile_definitions(hedgewatch_flags INTERFACE $<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2>)
  target_link_options(hedgewatch_flags INTERFACE -Wl,-z,relro,-z,now)
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
endif()
if(HEDGEWATCH_FUZZ)
  # libFuzzer learns from the branches that an input takes: the parsers are in the rooms' libraries, not in the fuzz targets.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(HEDGEWATCH_SANITIZE STREQUAL "thread")
  # Asio's fences are not understood by g++'s ThreadSanitizer.
  add_compile_options(-Wno-tsan)
  add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)
endif()
