// The demo: `toolbox`, written in C++, calls `calc`, written in Rust, and this host calls `toolbox`.
//
//     host-cpp CALC TOOLBOX EXPORT ARGUMENT

#include "wasm.hh"

#include <cctype>

using namespace wasmtime;

// The way out where CALC does not define all that TOOLBOX imports.
const char *const help = "; give what defines it as CALC; what shares memory or uses the C++ library "
                         "is linked by `host fuse`, and `fused-cpp` runs that";

void run(const std::string &calc_file, const std::string &toolbox_file, std::string name,
         std::int32_t argument) {
  std::cout << "Compiling module" << std::endl;
  Engine engine;
  Module calc = compile(engine, calc_file);
  Module toolbox = compile(engine, toolbox_file);

  std::cout << "Initializing..." << std::endl;
  Store store(engine);
  add_wasi(store);

  std::cout << "Linking..." << std::endl;
  Linker linker(engine);
  check(linker.define_wasi(), "cannot define WASI");
  Instance env = check(linker.instantiate(store, calc), "cannot link `" + calc_file + "`", help);
  check(linker.define_instance(store, "env", env), "cannot define `env`");
  Instance instance =
      check(linker.instantiate(store, toolbox), "cannot link `" + toolbox_file + "`", help);

  Func func = function(store, instance, toolbox, toolbox_file, name);
  auto typed = check(func.typed<std::int32_t, std::int32_t>(store),
                     "`" + toolbox_file + "` exports `" + name + ": " +
                         type_text(func.type(store)) + "`, but this host calls (i32) -> i32",
                     "; name another export, or change the type in host/cpp/main.cpp");
  std::int32_t result = check_call(typed.call(store, argument), name);

  name[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(name[0])));
  std::cout << name << "Result: " << result << std::endl;
}

int main(int argc, char **argv) {
  if (argc != 5) {
    std::cerr << "usage: host-cpp CALC TOOLBOX EXPORT ARGUMENT\n";
    return 2;
  }
  return status_of([&] { run(argv[1], argv[2], argv[3], parse_i32(argv[4])); });
}
