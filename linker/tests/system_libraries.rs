//! System libraries, and others that have their names: which of them a module means.

#![allow(clippy::unwrap_used, reason = "a test fails by it, also in what prepares one")]

use std::collections::BTreeMap;

use linker::dynamic::{Assigned, ModuleId, Opening, Running};
use linker::{Fault, FuseOptions, InputModule, LibrarySource, NoLibraries, Plan, Set};

const PROGRAM: &str = r#"(module (@dylink.0 (mem-info))
    (import "env" "three" (func (result i32)))
    (import "env" "dlerror" (func (result i32))))"#;
const LIBC: &str = r#"(module (@dylink.0 (mem-info)) (func (export "abs")))"#;
const LIBDL: &str = r#"(module (@dylink.0 (mem-info) (needed "libc.wasm"))
    (import "env" "abs" (func)) (func (export "dlerror") (result i32) (i32.const 0)))"#;
/// A user's library that is called as the system's.
const THREE: &str = r#"(module (@dylink.0 (mem-info))
    (func (export "three") (result i32) (i32.const 3)))"#;

fn input(name: &str, text: &str) -> InputModule {
    InputModule::load(name, wat::parse_str(text).unwrap()).unwrap()
}

/// Folders with a user's `libc.wasm`, and a sysroot.
struct Folders {
    has_user_libc: bool,
}

impl LibrarySource for Folders {
    fn needed(&mut self, name: &str, by: &InputModule) -> Result<InputModule, Fault> {
        assert!(!by.is_system(), "`{name}` of the system");
        match name {
            "libc.wasm" if self.has_user_libc => Ok(input("libc", THREE)),
            _ => NoLibraries.needed(name, by),
        }
    }

    fn system(&mut self, file: &str) -> Option<InputModule> {
        match file {
            "libc.wasm" => Some(input("libc", LIBC)),
            "libdl.wasm" => Some(input("libdl", LIBDL)),
            _ => None,
        }
    }
}

fn with_user_libc() -> Folders {
    Folders { has_user_libc: true }
}

fn without() -> Folders {
    Folders { has_user_libc: false }
}

fn names(set: &Set) -> Vec<(&str, bool)> {
    let inputs = set.inputs.iter();
    inputs.map(|input| (input.module.name.as_str(), input.is_system())).collect()
}

#[test]
fn a_library_that_is_given_is_not_the_systems() {
    let given = vec![input("libc", THREE)];
    let set = Set::gather(input("program", PROGRAM), given, &mut with_user_libc()).unwrap();
    let expected = [("program", false), ("libc.wasm", false), ("libdl", true), ("libc", true)];
    assert_eq!(names(&set), expected);
    let plan = Plan::new(set).unwrap();
    assert_eq!((plan.definer("three"), plan.definer("abs")), (Some(1), Some(3)));
}

