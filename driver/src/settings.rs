//! The settings of cargo with which crates are built by these programs.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use toml::Value;

use crate::emscripten;

/// A setting of cargo's configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// The name of the table, such as `env`.
    pub table: &'static str,
    pub key: &'static str,
    pub value: Value,
}

/// The table of the settings of the target.
pub const TARGET: &str = "target.wasm32-unknown-unknown";

/// Returns the settings for programs that are in a folder.
pub fn settings(folder: &Path) -> Vec<Setting> {
    let program = |name: &str| program(folder, name).to_string_lossy().into_owned();
    let cmake = folder.join(CMAKE_TOOLCHAIN).to_string_lossy().into_owned();
    let target = |key, value| Setting { table: TARGET, key, value };
    let variable = |key, value: String| Setting { table: "env", key, value: value.into() };
    let bindgen = bindgen_arguments();
    [
        target("linker", program("wasm-ld").into()),
        target("rustflags", RUST_FLAGS.map(Value::from).to_vec().into()),
        variable("CC_wasm32_unknown_unknown", program("wasm-cc")),
        variable("CXX_wasm32_unknown_unknown", program("wasm-cxx")),
        variable("AR_wasm32_unknown_unknown", program("wasm-ar")),
        variable("RANLIB_wasm32_unknown_unknown", program("wasm-ranlib")),
        variable("CMAKE_TOOLCHAIN_FILE_wasm32_unknown_unknown", cmake),
    ]
    .into_iter()
    .chain(bindgen.map(|args| variable("BINDGEN_EXTRA_CLANG_ARGS_wasm32_unknown_unknown", args)))
    .collect()
}

/// Options of rustc.
const RUST_FLAGS: [&str; 2] = [
    // rustc's link-time optimization would make the standard library a part of the program before
    // `wasm-ld` can provide what it lacks.
    "-Clto=off",
    // The crate `getrandom` asks for a function, which the system libraries define.
    "--cfg=getrandom_backend=\"custom\"",
];

/// The name of the file for CMake, in the folder of the programs.
pub const CMAKE_TOOLCHAIN: &str = "wasm32.cmake";

/// Returns the path of one of the programs in a folder.
pub fn program(folder: &Path, name: &str) -> PathBuf {
    folder.join(name).with_extension(env::consts::EXE_EXTENSION)
}

/// The options with which clang reads headers as Emscripten's compiler does, except the folder of
/// those of libc.
pub const CLANG_FLAGS: [&str; 2] = ["--target=wasm32-unknown-emscripten", "-fvisibility=default"];

/// Returns the arguments with which bindgen reads headers as the compiler does. Returns `None` if
/// there is no compiler.
fn bindgen_arguments() -> Option<String> {
    let mut command = Command::new(emscripten::find("emcc")?);
    let output = command.arg("--cflags").output().ok()?;
    let flags = String::from_utf8(output.stdout).ok()?;
    let flags = shlex::split(&flags)?;
    let sysroot = flags.iter().find_map(|flag| flag.strip_prefix("--sysroot="))?;
    let sysroot = shlex::try_quote(sysroot).ok()?;
    Some(format!("{} --sysroot={sysroot} -D__EMSCRIPTEN__", CLANG_FLAGS.join(" ")))
}
