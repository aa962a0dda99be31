//! The probable cause of a fault, and what helps.

use crate::convention::{ENV, GOT_FUNC, GOT_MEM, is_private};
use crate::fault::{Fault, Faults, is_process};
use crate::module::{Import, Kind, Module};
use crate::names::demangle;
use crate::plan::input::InputModule;
use crate::plan::synthetic::invoke;
use crate::plan::versions;
use crate::types::{ExternType, FuncType};
use wasmparser::ValType;

/// Returns the probable reason why a module imports a symbol that nothing defines. `modules` are
/// all modules of the set.
pub(crate) fn undefined(import: &Import, modules: &[&Module]) -> Option<String> {
    let name = import.name.as_str();
    if is_wasm_bindgen(import) {
        return Some(WASM_BINDGEN.to_owned());
    }
    em_js(name, modules)
        .or_else(|| component_type(name))
        .or_else(|| invoke::is_synthesised(name).then(|| ONLY_SHARED.to_owned()))
        .or_else(|| of_toolchain(name).map(str::to_owned))
        .or_else(|| {
            (import.module == ENV && is_private(name)).then(|| POSITION_DEPENDENT.to_owned())
        })
        .or_else(|| other_kind(import, modules))
        .or_else(|| other_language(import, modules))
}

/// Returns the reason why a symbol cannot come from a module that exports it.
pub(crate) fn not_taken(
    import: &Import,
    exporter: &InputModule,
    ty: &ExternType,
) -> Option<String> {
    let name = &exporter.module.name;
    match ty {
        ExternType::Func(_) if import.module == GOT_MEM => None,
        ExternType::Func(_) | ExternType::Tag(_) => Some(format!(
            "`{name}` exports it, but only passes on what it imports: link the module that defines \
             it"
        )),
        // [`other_kind`] explains items without an address.
        _ if import.is_address() => None,
        _ => {
            Some(format!("`{name}` exports it, but as {ty}, which cannot come from another module"))
        }
    }
}

/// Returns the reason why a module cannot have a symbol of its toolchain's runtime, which follows
/// from how it was built.
pub(crate) fn of_importer(import: &Import, importer: &InputModule) -> Option<String> {
    let name = import.name.as_str();
    let module = &importer.module.name;
    if import.module == "a" && name.len() <= MINIFIED {
        return Some(MINIFIED_NAMES.to_owned());
    }
    if import.module != ENV || is_em_asm(name) {
        return None;
    }
    if importer.shares_memory() {
        let brings_libdl =
            importer.module.imports.iter().any(|import| LIBDL.contains(&&*import.name));
        return brings_libdl.then(|| {
            format!(
                "`{module}` brings Emscripten's own libc, which calls JavaScript: build it with \
                 `-sMAIN_MODULE=2` or `-sSIDE_MODULE=1`"
            )
        });
    }
    let is_of_system = OF_SYSTEM.iter().any(|prefix| name.starts_with(prefix));
    is_of_system.then(|| {
        format!(
            "it is in the system libraries, but `{module}` has a memory of its own, so that they \
             cannot \
             join it: build it with `-sSIDE_MODULE=1` or `-sMAIN_MODULE=2`"
        )
    })
}

/// The longest names that Emscripten gives, when it minifies, to items that a program shares with
/// its JavaScript.
const MINIFIED: usize = 2;

const MINIFIED_NAMES: &str = "its names are minified, for one file of JavaScript: build it with \
                              `-o NAME.wasm` \
                              in place of `-o NAME.js`";

/// Imports of Emscripten's libdl, which `-sMAIN_MODULE=1` links.
const LIBDL: [&str; 4] = ["_dlopen_js", "_dlsym_js", "dlopen_js", "_emscripten_dlopen_js"];

/// The beginnings of symbols that the system libraries define for code compiled by Emscripten.
const OF_SYSTEM: [&str; 12] = [
    "__syscall",
    "__sys_",
    "__call_sighandler",
    "__cxa_",
    "__resumeException",
    "llvm_eh_typeid_for",
    "saveSetjmp",
    "testSetjmp",
    "emscripten_longjmp",
    "emscripten_resize_heap",
    "_mmap_js",
    "_munmap_js",
];

