//! The toolchains of guests in C and C++, besides CMake projects for Emscripten.

use std::env;
use std::env::consts::EXE_SUFFIX;
use std::path::{Path, PathBuf};

use anyhow::Context;
use xshell::{Cmd, Shell};

use crate::build::manifest::GuestToolchain;
use crate::support::files;
use crate::support::project::Project;
use crate::tools::cmake::Configuration;
use crate::tools::emscripten::Emscripten;
use crate::tools::rust;
use crate::tools::zig::{EXCEPTIONS, SHARED, TARGET, Zig};

/// The options with which Emscripten links a shared library. Without the second, it changes the
/// types of functions that take or return 64-bit integers.
const SIDE_MODULE: [&str; 2] = ["-sSIDE_MODULE=1", "-sWASM_BIGINT"];

/// The options with which wasm-ld links a shared library. With `--emit-relocs` it would crash
/// wherever code takes the address of a function of another module.
const SHARED_LIBRARY: [&str; 5] =
    ["-flavor", "wasm", "-shared", "--experimental-pic", "--unresolved-symbols=import-dynamic"];

/// The option of wasm-ld that exports `main`, which clang hides. The linker of this project makes a
/// command of it.
const EXPORT_MAIN: &str = "--export-if-defined=__main_argc_argv";

/// An installed toolchain.
pub(crate) enum CCompiler {
    Emscripten(Emscripten),
    WasiSdk { folder: PathBuf },
    Zig(Zig),
}

impl CCompiler {
    /// Finds a toolchain.
    ///
    /// # Errors
    ///
    /// If it is not installed, with the way to install it.
    pub(crate) fn find(project: &Project, toolchain: GuestToolchain) -> anyhow::Result<Self> {
        match toolchain {
            GuestToolchain::Emscripten => Emscripten::find(project).map(CCompiler::Emscripten),
            GuestToolchain::WasiSdk => {
                let folder = env::var_os("WASI_SDK_PATH").filter(|path| !path.is_empty());
                let folder = folder.map(PathBuf::from);
                let folder = folder.filter(|folder| wasi_clang(folder, false).is_file());
                folder.map(|folder| CCompiler::WasiSdk { folder }).context(
                    "wasi-sdk not found: install it and set `WASI_SDK_PATH` to its folder, in \
                     which there is `bin/clang`",
                )
            }
            GuestToolchain::Zig => Zig::require(project).map(CCompiler::Zig),
        }
    }

