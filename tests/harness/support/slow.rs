//! The tests that `cargo xtask test` leaves out, because they take long and rarely fail.
//!
//! `cargo xtask test --all` runs them, and so does `TESTS_ALL=1`. Otherwise they show as ignored.

use libtest_mimic::{Completion, Trial};

use super::trial::{ignorable, is_all};

/// Why a slow test shows as ignored. This is no failure with `--strict`.
const REASON: &str = "runs with `cargo xtask test --all`";

/// Each slow test, and which tests of the same kind run by default.
const SLOW: [(&str, &str); 21] = [
    ("builds::a_full_disk_keeps_the_last_good_guests", "faults::a_full_disk_stops_setup"),
    ("builds::a_read_only_folder_is_named", "faults::outputs_in_a_read_only_folder_are_refused"),
    ("builds::ctrl_c_keeps_the_last_good_guests", "xtask's own tests of interruption"),
    ("builds::emsdk_is_installed_where_there_are_no_packages", "builds::a_missing_*"),
    ("builds::only_what_is_stale_is_rebuilt", "documents::*, which changes guests and builds them"),
    ("case::abort-in-cpp", "link::uncaught-throw"),
    ("case::build-wasip1", "oracle::*"),
    ("case::error-check", "xtask's own tests of `check`"),
    ("case::error-rust-data", "case::error-rust"),
    ("faults::builds_that_are_killed_leave_nothing_behind", "faults::a_cache_whose_writers_*"),
    ("faults::files_that_vanish_are_named", "case::error-not-built"),
    ("faults::tools_that_hang_are_ended", "faults::a_deadline_does_not_wait_for_a_pipe"),
    ("faults::tools_that_misbehave_are_told_of", "builds::a_failing_emcmake_*"),
    ("faults::without_address_space_there_is_an_error", "faults::without_threads_*"),
    ("fuzz::a_target_runs", "the inputs that fuzzing has found, fuzz::*"),
    ("hostile::100000_undefined_symbols", "hostile::100000_needed_libraries"),
    ("link::dlopen-a-thousand-times", "load::libraries_opened_and_closed"),
    ("real::jsonnet_reports_errors_as_natively", "real::meshoptimizer_*, also C++"),
    ("real::zstd_compresses_as_natively", "real::lua_*, also C"),
    ("sanitizers::guests_under_miri", "the same code in oracle::*"),
    ("sanitizers::host_under_memcheck", "the same code in cache::*"),
];

/// Replaces each slow test by one that only says how to run it, unless all tests run.
pub(crate) fn leave_out(trials: Vec<Trial>) -> Vec<Trial> {
    for (slow, _) in SLOW {
        let is_known = trials.iter().any(|trial| trial.name() == slow);
        debug_assert!(is_known || cfg!(not(unix)), "there is no slow test `{slow}`");
    }
    let is_slow = |trial: &Trial| SLOW.iter().any(|(slow, _)| trial.name() == *slow);
    let replace = |trial: Trial| match is_slow(&trial) && !is_all() {
        true => ignorable(trial.name(), || Ok(Completion::ignored_with(REASON))),
        false => trial,
    };
    trials.into_iter().map(replace).collect()
}
