# The toolchain with which the crate `cmake` builds C and C++ for wasm32-unknown-unknown: Emscripten,
# called by the programs in the folder of this file. `cargo host env` names it to build scripts.

if(CMAKE_HOST_WIN32)
  set(suffix ".exe")
endif()
set(CMAKE_C_COMPILER "${CMAKE_CURRENT_LIST_DIR}/wasm-cc${suffix}" CACHE FILEPATH "C compiler")
set(CMAKE_CXX_COMPILER "${CMAKE_CURRENT_LIST_DIR}/wasm-cxx${suffix}" CACHE FILEPATH "C++ compiler")
set(CMAKE_AR "${CMAKE_CURRENT_LIST_DIR}/wasm-ar${suffix}" CACHE FILEPATH "archiver")
set(CMAKE_RANLIB "${CMAKE_CURRENT_LIST_DIR}/wasm-ranlib${suffix}" CACHE FILEPATH "indexer of archives")

# What CMake tries out runs as programs do in the end. By default, Node.js would run it, and old
# versions of Emscripten do not work with new ones of Node.js. `host` is next to this file, or
# installed as a command of cargo.
foreach(host host ../../bin/cargo-host)
  set(host "${CMAKE_CURRENT_LIST_DIR}/${host}${suffix}")
  if(NOT DEFINED CMAKE_CROSSCOMPILING_EMULATOR AND EXISTS "${host}")
    set(CMAKE_CROSSCOMPILING_EMULATOR "${host}" run)
  endif()
endforeach()

# Emscripten's own description of its platform, in the folder of its programs. It leaves the
# programs above as they are.
execute_process(
  COMMAND "${CMAKE_C_COMPILER}" --emscripten-root
  OUTPUT_VARIABLE emscripten_root OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "Emscripten, which compiles C and C++ to WebAssembly, is not installed")
endif()
file(TO_CMAKE_PATH "${emscripten_root}" emscripten_root)
include("${emscripten_root}/cmake/Modules/Platform/Emscripten.cmake")
