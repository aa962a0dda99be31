//! The libc++ with exceptions, compiled from Zig's sources: Zig itself compiles it without.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::{EXPORTS, LIBCXX_ARCHIVES, WasiRecipe, archive, find};
use crate::build::sysroot::contents::{
    Part, WASI_LIBC, WASI_LIBCXX_EXCEPTIONS, WITH_EXCEPTIONS, WITHOUT_EXCEPTIONS,
};
use crate::support::files;
use crate::support::process;
use crate::tools::zig::{EXCEPTIONS, TARGET};

/// The folder of the objects, which have the names of those without exceptions.
const OBJECTS: &str = "exceptions";

/// The options with which Zig compiles libc++ and libc++abi, apart from those that it adds to all
/// code in C++.
const LIBCXX: [&str; 6] = [
    "-std=c++23",
    "-D_LIBCPP_BUILDING_LIBRARY",
    "-DLIBCXX_BUILDING_LIBCXXABI",
    "-D_LIBCXXABI_BUILDING_LIBRARY",
    "-D_LIBCXXABI_HAS_NO_THREADS",
    "-DLIBC_NAMESPACE=__llvm_libc_common_utils",
];
/// The option that makes libunwind's functions ordinary ones.
const UNWINDER: [&str; 1] = ["-D_LIBUNWIND_HIDE_SYMBOLS"];

impl WasiRecipe<'_> {
    pub(super) fn build_libcxx_exceptions(&self, archives: &[PathBuf]) -> anyhow::Result<()> {
        let libcxx = &WASI_LIBCXX_EXCEPTIONS;
        let objects = self.compile_libcxx(archives)?;
        let is_of = |part: &Part, object: &Path| object.file_name() == Some(part.object.as_ref());
        let is_of_part = |object: &&PathBuf| libcxx.parts.iter().any(|part| is_of(part, object));
        let (of_parts, whole): (Vec<_>, Vec<_>) = objects.iter().partition(is_of_part);
        let whole: Vec<_> = whole.into_iter().cloned().collect();
        let libc = self.stub(WASI_LIBC);
        self.linker.link(libcxx.library, &EXPORTS, &whole, &[], &[&libc])?;
        self.write_stub(libcxx.library)?;
        for part in &libcxx.parts {
            let is_copied = |object: &&PathBuf| {
                part.copied.iter().any(|copied| object.file_name() == Some(copied.as_ref()))
            };
            let own = of_parts.iter().copied().filter(|object| is_of(part, object));
            let own: Vec<_> = own.chain(whole.iter().filter(is_copied)).cloned().collect();
            let needed = [&*self.stub(libcxx.library), &libc];
            self.linker.link(part.library, &EXPORTS, &own, &[], &needed)?;
        }
        Ok(())
    }

    /// Compiles what Zig's archives consist of, the runtime of exceptions and our part of it.
    /// Returns the paths of the objects.
    fn compile_libcxx(&self, archives: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
        self.linker.step.announce("compiling libc++ with exceptions");
        let sources = Sources::find(&self.zig.library_sources()?)?;
        let mut files = vec![self.sources.join(WASI_LIBCXX_EXCEPTIONS.source)];
        for archive in LIBCXX_ARCHIVES {
            for object in archive::object_names(find(archives, archive)?)? {
                if object != WITHOUT_EXCEPTIONS {
                    files.push(sources.of(&object)?);
                }
            }
        }
        for source in WITH_EXCEPTIONS {
            files.push(sources.of(source)?);
        }
        let unwind = [sources.unwinder.clone()];
        self.compile_with_exceptions("c++", &LIBCXX, &sources, &files)?;
        self.compile_with_exceptions("cc", &UNWINDER, &sources, &unwind)?;
        let folder = self.linker.sh.current_dir().join(OBJECTS);
        let names = super::object_names(&[files, unwind.to_vec()].concat());
        let objects: Vec<_> = names.iter().map(|name| folder.join(name)).collect();
        objects.iter().try_for_each(|object| archive::make_replaceable(object))?;
        Ok(objects)
    }

    fn compile_with_exceptions(
        &self,
        compiler: &str,
        options: &[&str],
        sources: &Sources,
        files: &[PathBuf],
    ) -> anyhow::Result<()> {
        let folder = self.linker.sh.current_dir().join(OBJECTS);
        files::create_folder(&folder)?;
        let sh = process::shell(&folder)?;
        // With several sources in one command, Zig keeps no object but the last.
        files.iter().try_for_each(|file| {
            let command = self.zig.command(&sh, compiler).args(["-target", TARGET, "-c", "-Os"]);
            let command = command.args(["-fPIC", "-fvisibility=hidden"]).args(EXCEPTIONS);
            let command = command.args(options).args(&sources.includes).arg(file);
            process::run(self.linker.step, command)
        })
    }
}

/// Zig's sources of libc++.
struct Sources {
    files: Vec<PathBuf>,
    unwinder: PathBuf,
    /// The options that name the folders of headers.
    includes: Vec<String>,
}

impl Sources {
    /// Finds the sources. `libraries` is the folder of all of Zig's libraries.
    fn find(libraries: &Path) -> anyhow::Result<Self> {
        let mut files = Vec::new();
        for library in ["libcxx", "libcxxabi"] {
            add_sources(&libraries.join(library).join("src"), &mut files)?;
        }
        let folders = ["libcxx/src", "libcxx/libc", "libcxxabi/src", "libunwind/include"];
        let includes = folders.map(|folder| format!("-I{}", libraries.join(folder).display()));
        let unwinder = libraries.join("libunwind/src/Unwind-wasm.c");
        Ok(Sources { files, unwinder, includes: includes.to_vec() })
    }

    /// Returns the source of an object.
    fn of(&self, object: &str) -> anyhow::Result<PathBuf> {
        let stem = Path::new(object.strip_suffix(".o").unwrap_or(object));
        let source = self.files.iter().find(|file| file.file_stem() == Some(stem.as_os_str()));
        Ok(source.with_context(|| format!("Zig has no source of `{object}`"))?.clone())
    }
}

/// Adds the C++ sources in a folder and in those in it.
fn add_sources(folder: &Path, to: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read `{}`", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            add_sources(&path, to)?;
        } else if path.extension() == Some(OsStr::new("cpp")) {
            to.push(path);
        }
    }
    Ok(())
}
