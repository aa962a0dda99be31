//! The cases of exceptions and `longjmp` once more, compiled with `-fwasm-exceptions`: code then
//! catches by itself, in the encoding that the compiler has, and libc++ is another one.
//!
//! The same must come of it. Where it does not, the case has a `wasm-exceptions.txt` that says why,
//! as `emscripten.txt` does for Emscripten's own linker.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use libtest_mimic::{Completion, Failed, Trial};

use crate::cases::expected::{expected, same_but_for};
use crate::support::trial::{ignorable, ignored};

use crate::cases::link::{self, Case};
use crate::support::compile::{self, ending};
use crate::support::console;

/// The flag with which cases that catch are compiled by default.
const BY_DEFAULT: &str = "-fexceptions";
const WASM: &str = "-fwasm-exceptions";
const WASM_LONGJMP: &str = "-sSUPPORT_LONGJMP=wasm";

pub(crate) fn trials(cases: &[Arc<Case>]) -> impl Iterator<Item = Trial> {
    cases.iter().filter(|case| case.sources().iter().any(|s| flags(s) != compile::flags(s))).map(
        |case| {
            let case = case.with_flags(flags);
            let name = format!("wasm_exceptions::{}", case.name());
            ignorable(name, move || run(&case))
        },
    )
}

/// The `wasm-opt` of newer versions fails on the debug information of some functions that catch by
/// themselves.
const WITHOUT_DEBUG: &str = "-g0";

/// Returns the flags for a source here.
fn flags(source: &Path) -> Vec<String> {
    let mut flags = compile::flags(source);
    let catches = flags.iter().any(|flag| flag == BY_DEFAULT);
    let is_c = ["c", "cpp"].contains(&ending(source).as_str());
    let calls_setjmp = || fs::read_to_string(source).is_ok_and(|text| text.contains("setjmp("));
    flags.retain(|flag| flag != BY_DEFAULT);
    if catches {
        flags.push(WASM.to_owned());
    }
    // Exceptions by default and this `longjmp` do not mix.
    if catches || is_c && calls_setjmp() {
        flags.extend([WASM_LONGJMP, WITHOUT_DEBUG].map(str::to_owned));
    }
    flags
}

fn run(case: &Case) -> Result<Completion, Failed> {
    if let Some(reason) = case.missing_compiler() {
        return ignored(&reason);
    }
    let mut outputs = vec![link::run_fused(case, &case.fused()?)?];
    // A separate instance of libc++ makes no difference to a module, and takes seconds to compile.
    if case.libraries().next().is_some() {
        outputs.push(link::separate(case)?);
    }
    let emcc = which::which("em++").unwrap_or_default();
    for output in outputs {
        let actual = String::from_utf8(output.stdout)? + &console::status(output.status);
        same_but_for("wasm-exceptions.txt", case, &actual, &expected(case), &emcc)?;
    }
    Ok(Completion::Completed)
}
