//! Every test, in one program that test runners understand.
//!
//! - [`cases`]: the folders of `tests/cases`, console sessions that read as documentation
//! - [`link_cases`]: those of the folders in which modules are linked and run
//! - [`debug`]: source lines after several modules became one
//! - [`emscripten`]: the same modules, linked by Emscripten's own dynamic linker
//! - [`engines`]: the same programs as one module, on another engine
//! - [`wasm_exceptions`]: the cases of exceptions and `longjmp`, compiled so that code catches by itself
//! - [`fusing`]: programs as one module, through the libraries
//! - [`grid`]: every kind of module in each language with every other
//! - [`legacy_exceptions`]: exceptions in the legacy encoding against their translation, over generated code
//! - [`library`]: the demo and the limits through `host`'s library
//! - [`oracle`]: C++ and Rust as WebAssembly against the same code built natively
//! - [`real`]: libraries of others, against the same libraries built natively
//! - [`builds`]: what cannot be told in a session: interruption, full disks, what is rebuilt
//! - [`cache`]: compiled code that is kept, whatever happens to it
//! - [`fuzz`]: what fuzzing has found, again
//! - [`readme`]: the commands of README.md
//! - [`rules`]: who may depend on whom

mod builds;
mod cache;
mod cases;
mod compile;
mod console;
mod debug;
mod emscripten;
mod engines;
mod fusing;
mod fuzz;
mod grid;
mod legacy_exceptions;
mod library;
mod link_cases;
mod oracle;
mod readme;
mod real;
mod rules;
mod wasm_exceptions;
mod workspace;

use libtest_mimic::{Arguments, Completion, Failed, Trial};

fn main() -> std::process::ExitCode {
    let args = Arguments::from_args();
    let trials = [
        cases::trials(),
        debug::trials(),
        fusing::trials(),
        fuzz::trials(),
        grid::trials(),
        legacy_exceptions::trials(),
        library::trials(),
        oracle::trials(),
        real::trials(),
        builds::trials(),
        cache::trials(),
        rules::trials(),
    ];
    let trials = trials.into_iter().flatten().chain(readme::trials()).collect();
    libtest_mimic::run(&args, trials).exit_code()
}

/// How a test ends that did not run for want of something: ignored with the reason, but as a failure
/// where `cargo xtask test --strict` asked for it.
fn ignored(reason: &str) -> Result<Completion, Failed> {
    match std::env::var_os("TESTS_STRICT") {
        Some(_) => Err(format!("not run: {reason}").into()),
        None => Ok(Completion::ignored_with(reason)),
    }
}

/// A test that always runs.
fn trial(name: &str, run: impl FnOnce() -> Result<(), Failed> + Send + 'static) -> Trial {
    Trial::test(name, run)
}