    /// Returns the toolchain's name, for the user.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            CCompiler::Emscripten(_) => "Emscripten",
            CCompiler::WasiSdk { .. } => "wasi-sdk",
            CCompiler::Zig(_) => "Zig",
        }
    }

    /// Returns what a build folder depends on: it must be configured again for another toolchain, or
    /// if the sources have moved.
    pub(crate) fn configuration(&self, source: &Path) -> Configuration {
        let (program, version) = match self {
            CCompiler::Emscripten(emscripten) => (&emscripten.emcmake, &*emscripten.version),
            CCompiler::WasiSdk { folder } => (folder, "wasi-sdk"),
            CCompiler::Zig(zig) => (&zig.program, &*zig.version),
        };
        let paths = [program, source].map(|path| path.display().to_string());
        Configuration::new(&[&paths[0], version, &paths[1]])
    }

    /// Returns the command that compiles a source file to an object of a shared library, as far as
    /// it is the same for each file. `flags` are the guest's.
    pub(crate) fn compile<'s>(&self, sh: &'s Shell, is_cpp: bool, flags: &[String]) -> Cmd<'s> {
        let command = match self {
            CCompiler::Emscripten(emscripten) => {
                sh.cmd(emscripten.program(emscripten_compiler(is_cpp))).args(["-c", "-fPIC"])
            }
            CCompiler::WasiSdk { folder } => {
                let target = format!("--target={TARGET}");
                sh.cmd(wasi_clang(folder, is_cpp)).args([&target, "-c"]).args(SHARED)
            }
            CCompiler::Zig(zig) => {
                let compiler = if is_cpp { "c++" } else { "cc" };
                let catches = flags.iter().any(|flag| flag == EXCEPTIONS[0]);
                let exceptions = EXCEPTIONS[1..].iter().filter(|_| catches);
                let command = zig.command(sh, compiler).args(["-target", TARGET, "-c"]);
                // Without `-O`, Zig checks for undefined behaviour by functions that it has not.
                command.args(SHARED).arg("-fno-sanitize=undefined").args(exceptions)
            }
        };
        command.args(flags)
    }

    /// Returns the command that links objects to a shared library. `flags` are those with which the
    /// objects were compiled.
    pub(crate) fn link<'s>(
        &self,
        sh: &'s Shell,
        is_cpp: bool,
        flags: &[String],
    ) -> anyhow::Result<Cmd<'s>> {
        Ok(match self {
            CCompiler::Emscripten(emscripten) => {
                let command = sh.cmd(emscripten.program(emscripten_compiler(is_cpp)));
                command.args(SIDE_MODULE).args(flags)
            }
            // Their own linkers would put libc into each library.
            CCompiler::WasiSdk { .. } | CCompiler::Zig(_) => {
                sh.cmd(rust::lld()?).args(SHARED_LIBRARY).arg(EXPORT_MAIN)
            }
        })
    }

    /// Writes the files with which CMake uses the toolchain, and returns the path of the toolchain
    /// file. Returns `None` for Emscripten, which has its own.
    pub(crate) fn write_cmake_toolchain(&self, folder: &Path) -> anyhow::Result<Option<PathBuf>> {
        let tools = match self {
            CCompiler::Emscripten(_) => return Ok(None),
            CCompiler::WasiSdk { folder } => {
                let tool = |name: &str| (cmake_path(&wasi_tool(folder, name)), None);
                ["clang", "clang++", "llvm-ar", "llvm-ranlib"].map(tool)
            }
            CCompiler::Zig(zig) => {
                let program = cmake_path(&zig.program);
                ["cc", "c++", "ar", "ranlib"].map(|command| (program.clone(), Some(command)))
            }
        };
        let [c, cpp, ar, ranlib] = tools;
        let list = |(program, command): (String, Option<&str>)| match command {
            Some(command) => format!("{program};{command}"),
            None => program,
        };
        let in_rule = |(program, command): (String, Option<&str>)| {
            format!("\\\"{program}\\\" {}", command.unwrap_or_default())
        };
        let (ar, ranlib) = (in_rule(ar), in_rule(ranlib));
        let lld = cmake_path(&rust::lld()?);
        let flags = SHARED.join(" ");
        let link = SHARED_LIBRARY.join(" ");
        let mut text = format!(
            "set(CMAKE_SYSTEM_NAME WasiShared)\n\
             set(CMAKE_SYSTEM_PROCESSOR wasm32)\n\
             list(APPEND CMAKE_MODULE_PATH \"{}\")\n\
             set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)\n",
            cmake_path(folder)
        );
        for (language, compiler) in [("C", list(c)), ("CXX", list(cpp))] {
            text += &format!(
                "set(CMAKE_{language}_COMPILER \"{compiler}\")\n\
                 set(CMAKE_{language}_COMPILER_TARGET {TARGET})\n\
                 set(CMAKE_{language}_FLAGS_INIT \"{flags}\")\n\
                 set(CMAKE_{language}_ARCHIVE_CREATE \"{ar} qc <TARGET> <OBJECTS>\")\n\
                 set(CMAKE_{language}_ARCHIVE_APPEND \"{ar} q <TARGET> <OBJECTS>\")\n\
                 set(CMAKE_{language}_ARCHIVE_FINISH \"{ranlib} <TARGET>\")\n\
                 set(CMAKE_{language}_CREATE_SHARED_LIBRARY \"\\\"{lld}\\\" {link} -o <TARGET> \
                 <OBJECTS> <LINK_LIBRARIES>\")\n\
                 set(CMAKE_{language}_LINK_EXECUTABLE \"\\\"{lld}\\\" {link} \
                 {EXPORT_MAIN} -o <TARGET> <OBJECTS> <LINK_LIBRARIES>\")\n"
            );
        }
        files::create_folder(&folder.join("Platform"))?;
        files::write(&folder.join("Platform").join("WasiShared.cmake"), PLATFORM)?;
        let file = folder.join("toolchain.cmake");
        files::write(&file, text)?;
        Ok(Some(file))
    }
}

/// The description of the system for CMake: shared libraries and programs are `NAME.wasm`.
const PLATFORM: &str = "\
set_property(GLOBAL PROPERTY TARGET_SUPPORTS_SHARED_LIBS TRUE)
set(CMAKE_SHARED_LIBRARY_PREFIX \"\")
set(CMAKE_SHARED_LIBRARY_SUFFIX \".wasm\")
set(CMAKE_SHARED_MODULE_PREFIX \"\")
set(CMAKE_SHARED_MODULE_SUFFIX \".wasm\")
set(CMAKE_EXECUTABLE_SUFFIX \".wasm\")
";

/// Returns a path as CMake writes it on every system.
fn cmake_path(path: &Path) -> String {
    path.display().to_string().replace('\\', "/")
}

fn emscripten_compiler(is_cpp: bool) -> &'static str {
    if is_cpp { "em++" } else { "emcc" }
}

fn wasi_clang(folder: &Path, is_cpp: bool) -> PathBuf {
    wasi_tool(folder, if is_cpp { "clang++" } else { "clang" })
}

fn wasi_tool(folder: &Path, name: &str) -> PathBuf {
    folder.join("bin").join(format!("{name}{EXE_SUFFIX}"))
}