fn is_em_asm(name: &str) -> bool {
    EM_ASM.iter().any(|prefix| name.starts_with(prefix))
}

const EM_ASM: [&str; 4] =
    ["emscripten_asm_const", "emscripten_run_script", "__em_js__", "__asyncjs__"];

const ONLY_SHARED: &str = "the linker defines it for modules that share the process's memory: \
                           build the module with \
                           `-sSIDE_MODULE=1`";

const POSITION_DEPENDENT: &str = "only shared libraries get that from the linker: build the module \
                                  with `-fPIC` and \
                                  `-sSIDE_MODULE=1`, or with a memory of its own";

/// The beginnings of symbols of toolchains' runtimes, and a hint for each group. The first group
/// that fits counts. Most of them belong to Emscripten's runtime in JavaScript.
const TOOLCHAIN: [(&[&str], &str); 14] = [
    (
        &["__original_main"],
        "Emscripten linked the module as a program: build it with `--no-entry`, also if it has a \
         `main`",
    ),
    (
        &EM_ASM,
        "`EM_ASM`, `EM_JS` and scripts are JavaScript, and there is none here: write it in C or \
         C++",
    ),
    (
        &["_embind_", "_emval_"],
        "it is Embind's, whose other half is JavaScript: export functions `extern \"C\"` instead",
    ),
    (
        &[
            "__tls_base",
            "__wasm_init_tls",
            "pthread_",
            "__pthread_",
            "_emscripten_thread_",
            "emscripten_thread_",
            "__emscripten_init_main_thread",
            "emscripten_builtin_pthread_",
            "emscripten_proxy_",
            "em_proxying_queue_",
            "emscripten_dispatch_to_thread_",
            "emscripten_sync_run_in_main_",
            "emscripten_async_run_in_main_",
        ],
        "it is for threads, which are not supported: build without `-pthread`",
    ),
    (
        &[
            "saveSetjmp",
            "testSetjmp",
            "emscripten_longjmp",
            "setThrew",
            "__THREW__",
            "__threwValue",
        ],
        "it is for `setjmp` and exceptions, and in libc",
    ),
    (
        &["__wasm_setjmp"],
        "it is for `setjmp`, and only the libc of newer versions of Emscripten has it",
    ),
    (
        &["__gxx_", "__wasm_lpad_context", "_Unwind_"],
        "it is for exceptions of `-fwasm-exceptions`, and in their libc++",
    ),
    (
        &["__cxa_atexit", "__cxa_thread_atexit", "__cxa_finalize"],
        "it runs destructors when the program ends, and is in libc",
    ),
    (
        &["__cxa_", "__resumeException", "llvm_eh_typeid_for"],
        "it is of C++'s runtime, which is in libc++",
    ),
    (
        &["emscripten_dlopen", "_emscripten_dlopen"],
        "it opens a library while JavaScript goes on, and there is none here: call `dlopen`",
    ),
    (
        &["emscripten_", "_emscripten_"],
        "it is of Emscripten's runtime in JavaScript, and there is none here",
    ),
    (
        &["__ubsan_", "__asan_", "__lsan_", "__msan_", "__tsan_", "__sanitizer_"],
        "it is of a sanitizer's runtime, and there is none here: build without `-fsanitize`, or \
         with \
         `-fsanitize-trap=all`",
    ),
    (
        // What is built into components has names such as `[context-get-1]`.
        &["[", "__wasm_task_hook", "cabi_realloc", "__init_stack_pointer", "__init_tls_base"],
        "it is for components: build the module for `wasm32-wasip1`",
    ),
    (&["__syscall", "__sys_"], "it is a system call of Emscripten's, which is in libc"),
];

/// Returns whether a hint says that a system library defines the symbol.
fn names_system_library(hint: &str) -> bool {
    TOOLCHAIN.iter().any(|(_, known)| *known == hint && known.contains("libc"))
}

/// Returns the hint for a symbol of a toolchain's runtime.
fn of_toolchain(name: &str) -> Option<&'static str> {
    let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    TOOLCHAIN.iter().find(|(prefixes, _)| begins(prefixes)).map(|(_, hint)| *hint)
}

