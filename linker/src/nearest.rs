//! Names that were probably meant.

/// The name that was probably meant: the fewest edits, at most one in three letters and four in all.
pub(crate) fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (wanted.chars().count() / 3).clamp(1, 4);
    // A name that is longer or shorter by more is at least so many edits away, but for underscores.
    let near = |name: &&str| name.len().abs_diff(wanted.len()) <= limit + 4;
    names
        .filter(near)
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
