//! Hostile input, faults of the machine, load, and tools that watch memory.

#[cfg(unix)]
mod faults;
mod fuzz;
mod hostile;
pub(crate) mod load;
mod sanitizers;

use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    let suites = [
        #[cfg(unix)]
        faults::trials(),
        fuzz::trials(),
        hostile::trials(),
        load::trials(),
        sanitizers::trials(),
    ];
    suites.into_iter().flatten().collect()
}
