//! Guests in Rust, C and C++: what they do together, and natively.

mod commands;
mod components;
mod cpython;
mod crates;
mod debug;
mod grid;
mod lapack;
mod legacy_exceptions;
mod oracle;
mod page;
mod real;
mod serve;
mod sysroot;
mod tree_sitter;
mod watch;

use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    let suites = [
        commands::trials(),
        crates::trials(),
        components::trials(),
        cpython::trials(),
        debug::trials(),
        grid::trials(),
        lapack::trials(),
        legacy_exceptions::trials(),
        oracle::trials(),
        page::trials(),
        real::trials(),
        serve::trials(),
        sysroot::trials(),
        tree_sitter::trials(),
        watch::trials(),
    ];
    suites.into_iter().flatten().collect()
}
