//! The symbols of a program, with the modules that define and use them.

#![allow(clippy::unwrap_used, reason = "a test fails by it, also in what prepares one")]

use linker::{InputModule, NoLibraries, Plan, Provider, Set};

fn load(name: &str, text: &str) -> InputModule {
    InputModule::load(name, wat::parse_str(text).unwrap()).unwrap()
}

/// Returns a line for each symbol: its name and value, who defines it, and who uses it.
fn lines(plan: &Plan) -> Vec<String> {
    let name = |module: usize| plan.set().inputs[module].module.name.as_str();
    let line = |symbol: linker::ProgramSymbol<'_>| {
        let definers = symbol.definers.iter().map(|definer| {
            format!("{}{}", name(definer.module), if definer.weak { " (weak)" } else { "" })
        });
        let mut definers: Vec<_> = definers.collect();
        if symbol.provider != Provider::Module {
            definers.push(format!("{:?}", symbol.provider));
        }
        let users: Vec<_> = symbol.users.into_iter().map(name).collect();
        let value = symbol.value.map(|value| format!(" at {value}")).unwrap_or_default();
        let (definers, users) = (definers.join(", "), users.join(", "));
        format!("{}.{}{value}: {definers} < {users}", symbol.module, symbol.name)
    };
    plan.symbols().into_iter().map(line).collect()
}

#[test]
fn each_symbol_has_its_definers_in_order_and_its_users() {
    let program = load(
        "program",
        r#"(module
            (@dylink.0 (mem-info)
                (export-info "shared" binding-weak)
                (import-info "env" "absent" binding-weak))
            (import "env" "memory" (memory 1))
            (import "env" "shared" (func))
            (import "env" "absent" (func))
            (import "GOT.mem" "variable" (global (mut i32)))
            (import "GOT.func" "other" (global (mut i32)))
            (import "GOT.mem" "__heap_base" (global (mut i32)))
            (import "wasi_snapshot_preview1" "sched_yield" (func (result i32)))
            (func (export "run"))
            (func (export "shared")))"#,
    );
    let library = load(
        "library",
        r#"(module
            (@dylink.0 (mem-info (memory 8 3)))
            (import "env" "__memory_base" (global $base i32))
            (global (export "variable") i32 (i32.const 4))
            (func (export "shared"))
            (func (export "other")))"#,
    );
    let set = Set::gather(program, vec![library], &mut NoLibraries).unwrap();
    let plan = Plan::new(set).unwrap();
    let base = plan.address("variable").unwrap();
    let slot = plan.address("other").unwrap();
    let expected = [
        "env.__heap_base: Process < program".to_owned(),
        "env.absent: Undefined < program".to_owned(),
        format!("env.other at {slot}: library < program"),
        "env.run: program < ".to_owned(),
        "env.shared: program (weak), library < program".to_owned(),
        format!("env.variable at {base}: library < program"),
        "wasi_snapshot_preview1.sched_yield: Host < program".to_owned(),
    ];
    assert_eq!(lines(&plan), expected);
}
