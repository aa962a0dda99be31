//! Names that were probably meant.

/// Pairs of letters that are compared for one name: as many as names of twenty letters have with those of a very
/// large library. What is beyond that is not looked at.
pub(crate) const WORK: usize = 10_000_000;

/// The name that was probably meant: the fewest edits, at most one in three letters and four in all. What it
/// compares it takes from `work`.
pub(crate) fn nearest<'a>(
    wanted: &str,
    names: impl Iterator<Item = &'a str>,
    work: &mut usize,
) -> Option<&'a str> {
    let limit = (wanted.chars().count() / 3).clamp(1, 4);
    // A name that is longer or shorter by more is at least so many edits away, but for underscores.
    let near = |name: &&str| name.len().abs_diff(wanted.len()) <= limit + 4;
    let is_affordable = |name: &&str| {
        let left = work.checked_sub(wanted.len().saturating_mul(name.len()));
        *work = left.unwrap_or(0);
        left.is_some()
    };
    names
        .filter(near)
        .take_while(is_affordable)
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
