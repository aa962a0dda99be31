//! The folders of `tests/cases`: console sessions, and modules that are linked and run.

pub(crate) mod emscripten;
mod expected;
mod folders;
mod index;
pub(crate) mod link;
mod node;
mod session;
pub(crate) mod suites;
mod wasm_exceptions;

use std::sync::Arc;

use libtest_mimic::Trial;

use link::Case;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![index::trial_of_index()];
    trials.extend(folders::guests().into_iter().map(session::trial_of_guest));
    let mut linked = Vec::new();
    for folder in folders::folders() {
        match Case::open(&folder) {
            Some(case) => linked.push(Arc::new(case)),
            None => trials.push(session::trial(folder)),
        }
    }
    trials.extend(link::trials(&linked));
    trials.extend(emscripten::trials(&linked));
    trials.extend(node::trials(&linked));
    trials.extend(wasm_exceptions::trials(&linked));
    trials
}
