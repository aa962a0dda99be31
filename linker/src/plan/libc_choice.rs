//! The choice of the C library for a program: what tells for which one a module was compiled.

use serde::Serialize;

use crate::c_library::{CLibrary, CLibrarySign};
use crate::convention::GOT_MEM;
use crate::fault::Fault;
use crate::module::Import;
use crate::names::module_name;
use crate::plan::exception_model::{self, ExceptionModel};
use crate::plan::input::InputModule;
use crate::plan::system_libraries::{LIBC, OTHERS, WASI_LIBC, WASI_OTHERS, is_for_wasi, titled};

/// The file of wasi-libc in its SDK, by which modules that were linked with it need it.
const WASI_FILE: &str = "libc.so";

/// The beginnings of symbols that only one of the libraries defines.
const PREFIXES: [(&str, CLibrary); 7] = [
    ("__wasilibc_", CLibrary::Wasi),
    ("__wasi_", CLibrary::Wasi),
    ("_CLOCK_", CLibrary::Wasi),
    ("__SIG_", CLibrary::Wasi),
    ("emscripten_", CLibrary::Emscripten),
    ("_emscripten_", CLibrary::Emscripten),
    ("__cxa_find_matching_catch_", CLibrary::Emscripten),
];

/// The functions whose types or constants differ between the libraries, although their symbols have
/// the same types.
const DIFFERENT: [&str; 12] = [
    "creat", "fcntl", "fstat", "fstatat", "lstat", "open", "openat", "poll", "readdir", "scandir",
    "select", "stat",
];

/// The inline namespaces in which the libraries' C++ libraries are, in mangled names and in source
/// notation.
const NAMESPACES: [(&str, &str, CLibrary); 2] =
    [("St3__1", "std::__1", CLibrary::Wasi), ("St3__2", "std::__2", CLibrary::Emscripten)];

/// Returns the library that must define an import, if only one of them can, and what tells.
fn of_import(import: &Import) -> Option<(CLibrary, CLibrarySign)> {
    if !import.is_of_process() {
        return None;
    }
    let name = import.name.as_str();
    // It is a variable of wasi-libc, and a function of Emscripten's.
    let symbol = |library| (library, CLibrarySign::Symbol(name.to_owned()));
    if import.module == GOT_MEM && name == "errno" {
        return Some(symbol(CLibrary::Wasi));
    }
    let begins = PREFIXES.iter().find(|(prefix, _)| name.starts_with(prefix));
    let is_cpp = name.starts_with("_Z");
    let within = || {
        let (_, namespace, library) =
            NAMESPACES.iter().find(|(part, _, _)| is_cpp && name.contains(part))?;
        Some((*library, CLibrarySign::Namespace(namespace)))
    };
    begins.map(|(_, library)| symbol(*library)).or_else(within)
}

/// What a module says about its C library.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Says {
    pub(crate) library: CLibrary,
    pub(crate) sign: CLibrarySign,
    /// Whether no other library can serve it. Otherwise it uses only what is the same in both.
    #[serde(skip)]
    is_certain: bool,
}

/// Returns what a module says about the library that it was compiled for.
pub(crate) fn of_module(input: &InputModule) -> Option<Says> {
    // A program that was written as one file contains its system libraries.
    let parts = input.module.internals.linked.iter();
    let mut system = input.system.into_iter().chain(parts.filter_map(|part| titled(part)));
    if let Some(file) = system.next() {
        let library = of_system(file);
        return Some(Says { library, sign: CLibrarySign::System, is_certain: true });
    }
    if !input.shares_memory() {
        return None;
    }
    let mut imports = input.module.imports.iter();
    if let Some((library, sign)) = imports.find_map(of_import) {
        return Some(Says { library, sign, is_certain: true });
    }
    let library = CLibrary::Wasi;
    if input.module.internals.producers.is_by_zig {
        let mut imports = input.module.imports.iter().filter(|import| import.is_of_process());
        let is_certain = imports.any(|import| DIFFERENT.contains(&import.name.as_str()));
        return Some(Says { library, sign: CLibrarySign::Zig, is_certain });
    }
    let mut needed = input.module.dylink.iter().flat_map(|dylink| &dylink.needed);
    let sign = CLibrarySign::Needed(needed.find(|file| *file == WASI_FILE)?.clone());
    Some(Says { library, sign, is_certain: false })
}