#[test]
fn a_file_is_found_before_the_system_library_of_its_name() {
    let needs = |name: &str| {
        let needed = format!(r#"(mem-info) (needed "{name}")"#);
        input("program", &PROGRAM.replace("(mem-info)", &needed))
    };
    let set = Set::gather(needs("libc.wasm"), Vec::new(), &mut with_user_libc()).unwrap();
    let expected = [("program", false), ("libc.wasm", false), ("libdl", true), ("libc", true)];
    assert_eq!(names(&set), expected);
    for name in ["libc.so.6", "libm.so", "libdl.so"] {
        let program = PROGRAM.replace(r#"(import "env" "three" (func (result i32)))"#, "");
        let program = program.replace("(mem-info)", &format!(r#"(mem-info) (needed "{name}")"#));
        let set = Set::gather(input("program", &program), Vec::new(), &mut without()).unwrap();
        assert_eq!(names(&set), [("program", false), ("libdl", true), ("libc", true)], "{name}");
    }
    let faults = Set::gather(needs("libz.so"), Vec::new(), &mut without()).unwrap_err();
    assert!(faults.is_library_missing(), "{faults}");
    let faults = Set::gather(needs("libc.so"), Vec::new(), &mut NoLibraries).unwrap_err();
    assert!(faults.is_library_missing(), "{faults}");
}

#[test]
fn a_library_that_is_opened_is_not_the_systems() {
    let program = input("program", &PROGRAM.replace("three", "dlerror"));
    let running = Running::new(
        &Plan::new(Set::gather(program, Vec::new(), &mut without()).unwrap()).unwrap(),
    );
    let system =
        |name: &str| running.opened_as(name).map(|id| &running.input(id).unwrap().module.name);
    for name in ["libc.wasm", "libc.so", "libm.so.6"] {
        assert_eq!(system(name).map(String::as_str), Some("libc"), "{name}");
    }
    assert_eq!(running.started_with("libc.wasm"), None);
    let opening = running.open(input("libc", THREE), &mut without(), &|_| false).unwrap();
    assert_eq!(opening.input(opening.library()).module.name, "libc.wasm");
    let user = r#"(module (@dylink.0 (mem-info) (needed "libc.wasm" "libm.so"))
        (import "env" "three" (func (result i32))) (import "env" "abs" (func)))"#;
    let opening = running.open(input("user", user), &mut with_user_libc(), &|_| false).unwrap();
    assert_eq!(new(&opening), ["libc.wasm", "user"]);
    // Without such a file it is the system's, which runs.
    let user = user.replace(r#"(import "env" "three" (func (result i32)))"#, "");
    let opening = running.open(input("user", &user), &mut without(), &|_| false).unwrap();
    assert_eq!(new(&opening), ["user"]);
}

fn new(opening: &Opening) -> Vec<&str> {
    let modules = opening.new_modules().into_iter();
    modules.map(|module| opening.input(module).module.name.as_str()).collect()
}

#[test]
fn a_system_library_is_opened_by_any_of_its_names() {
    let program = input("program", "(module (@dylink.0 (mem-info)))");
    let set = Set::gather(program, Vec::new(), &mut without()).unwrap();
    let mut running = Running::new(&Plan::new(set).unwrap());
    assert_eq!(running.opened_as("libc.so"), None);
    let libc = without().system("libc.wasm").unwrap().into_system("libc.wasm");
    let mut opening = running.open(libc, &mut without(), &|_| false).unwrap();
    let given = Assigned { memory_base: 5000, table_base: 50 };
    opening.assign(&BTreeMap::from([(opening.library(), given)]), 70);
    let library = running.join(&opening)[&opening.library()];
    for name in ["libc.wasm", "libc.so.6", "libm.so"] {
        assert_eq!(running.opened_as(name), Some(library), "{name}");
    }
}

#[test]
fn a_fused_program_knows_which_of_its_parts_is_the_systems() {
    let given = vec![input("libc", THREE)];
    let set = Set::gather(input("program", PROGRAM), given, &mut without()).unwrap();
    let options = FuseOptions::default().with_dynamic(true);
    let fused = Plan::new(set).unwrap().fuse(&options).unwrap();
    let fused = object_of("fused", &fused.modules[0].bytes);
    let running = Running::new(
        &Plan::new(Set::gather(fused, Vec::new(), &mut NoLibraries).unwrap()).unwrap(),
    );
    let names = ["libc.wasm", "libc", "libdl", "program"];
    assert_eq!(names.map(|name| running.named(name)), [Some(ModuleId::from_index(0)); 4]);
    assert_eq!(running.started_with("libc.so"), Some(ModuleId::from_index(0)));
    let user = r#"(module (@dylink.0 (mem-info) (needed "libdl.so")) (import "env" "abs" (func)))"#;
    let opening = running.open(input("user", user), &mut without(), &|_| false).unwrap();
    assert_eq!(new(&opening), ["user"]);
}

fn object_of(name: &str, bytes: &[u8]) -> InputModule {
    InputModule::load(name, bytes).unwrap()
}

/// A sysroot with a libc++ and its parts.
#[derive(Default)]
struct WithParts {
    required: Vec<String>,
}

impl LibrarySource for WithParts {
    fn needed(&mut self, name: &str, by: &InputModule) -> Result<InputModule, Fault> {
        NoLibraries.needed(name, by)
    }

    fn system(&mut self, file: &str) -> Option<InputModule> {
        let text = match file {
            "libc.wasm" => {
                r#"(module (@dylink.0 (mem-info))
                (func (export "__host_demangle") (param i32 i32 i32) (result i32) (i32.const 0))
                (func (export "dlerror")))"#
            }
            "libc++.wasm" => {
                r#"(module
                (@dylink.0 (mem-info) (import-info "env" "__cxa_demangle" binding-weak))
                (import "env" "memory" (memory 1))
                (import "env" "__host_demangle" (func (param i32 i32 i32) (result i32)))
                (import "env" "__cxa_demangle" (func))
                (func (export "throw")))"#
            }
            "libc++-iostream.wasm" => {
                r#"(module (@dylink.0 (mem-info) (needed "libc++.wasm"))
                (import "env" "throw" (func))
                (func (export "cout")) (func (export "throw")))"#
            }
            "libc++-demangle.wasm" => {
                r#"(module (@dylink.0 (mem-info)) (func (export "__cxa_demangle")))"#
            }
            "libdl.wasm" => {
                r#"(module (@dylink.0 (mem-info))
                (import "wasm_host" "dlclose" (func (param i32) (result i32)))
                (func (export "dlclose")))"#
            }
            _ => return None,
        };
        Some(input(file, text))
    }

    fn required(&self) -> &[String] {
        &self.required
    }
}

