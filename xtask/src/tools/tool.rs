//! The tools that the build needs, as data. `find.rs` finds them.

use anyhow::anyhow;

/// A tool that must be installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tool {
    Emscripten,
    CMake,
    Make,
    CppCompiler,
    /// Python's package installer, as a module of the program that is found.
    Pip,
    /// The package installer of node.
    Npm,
    /// The browser.
    Chromium,
    /// A target of the Rust toolchain, by its triple.
    RustTarget(&'static str),
}

impl Tool {
    /// The tools that every build needs.
    pub(crate) const ALL: [Tool; 7] = [
        Tool::RustTarget("wasm32-unknown-unknown"),
        Tool::RustTarget("wasm32-wasip1"),
        Tool::RustTarget("wasm32-unknown-emscripten"),
        Tool::Emscripten,
        Tool::CMake,
        Tool::Make,
        Tool::CppCompiler,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Tool::Emscripten => "Emscripten",
            Tool::CMake => "CMake",
            Tool::Make => "make",
            Tool::CppCompiler => "C++ compiler",
            Tool::Pip => "pip",
            Tool::Npm => "npm",
            Tool::Chromium => "Chromium",
            Tool::RustTarget(triple) => triple,
        }
    }

    pub(crate) fn needed_for(self) -> &'static str {
        match self {
            Tool::Emscripten => "C++ to WebAssembly",
            Tool::CMake => "the C++ guests' build files",
            Tool::Make => "running CMake's build files",
            Tool::CppCompiler => "native C++: the hosts in host/cpp, and the tests' oracle",
            Tool::Pip => "installing Zig and libclang",
            Tool::Npm => "installing jco",
            Tool::Chromium => "the tests of pages",
            Tool::RustTarget("wasm32-wasip1") => "build-all --target wasm32-wasip1",
            Tool::RustTarget("wasm32-unknown-emscripten") => {
                "tests: Rust shared libraries with std"
            }
            Tool::RustTarget(_) => "Rust to WebAssembly",
        }
    }

    /// Returns the programs that provide the tool, the preferred one first. Any one of them is
    /// enough.
    pub(crate) fn programs(self) -> &'static [&'static str] {
        match self {
            Tool::Emscripten => &["emcmake"],
            Tool::CMake => &["cmake"],
            Tool::Make if cfg!(windows) => &["ninja", "mingw32-make", "make"],
            Tool::Make => &["make", "gmake", "ninja"],
            Tool::CppCompiler if cfg!(windows) => &["cl", "clang-cl", "g++", "clang++"],
            Tool::CppCompiler => &["c++", "g++", "clang++"],
            Tool::Pip => &["python3", "python"],
            Tool::Npm if cfg!(windows) => &["npm.cmd"],
            Tool::Npm => &["npm"],
            Tool::Chromium => &["chromium", "chromium-browser", "google-chrome", "chrome"],
            Tool::RustTarget(_) => &[],
        }
    }

    /// Returns the error that names the missing tool and the way to install it.
    pub(crate) fn missing(self) -> anyhow::Error {
        let names: Vec<_> = self.programs().iter().map(|name| format!("`{name}`")).collect();
        anyhow!(
            "{} not found, needed for {}: run `cargo xtask setup`",
            names.join(" or "),
            self.needed_for()
        )
    }
}