/// Returns the functions by which a module needs to be compiled for the program's C library,
/// although nothing in it tells that it is.
pub(crate) fn without_sign(input: &InputModule) -> Vec<String> {
    if input.is_system() || !input.shares_memory() || of_module(input).is_some() {
        return Vec::new();
    }
    let imports = input.module.imports.iter().filter(|import| import.is_of_process());
    let names = imports.map(|import| &import.name);
    names.filter(|name| DIFFERENT.contains(&name.as_str())).cloned().collect()
}

/// Returns whether a module can have only one of the libraries.
pub(crate) fn is_certain(input: &InputModule) -> bool {
    of_module(input).is_some_and(|says| says.is_certain)
}

/// Returns which library a system library is or is compiled for.
fn of_system(file: &str) -> CLibrary {
    if is_for_wasi(file) { CLibrary::Wasi } else { CLibrary::Emscripten }
}

/// The C library of a program, and the module that tells.
#[derive(Debug, Clone)]
pub(crate) struct Chosen<'o> {
    pub(crate) library: CLibrary,
    module: &'o InputModule,
    sign: CLibrarySign,
    is_certain: bool,
}

/// Returns the C library for which the modules are compiled, if something tells. Modules that
/// cannot have the same one are a fault.
pub(crate) fn of<'o>(
    inputs: impl Iterator<Item = &'o InputModule>,
    faults: &mut Vec<Fault>,
) -> Option<Chosen<'o>> {
    let of_input = |module: &'o InputModule| {
        let Says { library, sign, is_certain } = of_module(module)?;
        Some(Chosen { library, module, sign, is_certain })
    };
    let found: Vec<_> = inputs.filter_map(of_input).collect();
    let mut certain = found.iter().filter(|chosen| chosen.is_certain);
    let Some(first) = certain.next() else { return found.into_iter().next() };
    if let Some(second) = certain.find(|other| other.library != first.library) {
        faults.push(Fault::MixedCLibraries {
            first: first.module.module.name.clone(),
            first_library: first.library,
            first_sign: first.sign.clone(),
            second: second.module.module.name.clone(),
            second_library: second.library,
            second_sign: second.sign.clone(),
        });
    }
    Some(first.clone())
}

impl Chosen<'_> {
    /// Returns the fault of a program whose C library is not there.
    pub(crate) fn missing(&self) -> Fault {
        Fault::NoCLibrary {
            module: self.module.module.name.clone(),
            library: self.library,
            sign: self.sign.clone(),
        }
    }
}

/// Returns the files of the system libraries that a program may use, in the order in which they are
/// searched for a symbol. The parts of libc++ come last: most programs need none of them.
pub(crate) fn libraries(library: CLibrary, model: Option<ExceptionModel>) -> Vec<&'static str> {
    let libcxx = exception_model::libcxx(library, model);
    let others = match library {
        CLibrary::Emscripten => OTHERS,
        CLibrary::Wasi => WASI_OTHERS,
    };
    [libcxx.file].into_iter().chain(others).chain(libcxx.parts).collect()
}

/// Returns whether a module is the C library of its program, in place of that of the sysroot: it is
/// called so, and defines what every libc does.
pub(crate) fn is_own(input: &InputModule) -> bool {
    let defines = |name: &str| input.definition(name).is_some();
    !input.is_system()
        && input.shares_memory()
        && module_name(&input.module.name) == module_name(WASI_FILE)
        && ["malloc", "exit", "fopen"].into_iter().all(defines)
}

/// Returns whether a system library is a libc.
pub(crate) fn is_libc(file: &str) -> bool {
    [LIBC, WASI_LIBC].contains(&file)
}
