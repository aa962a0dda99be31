//! Does a module fit to others? Every import, looked up among exports under a module name.

use crate::fault::{Candidate, Fault, Faults};
use crate::load::{Export, Import, Module};
use crate::wasi::{self, WASI};

/// Something whose exports others may import, and the module name under which they do.
#[derive(Debug, Clone)]
pub struct Provider<'a> {
    /// The first half of an import: `env` in `env.add`.
    pub module: &'a str,
    /// How messages call it.
    pub name: &'a str,
    pub exports: &'a [Export],
}

impl<'a> Provider<'a> {
    /// A module that is linked as `name`.
    pub fn module(name: &'a str, module: &'a Module) -> Self {
        Provider { module: name, name: &module.name, exports: &module.exports }
    }

    /// The functions of WASI preview 1, which every host gives.
    pub fn wasi() -> Self {
        Provider { module: WASI, name: "WASI preview 1", exports: &wasi::EXPORTS }
    }
}

/// Looks up every import of `importer` among the providers; the first of a name wins.
///
/// # Errors
///
/// Every import that nothing provides or that has another type than what is provided.
pub fn fit(importer: &Module, providers: &[Provider<'_>]) -> Result<(), Faults> {
    importer
        .imports
        .iter()
        .filter_map(|import| match find(import, providers) {
            None => Some(unknown(importer, import, providers)),
            Some((_, export)) if export.ty.satisfies(&import.ty) => None,
            Some((provider, export)) => Some(Fault::TypeMismatch {
                importer: importer.name.clone(),
                module: import.module.clone(),
                name: import.name.clone(),
                expected: import.ty.clone(),
                provider: provider.name.to_owned(),
                found: export.ty.clone(),
            }),
        })
        .collect::<Faults>()
        .into_result()
}

fn find<'p, 'a>(
    import: &Import,
    providers: &'p [Provider<'a>],
) -> Option<(&'p Provider<'a>, &'a Export)> {
    providers.iter().filter(|p| p.module == import.module).find_map(|provider| {
        provider.exports.iter().find(|e| e.name == import.name).map(|export| (provider, export))
    })
}

fn unknown(importer: &Module, import: &Import, providers: &[Provider<'_>]) -> Fault {
    let provider = providers.iter().find(|p| p.module == import.module);
    Fault::UnknownImport {
        importer: importer.name.clone(),
        module: import.module.clone(),
        name: import.name.clone(),
        expected: import.ty.clone(),
        provider: provider.map(|p| p.name.to_owned()),
        candidate: candidate(import, providers),
    }
}

/// The nearest name, preferably of a provider that is linked under the right module name.
fn candidate(import: &Import, providers: &[Provider<'_>]) -> Option<Candidate> {
    let (right, wrong): (Vec<_>, Vec<_>) =
        providers.iter().partition(|p| p.module == import.module);
    [right, wrong].into_iter().flatten().find_map(|provider| {
        let names = provider.exports.iter().map(|export| export.name.as_str());
        nearest(&import.name, names).map(|name| Candidate {
            provider: provider.name.to_owned(),
            module: provider.module.to_owned(),
            name: name.to_owned(),
        })
    })
}

/// The name that was probably meant: the fewest edits, at most one in three letters.
pub(crate) fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (wanted.chars().count() / 3).max(1);
    names
        .map(|name| (distance(wanted, name), name))
        .filter(|(edits, _)| *edits <= limit)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, name)| name)
}

/// Edits between two names; decoration by underscores or case counts as none.
fn distance(a: &str, b: &str) -> usize {
    let plain = |name: &str| name.trim_matches('_').to_lowercase();
    if a == b || plain(a) == plain(b) { 0 } else { strsim::damerau_levenshtein(a, b) }
}
