// Runs a program that `host fuse` wrote as one module: all that it imports is WASI.
//
//     fused-cpp MODULE EXPORT [ARGUMENT]...

#include "wasm.hh"

using namespace wasmtime;

void call_if_exported(Store &store, Instance &instance, const std::string &name,
                      const std::vector<Val> &arguments) {
  if (const auto func = find(store, instance, name))
    check_call(func->call(store, arguments), name);
}

void print(const Val &value) {
  switch (value.kind()) {
  case ValKind::I32: std::cout << value.i32(); break;
  case ValKind::I64: std::cout << value.i64(); break;
  case ValKind::F32: std::cout << value.f32(); break;
  case ValKind::F64: std::cout << value.f64(); break;
  default: std::cout << "a value of another type";
  }
  std::cout << std::endl;
}

void run(const std::string &file, const std::string &name, const std::vector<Val> &arguments) {
  Engine engine;
  Module module = compile(engine, file);
  Store store(engine);
  add_wasi(store);
  Linker linker(engine);
  check(linker.define_wasi(), "cannot define WASI");
  Instance instance = check(linker.instantiate(store, module), "cannot instantiate `" + file + "`",
                            "; `host fuse` makes one file of a program and its libraries");
  const Func func = function(store, instance, module, file, name);

  // The constructors of static objects come first.
  call_if_exported(store, instance, "_initialize", {});

  const auto results = check_call(func.call(store, arguments), name);
  // The result comes after what the program has printed, which C's streams still hold.
  call_if_exported(store, instance, "fflush", {0});
  for (const Val &result : results)
    print(result);

  // Last come the destructors, those of the libc in a Rust module for WASI too, and what they print.
  call_if_exported(store, instance, "__funcs_on_exit", {});
  call_if_exported(store, instance, "__wasm_call_dtors", {});
  call_if_exported(store, instance, "fflush", {0});
}

int main(int argc, char **argv) {
  if (argc < 3) {
    std::cerr << "usage: fused-cpp MODULE EXPORT [ARGUMENT]...\n";
    return 2;
  }
  return status_of([&] {
    std::vector<Val> arguments;
    for (int i = 3; i < argc; ++i)
      arguments.emplace_back(parse_i32(argv[i]));
    run(argv[1], argv[2], arguments);
  });
}
