//! The tools that the build needs: what for, and where they are.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::anyhow;

use crate::support::process;
use crate::support::project::Project;
use crate::tools::rust_targets;

/// Something that must be installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tool {
    Emscripten,
    CMake,
    Make,
    CppCompiler,
    /// A target of the Rust toolchain, by its triple.
    RustTarget(&'static str),
}

impl Tool {
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
            Tool::RustTarget(triple) => triple,
        }
    }

    pub(crate) fn needed_for(self) -> &'static str {
        match self {
            Tool::Emscripten => "C++ to WebAssembly",
            Tool::CMake => "the C++ guests' build files",
            Tool::Make => "running CMake's build files",
            Tool::CppCompiler => "native C++: the hosts in host/cpp, and the tests' oracle",
            Tool::RustTarget("wasm32-wasip1") => "build-all --target wasm32-wasip1",
            Tool::RustTarget("wasm32-unknown-emscripten") => {
                "tests: Rust shared libraries with std"
            }
            Tool::RustTarget(_) => "Rust to WebAssembly",
        }
    }

    /// The programs of which any one will do, the preferred first.
    fn programs(self) -> &'static [&'static str] {
        match self {
            Tool::Emscripten => &["emcmake"],
            Tool::CMake => &["cmake"],
            Tool::Make if cfg!(windows) => &["ninja", "mingw32-make", "make"],
            Tool::Make => &["make", "gmake", "ninja"],
            Tool::CppCompiler if cfg!(windows) => &["cl", "clang-cl", "g++", "clang++"],
            Tool::CppCompiler => &["c++", "g++", "clang++"],
            Tool::RustTarget(_) => &[],
        }
    }

    /// Where it is, if it is installed.
    pub(crate) fn find(self, project: &Project) -> Option<PathBuf> {
        if let Tool::RustTarget(triple) = self {
            return rust_target(triple);
        }
        let on_path = self.programs().iter().find_map(|program| which::which(program).ok());
        on_path.or_else(|| match self {
            Tool::Emscripten => in_folders("emcmake", emscripten_folders(project)),
            _ => None,
        })
    }

    /// Where it is.
    ///
    /// # Errors
    ///
    /// When it is missing, with the way out.
    pub(crate) fn require(self, project: &Project) -> anyhow::Result<PathBuf> {
        self.find(project).ok_or_else(|| self.missing())
    }

    fn missing(self) -> anyhow::Error {
        let names = self.programs().iter().map(|program| format!("`{program}`"));
        let names = names.collect::<Vec<_>>().join(" or ");
        anyhow!("{names} not found, needed for {}: run `cargo xtask setup`", self.needed_for())
    }

    /// Its version in its own words, for people.
    pub(crate) fn version(self, path: &Path) -> Option<String> {
        match self {
            Tool::Emscripten => Some(emscripten_version(path)),
            Tool::RustTarget(_) => None,
            _ => {
                let mut command = Command::new(path);
                command.arg("--version");
                process::ask(command).ok()?.lines().next().map(str::to_owned)
            }
        }
    }
}

/// The target's libraries, in the toolchain that cargo uses here.
fn rust_target(triple: &str) -> Option<PathBuf> {
    let mut command = Command::new(rust_targets::rustc());
    command.args(["--print", "target-libdir", "--target", triple]);
    let folder = PathBuf::from(process::ask(command).ok()?);
    let mut files = fs::read_dir(&folder).ok()?;
    // rustup leaves the folder behind when it removes a target.
    let core = |name: &str| name.starts_with("libcore-");
    files.any(|file| file.is_ok_and(|f| f.file_name().to_str().is_some_and(core))).then_some(folder)
}

/// Where Emscripten is installed when it is not on PATH: what the environment names, the usual
/// places, and our own.
fn emscripten_folders(project: &Project) -> Vec<PathBuf> {
    let variable = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let in_emsdk = |emsdk: PathBuf| emsdk.join("upstream").join("emscripten");
    let home = variable("HOME").or_else(|| variable("USERPROFILE"));
    let usual = ["/opt/emsdk", "/usr/local/emsdk", "/emsdk", "C:\\emsdk"].map(PathBuf::from);
    let emsdks = variable("EMSDK")
        .into_iter()
        .chain(home.map(|home| home.join("emsdk")))
        .chain(usual)
        .chain([project.emsdk()]);
    let roots = ["/usr/lib/emscripten", "/opt/emscripten"];
    let mut folders: Vec<_> = emsdks.map(in_emsdk).collect();
    // What the user names explicitly comes before what merely lies around.
    let at = usize::from(variable("EMSDK").is_some());
    folders.splice(at..at, variable("EMSCRIPTEN"));
    folders.extend(roots.map(PathBuf::from));
    folders
}

fn in_folders(program: &str, folders: Vec<PathBuf>) -> Option<PathBuf> {
    folders.into_iter().find_map(|folder| which::which_in(program, Some(folder), ".").ok())
}

/// An installed Emscripten.
#[derive(Debug)]
pub(crate) struct Emscripten {
    pub(crate) emcmake: PathBuf,
    pub(crate) version: String,
}

impl Emscripten {
    /// # Errors
    ///
    /// When it is missing, with the way out.
    pub(crate) fn find(project: &Project) -> anyhow::Result<Self> {
        let emcmake = Tool::Emscripten.require(project)?;
        let version = emscripten_version(&emcmake);
        Ok(Emscripten { emcmake, version })
    }
}

/// Read from the file beside the programs: asking `emcc` takes half a second.
fn emscripten_version(emcmake: &Path) -> String {
    let real = fs::canonicalize(emcmake).unwrap_or_else(|_| emcmake.to_owned());
    let file = real.with_file_name("emscripten-version.txt");
    match fs::read_to_string(file) {
        Ok(text) => text.trim().trim_matches('"').to_owned(),
        Err(_) => "unknown version".to_owned(),
    }
}