const WASM_BINDGEN: &str = "it is wasm-bindgen's, whose other half is JavaScript: build without \
                            the crates \
                            that use wasm-bindgen for `wasm32-unknown-unknown`";

fn is_wasm_bindgen(import: &Import) -> bool {
    import.module == "wbg" || import.module.starts_with("__wbindgen_")
}

/// Explains a function whose JavaScript is in a module, as data called `__em_js__` and its name.
fn em_js(name: &str, modules: &[&Module]) -> Option<String> {
    let source = format!("__em_js__{name}");
    let module = modules.iter().find(|module| module.export(&source).is_some())?;
    Some(format!(
        "it is JavaScript, by `EM_JS` in `{}`, and there is none here: write it in C or C++",
        module.name
    ))
}

/// Explains the symbol by which bindings of wit-bindgen for C make the linker take the object that
/// describes their world.
fn component_type(name: &str) -> Option<String> {
    let world = name.strip_prefix("__component_type_object_force_link_")?;
    Some(format!(
        "the bindings of wit-bindgen need it: give `{world}_component_type.o`, which is next to \
         `{world}.c`, to the compiler too"
    ))
}

/// Explains a symbol whose address is imported and that is an item without an address, or of the
/// other kind.
fn other_kind(import: &Import, modules: &[&Module]) -> Option<String> {
    if !import.is_address() {
        return None;
    }
    let export = |other: &&&Module| other.export(&import.name).is_some();
    let other = modules.iter().find(export)?;
    let ty = &other.export(&import.name)?.ty;
    let wanted = if import.module == GOT_MEM { "the address of data" } else { "a function" };
    Some(format!(
        "`{}` has that name for {ty}, which is not {wanted}: rename one of the two, or link what \
         defines it",
        other.name
    ))
}

/// Explains a function that is imported as one of C++ or Rust and exported as one of C, or the
/// other way round.
fn other_language(import: &Import, modules: &[&Module]) -> Option<String> {
    let wanted = Name::new(&import.name);
    let wanted_base = wanted.base()?;
    modules.iter().find_map(|module| {
        let functions = module.functions().filter(|(name, ty)| match &import.ty {
            ExternType::Func(wanted) => **wanted == **ty && name.contains(wanted_base),
            _ => import.module == GOT_FUNC && name.contains(wanted_base),
        });
        functions.into_iter().find_map(|(name, _)| {
            let found = Name::new(name);
            let same = found.base()? == wanted_base;
            let module = &module.name;
            let source = demangle(name);
            Some(match (&wanted, &found) {
                _ if !same => return None,
                (Name::Cpp(_), Name::C(_)) => {
                    format!("`{module}` exports `{source}`; declare it `extern \"C\"`")
                }
                (Name::Rust(_), Name::C(_)) => {
                    format!("`{module}` exports `{source}`; declare it in a block `extern \"C\"`")
                }
                (Name::C(_), Name::Cpp(_)) => format!(
                    "`{module}` exports `{source}` as a name of C++; declare it `extern \"C\"` \
                     there"
                ),
                (Name::C(_), Name::Rust(_)) => format!(
                    "`{module}` exports `{source}` as a name of Rust; mark it `no_mangle` there"
                ),
                _ => return None,
            })
        })
    })
}

/// The name of a function in source notation, by its language.
enum Name {
    C(String),
    Cpp(String),
    Rust(String),
}

impl Name {
    fn new(name: &str) -> Self {
        let source = demangle(name).into_owned();
        if rustc_demangle::try_demangle(name).is_ok() {
            Name::Rust(source)
        } else if name.starts_with("_Z") {
            Name::Cpp(source)
        } else {
            Name::C(source)
        }
    }

    /// Returns the name without namespaces and parameters; `None` for operators, templates and
    /// other functions for which C has no names.
    fn base(&self) -> Option<&str> {
        let path = match self {
            Name::C(name) => return Some(name),
            Name::Cpp(name) => name.split_once('(')?.0,
            Name::Rust(name) => name,
        };
        let is_identifier = |c: char| c.is_alphanumeric() || c == '_';
        let base = path.rsplit("::").next()?;
        let plain = path.split("::").all(|part| part.chars().all(is_identifier));
        (plain && !base.is_empty()).then_some(base)
    }
}

