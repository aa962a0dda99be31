//! Small functions become part of those that call them.

use std::error::Error;

use linker::{BoundModule, FuseOptions, InputModule, NoLibraries, Plan, Set};
use wasmparser::{Operator, Parser, Payload};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A plan of a program and a library, which are given without `(module` and `)`.
fn plan(program: &str, library: &str) -> Result<Plan> {
    let input = |name: &str, fields: &str| -> Result<_> {
        Ok(InputModule::load(name, wat::parse_str(format!("(module {fields})"))?)?)
    };
    let library = input("library", library)?;
    Ok(Plan::new(Set::gather(input("program", program)?, vec![library], &mut NoLibraries)?)?)
}

fn fuse(plan: &Plan, options: &FuseOptions) -> Result<BoundModule> {
    let module = plan.fuse(options)?.modules.pop().ok_or("no module")?;
    linker::validate("fused", &module.bytes)?;
    Ok(module)
}

/// The instructions of each function of a module.
fn functions(bytes: &[u8]) -> Result<Vec<Vec<Operator<'_>>>> {
    let mut functions = Vec::new();
    for payload in Parser::new(0).parse_all(bytes) {
        if let Payload::CodeSectionEntry(body) = payload? {
            let operators = body.get_operators_reader()?.into_iter();
            functions.push(operators.collect::<wasmparser::Result<_>>()?);
        }
    }
    Ok(functions)
}

/// The instructions of `test`, which calls the function `f` of the library with 2 and 1, and the
/// number of functions of the program.
fn caller(library: &str) -> Result<(Vec<String>, usize)> {
    let program = r#"
        (import "env" "f" (func $f (param i32 i32) (result i32)))
        (func (export "test") (result i32) (call $f (i32.const 2) (i32.const 1)))"#;
    let fused = fuse(&plan(program, library)?, &FuseOptions::default())?;
    let functions = functions(&fused.bytes)?;
    // Imported functions come first, and have no origin.
    let indices = 0..functions.len() as u32 + 1;
    let mut origins = indices.filter_map(|function| fused.origin_of_function(function));
    let test = origins.position(|origin| origin == (0, 1)).ok_or("no `test`")?;
    let text = functions[test].iter().map(|operator| match operator {
        Operator::I32Const { value } => format!("{value}"),
        Operator::LocalGet { local_index } => format!("get {local_index}"),
        Operator::LocalSet { local_index } => format!("set {local_index}"),
        Operator::LocalTee { local_index } => format!("tee {local_index}"),
        operator => format!("{operator:?}"),
    });
    Ok((text.collect(), functions.len()))
}

#[test]
fn arguments_are_used_where_they_are_if_their_order_allows_it() -> Result<()> {
    let inlined = |body: &str| -> Result<Vec<String>> {
        let f = format!(r#"(func (export "f") (param i32 i32) (result i32) {body})"#);
        let (caller, functions) = caller(&f)?;
        assert_eq!(functions, 1, "`f` is left: {caller:?}");
        let (end, code) = caller.split_last().ok_or("no code")?;
        assert_eq!((end.as_str(), &code[..2]), ("End", &["2".to_owned(), "1".to_owned()][..]));
        Ok(code[2..].to_vec())
    };
    assert_eq!(inlined("(i32.sub (local.get 0) (local.get 1))")?, ["I32Sub"]);
    let swapped = ["set 0", "set 1", "get 0", "get 1", "I32Sub"];
    assert_eq!(inlined("(i32.sub (local.get 1) (local.get 0))")?, swapped);
    assert_eq!(inlined("(local.get 0)")?, ["Drop"]);
    assert_eq!(inlined("(local.get 1)")?, ["set 0", "Drop", "get 0"]);
    let square = ["Drop", "tee 0", "get 0", "I32Mul"];
    assert_eq!(inlined("(i32.mul (local.get 0) (local.get 0))")?, square);
    assert_eq!(inlined("(i32.const 7)")?, ["Drop", "Drop", "7"]);
    Ok(())
}

#[test]
fn variables_are_0_at_each_call() -> Result<()> {
    let f = r#"(func (export "f") (param i32 i32) (result i32) (local i32)
        (local.set 2 (i32.add (local.get 2) (local.get 0))) (local.get 2))"#;
    let (caller, _) = caller(f)?;
    let zero_first =
        ["2", "1", "0", "set 0", "Drop", "set 1", "get 0", "get 1", "I32Add", "tee 0", "End"];
    assert_eq!(caller, zero_first);
    Ok(())
}

#[test]
fn functions_that_call_small_functions_are_small() -> Result<()> {
    let chain = |length: usize| {
        let link = |n| {
            format!(
                "(func $f{n} (param i32 i32) (result i32)
                    (call $f{} (local.get 0) (local.get 1)))",
                n + 1
            )
        };
        let links: String = (1..length).map(link).collect();
        format!(
            r#"(func (export "f") (param i32 i32) (result i32)
                (call $f1 (local.get 0) (local.get 1)))
            {links}
            (func $f{length} (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))"#
        )
    };
    for length in 1..=3 {
        let (caller, functions) = caller(&chain(length))?;
        assert_eq!((caller.join(" ").as_str(), functions), ("2 1 I32Add End", 1), "{length}");
    }
    let (caller, functions) = caller(&chain(5))?;
    assert!(caller[2].starts_with("Call") && functions > 1, "{caller:?}");
    Ok(())
}

