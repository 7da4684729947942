# Translation units that include Beast cost 40 s each, 190 s under sanitizers: those are built without optimisation there.
set(HEDGEWATCH_BEAST_SOURCES
  feeds/transport/websocket_client.cpp
  feeds/transport/https_client.cpp
  feeds/simulator/server.cpp
  daemon/exposition/http_server.cpp)

option(HEDGEWATCH_UNITY "Compile a folder's sources as one: the builds that run once, where headers cost more than code" OFF)

# hedgewatch_unite(TARGET sources...) joins the sources of each folder. Vector kernels, which include themselves once an instruction
# set, and what has options of its own stay alone.
function(hedgewatch_unite target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -Wno-subobject-linkage)  # it is about types of included files: all are, here
  endif()
  foreach(source IN LISTS ARGN)
    if(source MATCHES "_kernel[.]cpp$" OR source IN_LIST HEDGEWATCH_BEAST_SOURCES)
      continue()
    endif()
    cmake_path(GET source PARENT_PATH folder)
    string(REPLACE "/" "_" folder ${folder})
    set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${folder})
  endforeach()
endfunction()

# hedgewatch_room(NAME LINK targets...) makes the library hedgewatch_NAME of the .cpp files below NAME/.
function(hedgewatch_room name)
  cmake_parse_arguments(room "" "" "LINK" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/${name}/*.cpp)
  list(REMOVE_ITEM sources daemon/main.cpp)
  add_library(hedgewatch_${name} STATIC ${sources})
  target_link_libraries(hedgewatch_${name} PUBLIC hedgewatch_flags ${room_LINK})
  if(NOT HEDGEWATCH_SANITIZE)
    # Vector kernels mean nothing unless inlined whole: optimised in every preset, even where the rest is built for the debugger.
    # g++ leaves scheduling before register allocation off on x86; with pressure in view it is worth 10 % here.
    set(kernel_options -O3)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      list(APPEND kernel_options -fschedule-insns -fsched-pressure -fira-loop-pressure)
    endif()
    foreach(source IN LISTS sources)
      if(source MATCHES "_kernel[.]cpp$")
        set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS "${kernel_options}")
      endif()
    endforeach()
  endif()
  if(HEDGEWATCH_UNITY)
    hedgewatch_unite(hedgewatch_${name} ${sources})
  endif()
  if(HEDGEWATCH_FUZZ)
    # Vector kernels parse nothing, and take minutes each when every branch of them is watched.
    set(kernel_level -O0)
    if(NOT HEDGEWATCH_SANITIZE)
      set(kernel_level -O2)
    endif()
    foreach(source IN LISTS sources)
      if(source MATCHES "_kernel[.]cpp$")
        set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS "${kernel_level};-fno-sanitize=all")
      endif()
    endforeach()
  endif()
  if(HEDGEWATCH_SANITIZE)
    foreach(source IN LISTS HEDGEWATCH_BEAST_SOURCES)
      if(source IN_LIST sources)
        set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS "-O0")
      endif()
    endforeach()
  endif()
endfunction()
