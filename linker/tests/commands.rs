//! Programs that are commands: how they begin and end.

use std::error::Error;

use linker::{BoundModule, FuseOptions, InputModule, Module, NoLibraries, Plan, Set};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A libc in short: `put` fills a buffer that `fflush` writes.
const LIBC: &str = r#"(module
    (@dylink.0 (mem-info (memory 4 2)))
    (import "env" "memory" (memory 1))
    (import "env" "__memory_base" (global $base i32))
    (import "wasi_snapshot_preview1" "fd_write"
        (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
    (func $__towrite (export "__towrite") (param i32) (result i32) (i32.load (global.get $base)))
    (func (export "put") (drop (call $__towrite (i32.const 0))))
    (func $fflush (export "fflush") (param i32) (result i32)
        (call $write (i32.const 1) (global.get $base) (i32.const 1) (global.get $base)))
    (func (export "__cxa_atexit") (param i32 i32 i32) (result i32) (i32.const 0))
    (func (export "__funcs_on_exit") (i32.store (global.get $base) (i32.const 1)))
    (func (export "_Exit") (param i32) (call $proc_exit (local.get 0)))
    (func (export "abs") (param i32) (result i32) (local.get 0)))"#;

/// A program with this import, which it calls before it exits.
fn program(import: &str, call: &str) -> String {
    format!(
        r#"(module
            (@dylink.0 (mem-info))
            (import "env" {import})
            (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
            (func (export "_start") {call} (call $proc_exit (i32.const 3))))"#
    )
}

fn plan(program: &str) -> Result<Plan> {
    let input = |name: &str, text: &str| -> Result<_> {
        Ok(InputModule::load(name, wat::parse_str(text)?)?)
    };
    let libc = input("libc", LIBC)?;
    Ok(Plan::new(Set::gather(input("program", program)?, vec![libc], &mut NoLibraries)?)?)
}

fn fused(plan: &Plan) -> Result<BoundModule> {
    let module = plan.fuse(&FuseOptions::default())?.modules.pop().ok_or("no module")?;
    linker::validate("fused", &module.bytes)?;
    Ok(module)
}

/// The names of the functions that a module has.
fn functions(module: &BoundModule) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for payload in wasmparser::Parser::new(0).parse_all(&module.bytes) {
        let wasmparser::Payload::CustomSection(section) = payload? else { continue };
        let wasmparser::KnownCustom::Name(reader) = section.as_known() else { continue };
        for subsection in reader {
            if let wasmparser::Name::Function(map) = subsection? {
                for naming in map {
                    names.push(naming?.name.to_owned());
                }
            }
        }
    }
    Ok(names)
}

#[test]
fn only_what_is_needed_happens_before_the_exit() -> Result<()> {
    let ends = |import, call| -> Result<Vec<String>> {
        let names = functions(&fused(&plan(&program(import, call))?)?)?;
        Ok(names.into_iter().filter(|name| name.starts_with("exit")).collect())
    };
    let abs = ("\"abs\" (func $abs (param i32) (result i32))", "(drop (call $abs (i32.const 1)))");
    let put = ("\"put\" (func $put)", "(call $put)");
    let at_exit = (
        "\"__cxa_atexit\" (func $at_exit (param i32 i32 i32) (result i32))",
        "(drop (call $at_exit (i32.const 0) (i32.const 0) (i32.const 0)))",
    );
    assert!(ends(abs.0, abs.1)?.is_empty());
    assert_eq!(ends(put.0, put.1)?, ["exit_without_handlers"]);
    assert_eq!(ends(at_exit.0, at_exit.1)?, ["exit_without_streams"]);
    let both = format!("{}) (import \"env\" {}", at_exit.0, put.0);
    assert_eq!(ends(&both, &[at_exit.1, put.1].concat())?, ["exit"]);
    Ok(())
}

#[test]
fn libc_calls_the_host_itself() -> Result<()> {
    let report = plan(&program("\"put\" (func $put)", "(call $put)"))?.to_string();
    let of = |module: &str| {
        let lines =
            report.lines().skip_while(|line| !line.starts_with(&format!("module {module}")));
        let mut lines = lines.skip(1).take_while(|line| line.starts_with("  "));
        lines.find(|line| line.contains("proc_exit")).map(str::to_owned)
    };
    let import = "  wasi_snapshot_preview1.proc_exit";
    assert_eq!(of("program"), Some(format!("{import} = exit")), "{report}");
    assert_eq!(of("libc"), Some(format!("{import} = the host")));
    assert_eq!(of("exit"), Some(format!("{import} = the host")));
    Ok(())
}

#[test]
fn nobody_can_import_what_ends_a_program() -> Result<()> {
    let program = program("\"exit\" (func $exit (param i32))", "(call $exit (i32.const 0))");
    let error = plan(&program).unwrap_err().to_string();
    assert!(error.starts_with("`program` needs `env.exit`"), "{error}");
    Ok(())
}

#[test]
fn a_main_is_told_by_name_and_type() -> Result<()> {
    let is_command = |text: &str| -> Result<bool> {
        Ok(Module::load("program", &wat::parse_str(text)?)?.is_command())
    };
    let library = |function: &str| format!("(module (@dylink.0 (mem-info)) (func {function}))");
    for right in [
        r#"(export "main") (result i32) (i32.const 0)"#,
        r#"(export "main") (param i32 i32) (result i32) (i32.const 0)"#,
        r#"(export "__main_argc_argv") (param i32 i32) (result i32) (i32.const 0)"#,
        r#"(export "__main_void") (result i32) (i32.const 0)"#,
    ] {
        assert!(is_command(&library(right))?, "{right}");
        assert!(!is_command(&format!("(module (func {right}))"))?, "it shares no memory: {right}");
    }
    for wrong in [
        r#"(export "main")"#,
        r#"(export "main") (param i32) (result i32) (i32.const 0)"#,
        r#"(export "main") (result i64) (i64.const 0)"#,
        r#"(export "other") (result i32) (i32.const 0)"#,
    ] {
        assert!(!is_command(&library(wrong))?, "{wrong}");
    }
    Ok(())
}
