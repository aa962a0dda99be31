//! C++ and Rust as WebAssembly against the same code built natively, over generated integers.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::trial::{ignorable, ignored};
use host::{Host, Limits, Program, State, Val, Wasi};
use libtest_mimic::{Completion, Failed, Trial};
use linker::{NoLibraries, Set};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::support::workspace;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![ignorable("oracle::foo_is_what_native_code_says", foo)];
    for triple in ["wasm32-unknown-unknown", "wasm32-wasip1"] {
        let name = format!("oracle::add_on_{triple}_is_what_native_code_says");
        trials.push(ignorable(name, move || add(triple)));
    }
    trials
}

/// The C++ library and the Rust crate that it calls, both built natively.
#[cfg(native_toolbox)]
fn native_foo(x: i32) -> Option<i32> {
    // Linking the crate brings the `add` that the library calls.
    use calc as _;
    unsafe extern "C" {
        fn foo(x: i32) -> i32;
    }
    // SAFETY: the library `toolbox`, linked by build.rs, defines `foo` with the C ABI and this type
    // (toolbox.h), and it does nothing but call `calc::add`, which has no conditions.
    Some(unsafe { foo(x) })
}

#[cfg(not(native_toolbox))]
fn native_foo(_: i32) -> Option<i32> {
    None
}

/// Any integer, the extremes more often than chance would have it.
fn integer() -> impl Strategy<Value = i32> {
    prop_oneof![
        4 => any::<i32>(),
        1 => prop::sample::select(vec![i32::MIN, i32::MIN + 1, -1, 0, 1, i32::MAX - 1, i32::MAX]),
    ]
}

fn foo() -> Result<Completion, Failed> {
    if native_foo(0).is_none() {
        return ignored("no native toolbox: CMake or a C++ compiler is missing");
    }
    let host = Host::new(Limits::default())?;
    let calc = host::read(&workspace::guests().join("calc.wasm"))?;
    let toolbox = host::read(&workspace::guests().join("toolbox.wasm"))?;
    let program = host.link(Set::gather(toolbox, vec![calc], &mut NoLibraries)?)?;
    compare(&host, &program, "foo", integer(), |x| (vec![Val::I32(x)], native_foo(x)))
}

fn add(triple: &'static str) -> Result<Completion, Failed> {
    let Some(file) = build_calc(triple)? else {
        return ignored(&format!("the Rust target {triple} is missing"));
    };
    let host = Host::new(Limits::default())?;
    let program = host.link(Set::gather(host::read(&file)?, Vec::new(), &mut NoLibraries)?)?;
    compare(&host, &program, "add", (integer(), integer()), |(left, right)| {
        (vec![Val::I32(left), Val::I32(right)], Some(calc::add(left, right)))
    })
}

/// Calls an export with generated values and compares it with what `oracle` says of them.
fn compare<S: Strategy>(
    host: &Host,
    program: &Program<State>,
    name: &str,
    values: S,
    oracle: impl Fn(S::Value) -> (Vec<Val>, Option<i32>),
) -> Result<Completion, Failed> {
    let process = std::cell::RefCell::new(host.start(program, &Wasi::default())?);
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    let result = runner.run(&values, |value| {
        let (args, expected) = oracle(value);
        let results = process.borrow_mut().invoke(name, &args);
        let found = results.map_err(|e| TestCaseError::fail(e.to_string()))?;
        prop_assert_eq!(found.first().and_then(Val::i32), expected);
        Ok(())
    });
    result.map_err(|error| error.to_string())?;
    Ok(Completion::Completed)
}

/// Builds as a user would, by plain `cargo build`; in a folder of its own, so that `build-all` is
/// not disturbed.
fn build_calc(triple: &str) -> Result<Option<PathBuf>, Failed> {
    let mut rustc = Command::new("rustc");
    let libraries = rustc.args(["--print", "target-libdir", "--target", triple]).output()?;
    let libraries = String::from_utf8(libraries.stdout)?;
    if !Path::new(libraries.trim_end()).is_dir() {
        return Ok(None);
    }
    let target = workspace::target().join("oracle");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    workspace::clean_environment(&mut cargo);
    cargo.current_dir(workspace::root()).args(["build", "-p", "calc", "--target", triple]);
    let output = cargo.arg("--target-dir").arg(&target).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(Some(target.join(triple).join("debug").join("calc.wasm")))
}