/// Returns a program that imports these functions.
fn importer(names: &[&str]) -> InputModule {
    let imports = names.iter().map(|name| format!(r#"(import "env" "{name}" (func))"#));
    let imports = imports.collect::<String>();
    input("program", &format!("(module (@dylink.0 (mem-info)) {imports})"))
}

fn joined(set: &Set) -> Vec<&str> {
    let system = set.inputs.iter().filter(|input| input.is_system());
    system.map(|input| input.module.name.as_str()).collect()
}

#[test]
fn a_part_of_libcxx_joins_for_its_own_symbols_only() {
    let gather = |names: &[&str]| {
        Set::gather(importer(names), Vec::new(), &mut WithParts::default()).unwrap()
    };
    // The weak import of libc++ brings no demangler.
    assert_eq!(joined(&gather(&["throw"])), ["libc++", "libc"]);
    assert_eq!(joined(&gather(&["cout"])), ["libc++-iostream", "libc++", "libc"]);
    let all = gather(&["throw", "cout", "__cxa_demangle"]);
    assert_eq!(joined(&all), ["libc++", "libc", "libc++-iostream", "libc++-demangle"]);
    // What is opened later may use any.
    let opens = gather(&["throw", "dlclose"]);
    let expected = ["libc++", "libdl", "libc", "libc++-iostream", "libc++-demangle"];
    assert_eq!(joined(&opens), expected);
}

#[test]
fn a_part_of_libcxx_joins_a_program_that_runs() {
    let program = importer(&["throw"]);
    let set = Set::gather(program, Vec::new(), &mut WithParts::default()).unwrap();
    let running = Running::new(&Plan::new(set).unwrap());
    let user = input(
        "user",
        r#"(module (@dylink.0 (mem-info)) (import "env" "throw" (func))
            (import "env" "cout" (func)))"#,
    );
    let opening = running.open(user, &mut WithParts::default(), &|_| false).unwrap();
    assert_eq!(new(&opening), ["libc++-iostream", "user"]);
}

#[test]
fn a_symbol_that_is_required_brings_its_library() {
    let required = |names: &[&str]| {
        let required = names.iter().map(|&name| name.to_owned()).collect();
        Set::gather(importer(&[]), Vec::new(), &mut WithParts { required }).unwrap()
    };
    assert_eq!(joined(&required(&["__cxa_demangle"])), ["libc++-demangle"]);
    assert_eq!(joined(&required(&["nothing"])), [""; 0]);
    let plan = Plan::new(required(&["__cxa_demangle"])).unwrap();
    let options = FuseOptions::default().with_exports(vec!["__cxa_demangle".to_owned()]);
    assert_eq!(plan.fuse(&options).unwrap().modules.len(), 1);
}

#[test]
fn a_host_may_define_what_libc_defines_for_others() {
    let set = Set::gather(importer(&["throw"]), Vec::new(), &mut WithParts::default()).unwrap();
    assert!(set.wanted_of_host().iter().all(|import| import.name != "__host_demangle"));
    let of_host = |set: Set| {
        let plan = Plan::new(set).unwrap();
        let functions = plan.host_functions().map(|import| import.name.clone());
        functions.collect::<Vec<_>>()
    };
    assert_eq!(of_host(set.clone()), [""; 0]);
    assert_eq!(of_host(set.with_optional_functions()), ["__host_demangle"]);
}

/// The system library of a toolchain that names itself.
struct OfEmscripten;

impl LibrarySource for OfEmscripten {
    fn needed(&mut self, name: &str, by: &InputModule) -> Result<InputModule, Fault> {
        NoLibraries.needed(name, by)
    }

    fn system(&mut self, file: &str) -> Option<InputModule> {
        const LIBC: &str = r#"(module (@dylink.0 (mem-info))
            (@producers (processed-by "Debian clang" "14.0.6") (sdk "Emscripten" "3.1.6"))
            (func (export "abs")) (func (export "time") (param i32) (result i32) (i32.const 0)))"#;
        (file == "libc.wasm").then(|| input("libc", LIBC))
    }
}

#[test]
fn symbols_of_other_versions_are_explained() {
    let program = |producers: &str| {
        format!(
            r#"(module (@dylink.0 (mem-info)) {producers}
            (import "env" "abs" (func))
            (import "env" "time" (func (param i32) (result i64)))
            (import "env" "__of_later" (func))
            (import "env" "of_nobody" (func))
            (import "env" "_ZNSt3__213__hash_memoryEPKvm" (func (param i32 i32) (result i32))))"#
        )
    };
    let faults = |producers: &str| {
        let program = input("program", &program(producers));
        let set = Set::gather(program, Vec::new(), &mut OfEmscripten).unwrap();
        Plan::new(set).unwrap_err().to_string()
    };
    let of_other = "program` is compiled by clang 21.0.0git, and `libc` is of Emscripten 3.1.6";
    let reserved = "clang 21.0.0git, and the system libraries are of Emscripten 3.1.6";
    let since = "`program` is made by Emscripten 5.0.0 or later, and the system libraries are of";
    let text = faults(r#"(@producers (processed-by "clang" "21.0.0git (https://llvm.org)"))"#);
    for hint in [of_other, reserved, since] {
        assert_eq!(text.matches(hint).count(), 1, "{hint}\n{text}");
    }
    // Without the section the version of the module is not known.
    let text = faults("");
    let perhaps = "`libc` is of Emscripten 3.1.6, and `program` perhaps of another version";
    assert!(text.contains(since) && text.contains(perhaps), "{text}");
    assert!(!text.contains(reserved), "{text}");
}