#[test]
fn other_functions_are_called() -> Result<()> {
    let twelve = "(i32.eqz) ".repeat(12);
    let bodies = [
        "(block) (i32.const 1)",
        "(loop) (i32.const 1)",
        "(if (local.get 0) (then)) (i32.const 1)",
        "(return (i32.const 1))",
        "(br 0 (i32.const 1))",
        "unreachable",
        "(memory.grow (local.get 0))",
        "(call_indirect (result i32) (i32.const 0))",
        "(call $f (local.get 0) (local.get 1))",
        "(call $host (local.get 0))",
        "(ref.is_null (ref.func $f))",
        "(local v128) (i32.const 1)",
        "(local i32 i32 i32 i32 i32 i32 i32) (i32.const 1)",
        &format!("(local.get 0) {twelve}"),
    ];
    for body in bodies {
        let f = format!(
            r#"(import "wasi_snapshot_preview1" "fd_close" (func $host (param i32) (result i32)))
            (memory 1) (table 1 funcref) (elem declare func $f)
            (func $f (export "f") (param i32 i32) (result i32) {body})"#
        );
        let (caller, _) = caller(&f).map_err(|error| format!("{body}: {error}"))?;
        assert!(caller[2].starts_with("Call"), "{body}: {caller:?}");
    }
    Ok(())
}

const PROGRAM: &str = r#"
    (import "env" "get" (func $get (param i32) (result i32)))
    (func (export "test") (param i32) (result i32)
        (i32.add (call $get (local.get 0)) (call $get (i32.const 8))))"#;
const LIBRARY: &str = r#"
    (memory 1)
    (func $load (param i32) (result i32) (i32.load offset=4 (local.get 0)))
    (func (export "get") (param i32) (result i32) (call $load (local.get 0)))"#;

#[test]
fn some_options_keep_the_calls() -> Result<()> {
    let plan = plan(PROGRAM, LIBRARY)?;
    let calls = |options: &FuseOptions| -> Result<usize> {
        let fused = fuse(&plan, options)?;
        let is_call = |operator: &Operator<'_>| matches!(operator, Operator::Call { .. });
        Ok(functions(&fused.bytes)?.concat().into_iter().filter(is_call).count())
    };
    let default = FuseOptions::default;
    assert_eq!(calls(&default())?, 0);
    assert_eq!(calls(&default().with_keep_calls(true))?, 3);
    assert_eq!(calls(&default().with_keep_all(true))?, 3);
    assert_eq!(calls(&default().with_debug(true))?, 3);
    // The function `get` itself is needed too, and has the code of `load`.
    assert_eq!(calls(&default().with_exports(vec!["get".to_owned()]))?, 0);
    Ok(())
}

/// The functions that an instruction comes from are those that a backtrace of calls would show.
#[test]
fn instructions_know_the_calls_that_they_were_inlined_by() -> Result<()> {
    let plan = plan(PROGRAM, LIBRARY)?;
    let fused = fuse(&plan, &FuseOptions::default())?;
    let mut found = Vec::new();
    for payload in Parser::new(0).parse_all(&fused.bytes) {
        let Payload::CodeSectionEntry(body) = payload? else { continue };
        for operator in body.get_operators_reader()?.into_iter_with_offsets() {
            let (operator, offset) = operator?;
            let origins = fused.origins(plan.set(), offset);
            let inputs = &plan.set().inputs;
            // Each is a call of the one before.
            for call in &origins[1..] {
                assert_eq!(inputs[call.module].bytes[call.offset], 0x10);
            }
            if matches!(operator, Operator::I32Load { .. }) {
                let opcode = inputs[origins[0].module].bytes[origins[0].offset];
                assert_eq!(opcode, 0x28);
                found.push(origins.iter().map(|o| (o.module, o.function)).collect::<Vec<_>>());
            }
        }
    }
    let (load, get, test) = ((1, 0), (1, 1), (0, 1));
    assert_eq!(found, [[load, get, test], [load, get, test]]);
    Ok(())
}

/// The most local variables of a function are few enough for engines, whatever is inlined.
#[test]
fn nothing_is_inlined_into_huge_functions() -> Result<()> {
    let program = |locals: usize| {
        let locals = "i32 ".repeat(locals);
        format!(
            r#"(import "env" "get" (func $get (param i32) (result i32)))
            (func (export "test") (result i32) (local {locals}) (call $get (i32.const 8)))"#
        )
    };
    for (locals, functions_left) in [(10_000, 1), (10_001, 2), (49_999, 2)] {
        let fused = fuse(&plan(&program(locals), LIBRARY)?, &FuseOptions::default())?;
        assert_eq!(functions(&fused.bytes)?.len(), functions_left, "{locals}");
    }
    Ok(())
}