/// Explains a module that is linked and defines nothing for others, if no other module that was
/// given does.
pub(crate) fn defines_nothing(providers: &[&InputModule]) -> Option<String> {
    let mut given = providers.iter().filter(|input| !input.is_system());
    let input = given.clone().next()?;
    if given.any(|input| input.symbols().any(|name| !is_private(name))) {
        return None;
    }
    if input.module.kind == Kind::Object {
        return Some(format!("`{}` may define it, but is an object file", input.module.name));
    }
    Some(format!(
        "`{}` is linked and exports nothing: mark what it is to export `no_mangle` and `pub extern \
         \"C\"` \
         in Rust, `EMSCRIPTEN_KEEPALIVE` in C++",
        input.module.name
    ))
}

/// Explains why two types differ: one side was compiled for callers without i64, or the linker
/// defines the function, or a system library of another version.
pub(crate) fn mismatch(
    import: &Import,
    importer: &Module,
    provider: Option<&Module>,
    found: &ExternType,
) -> Option<String> {
    let (ExternType::Func(wanted), ExternType::Func(found)) = (&import.ty, found) else {
        return None;
    };
    of_halves(import, importer, provider, (wanted, found))
        .or_else(|| invoke::is_synthesised(&import.name).then(|| SYNTHESISED.to_owned()))
        .or_else(|| versions::mismatch(importer, provider?))
}

const SYNTHESISED: &str =
    "the linker defines it as its name says, by Emscripten's rules for exceptions";

/// Explains two function types of which one has 64-bit integers in halves.
fn of_halves(
    import: &Import,
    importer: &Module,
    provider: Option<&Module>,
    (wanted, found): (&FuncType, &FuncType),
) -> Option<String> {
    let half = |import: &Import| import.name == "getTempRet0" || import.name == "setTempRet0";
    let (module, is_certain) = if legalise(wanted) == *found {
        let provider = provider?;
        (provider, provider.export(&format!("orig${}", import.name)).is_some())
    } else if legalise(found) == *wanted {
        (importer, importer.imports.iter().any(half))
    } else {
        return None;
    };
    let is_possible = match module.kind {
        // Without that section it is Rust, which does not split integers.
        Kind::Main => module.dylink.is_some(),
        // If it had split its exports, it would export the originals too.
        Kind::SharedLibrary => std::ptr::eq(module, importer),
        _ => true,
    };
    let certainty = match (is_certain, is_possible) {
        (true, _) => "",
        (false, true) => "perhaps ",
        (false, false) => return None,
    };
    Some(format!(
        "{certainty}`{}` was built without `-sWASM_BIGINT`, which keeps 64-bit integers whole",
        module.name
    ))
}

/// Returns the type that Emscripten gives a function for callers without i64: each argument becomes
/// two halves, and the result its lower half.
fn legalise(ty: &FuncType) -> FuncType {
    let halves = |&ty: &ValType| match ty {
        ValType::I64 => vec![ValType::I32; 2],
        ty => vec![ty],
    };
    let half = |&ty: &ValType| if ty == ValType::I64 { ValType::I32 } else { ty };
    FuncType {
        params: ty.params.iter().flat_map(halves).collect(),
        results: ty.results.iter().map(half).collect(),
    }
}

impl Faults {
    /// Splits the faults in two: the undefined symbols that the system libraries may define,
    /// because nothing else explains them, and the others.
    #[must_use]
    pub fn split_system(&self) -> (Faults, Faults) {
        let may_be_of_system = |fault: &Fault| match fault {
            Fault::UnknownImport { module, name, candidate: None, hint, .. } => {
                // Libc defines these, as functions that fail. Their hint is for modules that share
                // a memory.
                let is_open = name.starts_with("pthread_")
                    || hint.as_deref().is_none_or(names_system_library);
                is_process(module) && is_open
            }
            _ => false,
        };
        let (system, others) =
            self.as_slice().iter().cloned().partition::<Vec<_>, _>(may_be_of_system);
        (system.into_iter().collect(), others.into_iter().collect())
    }
}
