//! The tests that `cargo xtask test` leaves out, because they take long and rarely fail.
//!
//! `cargo xtask test --all` runs them, and so does `TESTS_ALL=1`. Otherwise they show as ignored.

use libtest_mimic::{Completion, Trial};

use super::trial::{ignorable, is_all, trial};

/// The reason for which a slow test shows as ignored. This is no failure with `--strict`.
const REASON: &str = "runs with `cargo xtask test --all`";

/// The slow tests. The table in `tests/README.md` names, for each, what of its kind always runs.
const SLOW: [&str; 31] = [
    "builds::a_full_disk_keeps_the_last_good_guests",
    "builds::a_read_only_folder_is_named",
    "builds::ctrl_c_keeps_the_last_good_guests",
    "builds::emsdk_is_installed_where_there_are_no_packages",
    "builds::only_what_is_stale_is_rebuilt",
    "case::abort-in-cpp",
    "case::build-for-wasi-libc",
    "case::build-wasip1",
    "case::error-check",
    "case::error-rust-data",
    "components::wasmtime_runs_a_command",
    "cpython::a_snapshot_starts_many_times",
    "cpython::extensions_are_imported",
    "cpython::limits_end_it",
    "cpython::scripts_run",
    "faults::builds_that_are_killed_leave_nothing_behind",
    "faults::files_that_vanish_are_named",
    "faults::tools_that_hang_are_ended",
    "faults::tools_that_misbehave_are_told_of",
    "faults::without_address_space_there_is_an_error",
    "fuzz::a_target_runs",
    "lapack::equations_are_solved",
    "link::dlopen-a-thousand-times",
    "new::guests_in_every_language_run",
    "real::jsonnet_reports_errors_as_natively",
    "real::zstd_compresses_as_natively",
    "sanitizers::guests_under_miri",
    "sanitizers::host_under_memcheck",
    "serve::wasmtime_answers_the_same",
    "tree_sitter::a_grammar_is_linked",
    "tree_sitter::grammars_are_opened",
];

/// Replaces each slow test by one that only says how to run it, unless all tests run.
pub(crate) fn leave_out(trials: Vec<Trial>) -> Vec<Trial> {
    let replace = |trial: Trial| match SLOW.contains(&trial.name()) {
        true => slow(trial),
        false => trial,
    };
    trials.into_iter().map(replace).collect()
}

/// Replaces a test by one that only says how to run it, unless all tests run.
pub(crate) fn slow(trial: Trial) -> Trial {
    match is_all() {
        true => trial,
        false => ignorable(trial.name(), || Ok(Completion::ignored_with(REASON))),
    }
}

/// Makes the test that the slow tests exist, and that the table in `tests/README.md` has them.
pub(crate) fn table_is_complete(tests: Vec<String>) -> Trial {
    trial("slow::the_table_is_complete", move || {
        let table = include_str!("../../README.md");
        for slow in SLOW {
            // Some tests are for Unix alone.
            if cfg!(unix) && !tests.iter().any(|test| test == slow) {
                return Err(format!("there is no test `{slow}`").into());
            }
            if !table.contains(&format!("\n| `{slow}` | ")) {
                return Err(format!("tests/README.md does not list `{slow}`").into());
            }
        }
        Ok(())
    })
}
