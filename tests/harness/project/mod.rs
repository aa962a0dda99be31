//! The build tool, the documents, and the rules that the sources follow.

mod bindings;
mod builds;
mod dependencies;
#[cfg(unix)]
mod dev;
mod documents;
mod editors;
mod init;
mod layers;
mod new;
pub(crate) mod rules;

use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    let suites = [
        documents::trials(),
        bindings::trials(),
        builds::trials(),
        dependencies::trials(),
        #[cfg(unix)]
        dev::trials(),
        editors::trials(),
        init::trials(),
        layers::trials(),
        new::trials(),
        rules::trials(),
    ];
    suites.into_iter().flatten().collect()
}
