# The toolchain with which the crate `cmake` builds C and C++ for wasm32-unknown-unknown: Emscripten,
# called by the programs in the folder of this file. `cargo host env` names it to build scripts.

if(CMAKE_HOST_WIN32)
  set(_wasm32_suffix ".exe")
endif()
set(CMAKE_C_COMPILER "${CMAKE_CURRENT_LIST_DIR}/wasm-cc${_wasm32_suffix}" CACHE FILEPATH "C compiler")
set(CMAKE_CXX_COMPILER "${CMAKE_CURRENT_LIST_DIR}/wasm-cxx${_wasm32_suffix}" CACHE FILEPATH "C++ compiler")
set(CMAKE_AR "${CMAKE_CURRENT_LIST_DIR}/wasm-ar${_wasm32_suffix}" CACHE FILEPATH "archiver")
set(CMAKE_RANLIB "${CMAKE_CURRENT_LIST_DIR}/wasm-ranlib${_wasm32_suffix}" CACHE FILEPATH "indexer of archives")

# CMake's test programs run in `host`, as the final program does. By default, Node.js would run them,
# and old versions of Emscripten do not work with new ones of Node.js. `host` is next to this file, or
# installed as a command of cargo.
foreach(_wasm32_host host ../../bin/cargo-host)
  set(_wasm32_host "${CMAKE_CURRENT_LIST_DIR}/${_wasm32_host}${_wasm32_suffix}")
  if(NOT DEFINED CMAKE_CROSSCOMPILING_EMULATOR AND EXISTS "${_wasm32_host}")
    set(CMAKE_CROSSCOMPILING_EMULATOR "${_wasm32_host}" run)
  endif()
endforeach()

# Emscripten's own description of its platform, in the folder of its programs. It leaves the
# programs above as they are.
execute_process(
  COMMAND "${CMAKE_C_COMPILER}" --emscripten-root
  OUTPUT_VARIABLE _wasm32_root OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE _wasm32_status)
if(NOT _wasm32_status EQUAL 0)
  message(FATAL_ERROR "Emscripten, which compiles C and C++ to WebAssembly, is not installed")
endif()
file(TO_CMAKE_PATH "${_wasm32_root}" _wasm32_root)
include("${_wasm32_root}/cmake/Modules/Platform/Emscripten.cmake")
