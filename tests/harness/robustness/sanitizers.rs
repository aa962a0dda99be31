//! `unsafe` under tools that watch what it does: that of the guests under Miri, that of `host`
//! under Valgrind's Memcheck. Nobody has to have either: without them these tests show as ignored,
//! strictly too.
//!
//! Miri knows no machine code that comes about while it runs, so Wasmtime is beyond it; Memcheck
//! needs no other build.

use std::path::Path;
use std::process::{Command, Output};

use crate::support::trial::ignorable;
use libtest_mimic::{Completion, Failed, Trial};

use crate::support::workspace::{self, Sandbox};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        ignorable("sanitizers::guests_under_miri", guests_under_miri),
        ignorable("sanitizers::host_under_memcheck", host_under_memcheck),
    ]
}

/// `calc`, and the Rust half of the tour with one in Rust in place of the C++ half.
fn guests_under_miri() -> Result<Completion, Failed> {
    let miri = |args: &[&str]| {
        let mut command = Command::new("rustup");
        workspace::clean_environment(&mut command);
        // Its own, and not that of the toolchain that the tests are built with.
        command.env_remove("CARGO").env_remove("RUSTC").current_dir(workspace::root());
        // It is to say which tests it has run.
        command.env_remove("CARGO_TERM_QUIET");
        command.args(["run", "nightly", "cargo", "miri"]).args(args);
        command.output()
    };
    if !miri(&["--version"]).is_ok_and(|output| output.status.success()) {
        let how = "rustup toolchain install nightly --component miri,rust-src";
        return Ok(Completion::ignored_with(format!("Miri is missing: {how}")));
    }
    let output = miri(&["test", "-p", "calc", "-p", "tour"])?;
    let said = String::from_utf8_lossy(&output.stdout);
    let tests = ["a_sum_wraps_around ... ok", "the_tour_does_what_it_promises ... ok"];
    let missing = tests.into_iter().find(|test| !said.contains(test));
    match (output.status.success(), missing) {
        (true, None) => Ok(Completion::Completed),
        _ => Err(failure(&output)),
    }
}

/// Each `unsafe` of `host`: code is compiled with inlining, taken from the cache, and from a file.
/// Values that were never written are not looked for: optimised code of safe Rust reads them, and
/// ignores the values.
fn host_under_memcheck() -> Result<Completion, Failed> {
    let Ok(valgrind) = which::which("valgrind") else {
        return Ok(Completion::ignored_with("valgrind is missing"));
    };
    let sandbox = Sandbox::empty()?;
    let guest = |name: &str| workspace::guests().join(name);
    let compiled = sandbox.path().join("foo.cwasm");
    let host = |args: &[&str], files: &[&Path]| -> Result<String, Failed> {
        let mut command = Command::new(&valgrind);
        workspace::clean_environment(&mut command);
        command.env("HOST_CACHE_DIR", sandbox.path().join("cache"));
        command.args(["--quiet", "--error-exitcode=99", "--undef-value-errors=no"]);
        command.arg(workspace::host()).args(args).args(files);
        let output = command.output()?;
        match output.status.success() && output.stderr.is_empty() {
            true => Ok(String::from_utf8(output.stdout)?),
            false => Err(failure(&output)),
        }
    };
    let (calc, toolbox) = (guest("calc.wasm"), guest("toolbox.wasm"));
    let calc = calc.to_str().ok_or("no path in UTF-8")?;
    let link = ["--inline", "--link", calc];
    let run = [["run", "--invoke", "foo"].as_slice(), &link].concat();
    for _ in ["compiled", "from the cache"] {
        same(&host(&run, &[&toolbox, Path::new("7")])?)?;
    }
    // Under Valgrind too, for it is another processor.
    let compile = [["compile"].as_slice(), &link].concat();
    host(&compile, &[&toolbox, Path::new("-o"), &compiled])?;
    let run = ["run", "--allow-precompiled", "--invoke", "foo"];
    same(&host(&run, &[&compiled, Path::new("7")])?)?;
    Ok(Completion::Completed)
}

fn same(result: &str) -> Result<(), Failed> {
    match result {
        "8\n" => Ok(()),
        _ => Err(format!("`foo(7)` is {result:?}").into()),
    }
}

fn failure(output: &Output) -> Failed {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    format!("{}\n{}{}", output.status, text(&output.stdout), text(&output.stderr)).into()
}
