//! Links the same shared libraries with `linker` and with `wit-component`, for one row of `cargo
//! xtask bench`, and prints a line of JSON: nanoseconds of each round, ours and theirs.
//!
//! Ours reads the modules, decides where everything is, and rewrites them; theirs makes a component
//! that holds them and what links them at run time. Neither validates what it made.
#![allow(clippy::print_stdout, reason = "a benchmark reports")]

#[path = "../benches/common/generated.rs"]
mod generated;

use std::error::Error;
use std::time::Instant;

use linker::{NoLibrary, Object, Plan, Set};

type Result<T> = std::result::Result<T, Box<dyn Error>>;
type Modules = [(String, Vec<u8>)];

const MODULES: usize = 1000;
/// Theirs takes half a minute for each.
const ROUNDS: usize = 2;

fn main() -> Result<()> {
    let modules = generated::modules(MODULES);
    let (mut our_times, mut their_times) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        our_times.push(time(|| ours(&modules))?);
        their_times.push(time(|| theirs(&modules))?);
    }
    println!("{}", serde_json::json!({ "ours": our_times, "theirs": their_times }));
    Ok(())
}

/// Nanoseconds; what was linked must have all modules.
fn time(link: impl FnOnce() -> Result<Vec<Vec<u8>>>) -> Result<f64> {
    let start = Instant::now();
    let linked = link()?;
    let time = start.elapsed().as_nanos() as f64;
    let magic = |bytes: &Vec<u8>| bytes.windows(4).filter(|bytes| bytes == b"\0asm").count();
    match linked.iter().map(magic).sum::<usize>() {
        MODULES.. => Ok(time),
        found => Err(format!("of {MODULES} modules only {found} were linked").into()),
    }
}

fn ours(modules: &Modules) -> Result<Vec<Vec<u8>>> {
    let objects = modules.iter().map(|(name, bytes)| Object::load(name, bytes.as_slice()));
    let mut objects = objects.collect::<std::result::Result<Vec<_>, _>>()?;
    let program = objects.remove(0);
    let bound = Plan::new(Set::gather(program, objects, &mut NoLibrary)?)?.bind()?;
    Ok(bound.modules.into_iter().map(|module| module.bytes).collect())
}

fn theirs(modules: &Modules) -> Result<Vec<Vec<u8>>> {
    let mut linker = wit_component::Linker::default().validate(false);
    for (index, (name, bytes)) in modules.iter().enumerate() {
        // It leaves out unreachable modules; the first one reaches all others.
        linker = linker.library(name, bytes, index == 0)?;
    }
    Ok(vec![linker.encode()?])
}
