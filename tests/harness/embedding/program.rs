//! Programs of one module in the text format.

use host::{Host, Process, Program, State, Val};
use libtest_mimic::Failed;
use linker::{InputModule, NoLibraries, Set};

/// A program of one module in the text format.
pub(crate) fn program(host: &Host, name: &str, text: &str) -> Result<Program<State>, Failed> {
    let object = InputModule::load(name, wat::parse_str(text)?)?;
    Ok(host.link(Set::gather(object, Vec::new(), &mut NoLibraries)?)?)
}

pub(crate) fn expect_i32(
    process: &mut Process,
    name: &str,
    args: &[Val],
    expected: i32,
) -> Result<(), Failed> {
    match process.invoke(name, args)?.as_slice() {
        [Val::I32(found)] if *found == expected => Ok(()),
        found => Err(format!("{name} returned {found:?}, expected {expected}").into()),
    }
}

pub(crate) const LOOPS: &str = r#"(module
    (func (export "for_ever") (loop (br 0)))
    (func (export "count") (param $n i32) (result i32) (local $i i32)
        (loop
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if 0 (i32.lt_u (local.get $i) (local.get $n))))
        (local.get $i)))"#;

pub(crate) const TWO_MEMORIES: &str = r#"(module
    (memory $a 1) (memory $b 1)
    (func (export "grow_a") (param i32) (result i32) (memory.grow $a (local.get 0)))
    (func (export "grow_b") (param i32) (result i32) (memory.grow $b (local.get 0))))"#;
