// What both programs need in addition to `wasmtime.hh`: modules from files, and errors as exceptions.

#pragma once

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include <wasmtime.hh>

// An error that ends the program. Its message says what failed, in which file, why, and the way out.
class Failure : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The guest has ended the program itself, by C's `exit` for example.
struct Exit {
  std::int32_t status;
};

// Leaves out where in Wasmtime an error was made, which it adds if RUST_BACKTRACE is set.
inline std::string without_backtrace(const std::string &message) {
  const auto text = message.substr(0, message.find("\nStack backtrace:\n"));
  return text.substr(0, text.find_last_not_of('\n') + 1);
}

// Puts an error and its causes, which Wasmtime prints on lines of their own, on one line.
inline std::string one_line(const std::string &message) {
  std::istringstream lines(without_backtrace(message));
  std::string joined;
  const char *separator = "";
  for (std::string line; std::getline(lines, line);) {
    line.erase(0, line.find_first_not_of(' '));
    if (line == "Caused by:") {
      separator = ": ";
    } else if (!line.empty()) {
      joined += separator + line;
      separator = " ";
    }
  }
  return joined;
}

// Returns the value of a result, or throws its error: `what` failed, and `help` is the way out.
template <typename T, typename E>
T check(wasmtime::Result<T, E> result, const std::string &what, const std::string &help = "") {
  if (!result)
    throw Failure(what + ": " + one_line(result.err_ref().message()) + help);
  return std::move(result.ok_ref());
}

// Returns what a call of the guest's function `name` has returned.
template <typename T> T check_call(wasmtime::TrapResult<T> result, const std::string &name) {
  if (result)
    return std::move(result.ok_ref());
  const wasmtime::TrapError &error = result.err_ref();
  const auto *ended = std::get_if<wasmtime::Error>(&error.data);
  if (const auto status = ended ? ended->i32_exit() : std::nullopt)
    throw Exit{*status};
  // A trap comes with the guest's backtrace, which has lines of its own.
  throw Failure("`" + name + "` failed: " + without_backtrace(error.message()));
}

// Reads a module from a file and compiles it.
inline wasmtime::Module compile(wasmtime::Engine &engine, const std::string &path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error)
    throw Failure("cannot read `" + path + "`: " + error.message() +
                  "; `cargo xtask build-all` builds the guests");
  std::vector<std::uint8_t> bytes(size);
  std::ifstream file(path, std::ios::binary);
  if (!file.read(reinterpret_cast<char *>(bytes.data()), static_cast<std::streamsize>(size)))
    throw Failure("cannot read `" + path + "`");
  return check(wasmtime::Module::compile(engine, bytes), "cannot compile `" + path + "`");
}

// Gives a store WASI, with nothing of this machine but standard output and error.
inline void add_wasi(wasmtime::Store &store) {
  wasmtime::WasiConfig wasi;
  wasi.inherit_stdout();
  wasi.inherit_stderr();
  check(store.context().set_wasi(std::move(wasi)), "cannot set up WASI");
}

// Returns the text of types as in `(i32, i32)`.
inline std::string type_list(wasmtime::ValType::ListRef types) {
  std::ostringstream text;
  for (const auto *type = types.begin(); type != types.end(); ++type)
    text << (type == types.begin() ? "" : ", ") << wasmtime::ValType(*type);
  return "(" + text.str() + ")";
}

// Returns the text of a function's type as in `(i32, i32) -> i32`.
inline std::string type_text(wasmtime::FuncType type) {
  auto results = type_list(type->results());
  if (type->results().size() == 1)
    results = results.substr(1, results.size() - 2);
  return type_list(type->params()) + " -> " + results;
}

// Returns the names that a module exports, for messages.
inline std::string export_names(const wasmtime::Module &module) {
  std::string names;
  for (const auto &item : module.exports())
    names += (names.empty() ? "" : ", ") + std::string(item.name());
  return names.empty() ? "nothing" : names;
}

// Returns the function that an instance exports under a name, if it does.
inline std::optional<wasmtime::Func> find(wasmtime::Store &store, wasmtime::Instance &instance,
                                          const std::string &name) {
  const auto item = instance.get(store, name);
  const auto *func = item ? std::get_if<wasmtime::Func>(&*item) : nullptr;
  return func ? std::optional(*func) : std::nullopt;
}

// Returns the function that an instance of `module`, from `file`, must export.
inline wasmtime::Func function(wasmtime::Store &store, wasmtime::Instance &instance,
                               const wasmtime::Module &module, const std::string &file,
                               const std::string &name) {
  const auto func = find(store, instance, name);
  if (!func)
    throw Failure("`" + file + "` exports no function `" + name + "`; it exports " +
                  export_names(module));
  return *func;
}

// Reads an argument of the command line.
inline std::int32_t parse_i32(const std::string &text) {
  std::int32_t value = 0;
  const auto *end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || rest != end)
    throw Failure("`" + text + "` is no i32: write an integer such as 7 or -7");
  return value;
}

// Runs a program and returns its status: an error ends it with a line that says why.
template <typename Program> int status_of(Program program) {
  try {
    program();
    return EXIT_SUCCESS;
  } catch (const Exit &exit) {
    return exit.status;
  } catch (const std::exception &error) {
    std::cerr << "error: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
