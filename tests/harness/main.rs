//! Every test, in one program that test runners understand.
//!
//! - [`cases`]: the folders of `tests/cases`, console sessions that read as documentation
//! - [`link_cases`]: those of the folders in which modules are linked and run
//! - [`confinement`]: that no path and no descriptor leads out of what a program was given
//! - [`debug`]: source lines after several modules became one
//! - [`emscripten`]: the same modules, linked by Emscripten's own dynamic linker
//! - [`engines`]: the same programs as one module, on another engine
//! - [`examples`]: the examples of `host`, with the output that they document
//! - [`wasm_exceptions`]: the cases of exceptions and `longjmp`, compiled so that code catches by itself
//! - [`fusing`]: programs as one module, through the libraries
//! - [`grid`]: every kind of module in each language with every other
//! - [`hostile`]: modules that mean no good
//! - [`legacy_exceptions`]: exceptions in the legacy encoding against their translation, over generated code
//! - [`isolation`]: two programs in one host, and memory that was used before
//! - [`library`]: the demo and the limits through `host`'s library
//! - [`limits`]: each limit of a program at it, one below and one above
//! - [`oracle`]: C++ and Rust as WebAssembly against the same code built natively
//! - [`real`]: libraries of others, against the same libraries built natively
//! - [`builds`]: what cannot be told in a session: interruption, full disks, what is rebuilt
//! - [`cache`]: compiled code that is kept, whatever happens to it
//! - [`failures`]: guests that fail, and what still works then, through `host`'s library
//! - [`faults`]: faults of the machine: kills, tools that misbehave, what runs out
//! - [`fuzz`]: what fuzzing has found, again
//! - [`load`]: many instances, one after the other and at once
//! - [`documents`]: README.md, the pages of `docs` and their commands
//! - [`dependencies`]: what those of others may be
//! - [`rules`]: who may depend on whom
//! - [`sysroot`]: the system libraries against Emscripten's archives, and what they do with files
//! - [`sanitizers`]: `unsafe` under Miri and Valgrind

#![cfg_attr(
    not(unix),
    allow(unused_imports, unused_mut, reason = "what is for tests of Unix alone is left unused")
)]

mod builds;
mod cache;
mod cases;
mod commands;
mod confinement;
mod debug;
mod dependencies;
mod documents;
mod emscripten;
mod engines;
mod examples;
mod failures;
#[cfg(unix)]
mod faults;
mod fusing;
mod fuzz;
mod grid;
mod hostile;
mod isolation;
mod legacy_exceptions;
mod library;
mod limits;
mod link_cases;
mod load;
mod oracle;
mod real;
mod rules;
mod sanitizers;
mod support;
mod sysroot;
mod wasm_exceptions;

use libtest_mimic::{Arguments, FormatSetting};

#[cfg(unix)]
use support::random;
use support::trial::{ignorable, ignored, is_all, is_soak, slowest, times, trial};
use support::{compile, console, slow, workspace};

fn main() -> std::process::ExitCode {
    if let Some(ended) = load::child() {
        return ended;
    }
    let args = Arguments::from_args();
    let trials = [
        cases::trials(),
        commands::trials(),
        debug::trials(),
        examples::trials(),
        fusing::trials(),
        fuzz::trials(),
        grid::trials(),
        hostile::trials(),
        legacy_exceptions::trials(),
        confinement::trials(),
        isolation::trials(),
        library::trials(),
        limits::trials(),
        oracle::trials(),
        real::trials(),
        builds::trials(),
        cache::trials(),
        failures::trials(),
        #[cfg(unix)]
        faults::trials(),
        load::trials(),
        dependencies::trials(),
        documents::trials(),
        rules::trials(),
        sanitizers::trials(),
        sysroot::trials(),
    ];
    let mut trials: Vec<_> = trials.into_iter().flatten().collect();
    trials.push(rules::security(trials.iter().map(|trial| trial.name().to_owned()).collect()));
    let conclusion = libtest_mimic::run(&args, slow::leave_out(trials));
    if !matches!(args.format, Some(FormatSetting::Json)) {
        print!("{}", slowest());
    }
    conclusion.exit_code()
}
