//! The tour as one static module: linked by rust-lld, from the objects and libraries that `host`
//! links, or by Emscripten.

use std::path::PathBuf;
use std::process::Command;

use anyhow::bail;

use super::build::Bench;
use super::measure::output;
use crate::build::sysroot::{self, COMPILER_RT, LIBC_ARCHIVES, LIBCXX, MALLOC};
use crate::support::files;
use crate::tools::rust;

/// The tour, linked by rust-lld.
pub(super) struct LinkedTour {
    /// The command that has linked it.
    pub(super) command: Command,
    pub(super) module: PathBuf,
}

impl Bench<'_> {
    /// Links the tour's objects, Emscripten's archives, and our objects of the system libraries.
    ///
    /// The linker is that of the Rust toolchain: Emscripten's own may be too old for what rustc
    /// writes.
    pub(super) fn link_tour(&self) -> anyhow::Result<LinkedTour> {
        let archives = self.emscripten.archives()?;
        let module = self.built("tour.static.wasm");
        let mut command = Command::new(rust::lld()?);
        command
            .args(["-flavor", "wasm", "--no-entry", "--allow-multiple-definition"])
            // The default. `host` leaves out what the program does not need too.
            .arg("--gc-sections")
            .args(["--strip-debug", "--export=tour", "--export=_initialize"])
            // `host` calls these at the end.
            .args(["--export=fflush", "--export=__funcs_on_exit"])
            .arg(archives.join("crt1_reactor.o"))
            .args([self.tour_rust()?, self.tour_cpp()?])
            .args(sysroot::compiled_objects(self.project))
            .args(self.archive_names()?.iter().map(|name| archives.join(format!("{name}.a"))))
            .arg("-o")
            .arg(&module);
        output(&mut command)?;
        Ok(LinkedTour { command, module })
    }

    /// Links the tour as Emscripten's users do, with a `main`, to a command that needs only WASI.
    ///
    /// Rust's allocator takes memory by growing it, so the memory must be able to grow.
    pub(super) fn emscripten_tour(&self) -> anyhow::Result<PathBuf> {
        let inputs = [self.source("tour-main.cpp"), self.tour_rust()?, self.tour_cpp()?];
        let sh = self.shell()?;
        let command = sh
            .cmd(self.emscripten.program("em++"))
            .args(["-Os", "-sSTANDALONE_WASM", "-sWASM_BIGINT", "-sALLOW_MEMORY_GROWTH"])
            .args(&inputs);
        self.make("tour.command.wasm", &inputs, command)
    }

    /// Returns the names of the archives of libc and of the libc++ without exceptions.
    fn archive_names(&self) -> anyhow::Result<Vec<&'static str>> {
        let mut names = LIBC_ARCHIVES.to_vec();
        names.extend(LIBCXX[0].archives.iter().copied().flatten());
        names.push(self.emscripten.known_archives()?.one_of(&COMPILER_RT)?);
        names.push(MALLOC);
        Ok(names)
    }

    /// Compiles the C++ half. The compiler marks the functions that JavaScript could call, and the
    /// linker keeps them all.
    fn tour_cpp(&self) -> anyhow::Result<PathBuf> {
        let source = self.project.root.join("tour").join("cpp").join("tour.cpp");
        let compiler = self.emscripten.program("em++");
        let sh = self.shell()?;
        let command = sh.cmd(compiler).args(["-c", "-Os", "-std=c++17"]).arg(&source);
        self.make("tour-cpp.o", &[source], command)
    }

    /// Compiles the Rust half, without the module name of its imports: rustc changes the names of
    /// functions of another module, so that no C++ object would define them.
    fn tour_rust(&self) -> anyhow::Result<PathBuf> {
        const MODULE: &str = "#[link(wasm_import_module = \"env\")]\n";
        let originals = self.project.root.join("tour").join("src");
        let folder = self.built("tour");
        files::create_folder(&folder)?;
        let mut has_module = false;
        for name in ["lib.rs", "bindings.rs"] {
            let text = files::read_text(&originals.join(name))?;
            has_module |= text.contains(MODULE);
            files::replace(&folder.join(name), text.replace(MODULE, "").as_bytes())?;
        }
        if !has_module {
            bail!("no file of `{}` has a line `{}`", originals.display(), MODULE.trim_end());
        }
        let source = folder.join("lib.rs");
        let sh = self.shell()?;
        let command = sh
            .cmd(rust::rustc())
            .args(["--edition", "2024", "--crate-type", "staticlib", "--crate-name", "tour"])
            .args(["-C", "opt-level=3", "-C", "panic=abort"])
            .args(["--target", "wasm32-unknown-unknown"])
            .arg(&source);
        self.make("tour-rust.a", &[source], command)
    }
}
