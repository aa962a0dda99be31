//! Programs through `host`'s library: what they do, and what they cannot do.

mod cache;
mod confinement;
mod examples;
mod failures;
mod fusing;
mod guest;
mod isolation;
mod library;
mod limits;
mod program;

use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    let suites = [
        cache::trials(),
        confinement::trials(),
        examples::trials(),
        failures::trials(),
        fusing::trials(),
        isolation::trials(),
        library::trials(),
        limits::trials(),
    ];
    suites.into_iter().flatten().collect()
}
