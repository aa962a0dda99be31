//! Makes tests, measures how long each takes, and decides how much of it runs.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use libtest_mimic::{Completion, Failed, Trial};

/// The tests that have run, with their times.
static TIMES: Mutex<Vec<(Duration, String)>> = Mutex::new(Vec::new());

/// Makes a test that always runs.
pub(crate) fn trial(
    name: &str,
    run: impl FnOnce() -> Result<(), Failed> + Send + 'static,
) -> Trial {
    ignorable(name, || run().map(|()| Completion::Completed))
}

/// Makes a test that may find that it cannot run on this machine.
pub(crate) fn ignorable(
    name: impl Into<String>,
    run: impl FnOnce() -> Result<Completion, Failed> + Send + 'static,
) -> Trial {
    let name = name.into();
    Trial::ignorable_test(name.clone(), move || {
        let started = Instant::now();
        let result = run();
        let mut times = TIMES.lock().unwrap_or_else(PoisonError::into_inner);
        times.push((started.elapsed(), name));
        result
    })
}

/// Ends a test that cannot run because something is missing: ignored with the reason, but as a
/// failure if `cargo xtask test --strict` asked for it.
pub(crate) fn ignored(reason: &str) -> Result<Completion, Failed> {
    match std::env::var_os("TESTS_STRICT") {
        Some(_) => Err(format!("not run: {reason}").into()),
        None => Ok(Completion::ignored_with(reason)),
    }
}

/// Returns whether the tests of load and of faults run in full: `cargo xtask test --soak`.
pub(crate) fn is_soak() -> bool {
    std::env::var_os("TESTS_SOAK").is_some()
}

/// Returns whether slow tests run, and tests try all of what they can try: `cargo xtask test
/// --all`.
pub(crate) fn is_all() -> bool {
    std::env::var_os("TESTS_ALL").is_some() || is_soak()
}

/// Returns how often a test of load or of faults repeats itself: a few times, or in full.
pub(crate) fn times(few: usize, full: usize) -> usize {
    if is_soak() { full } else { few }
}

/// The number of tests that are named at the end.
const SLOWEST: usize = 10;

/// Describes the slowest tests, the slowest first. It is empty if only a few have run.
pub(crate) fn slowest() -> String {
    let mut times = TIMES.lock().unwrap_or_else(PoisonError::into_inner);
    if times.len() <= SLOWEST {
        return String::new();
    }
    times.sort_by(|a, b| b.cmp(a));
    let lines = times.iter().take(SLOWEST);
    let lines = lines.map(|(time, name)| format!("{:8.1} s  {name}\n", time.as_secs_f64()));
    format!("The slowest tests:\n{}", lines.collect::<String>())
}
