//! Suggestions for misspelled names.

/// The pairs of letters that are compared for one name, at most. That suffices to compare a name of
/// twenty letters with those of a very large library; the names after that are left out.
pub(crate) const WORK: usize = 10_000_000;

/// Returns the name that is probably meant by another one: that with the fewest edits, if there
/// are few.
pub fn near<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    nearest(wanted, names, &mut { WORK })
}

/// Returns the name with the fewest edits, at most one in three letters and four in all.
///
/// It subtracts the pairs of letters that it compares from `work`, and stops at 0.
pub(crate) fn nearest<'a>(
    wanted: &str,
    names: impl Iterator<Item = &'a str>,
    work: &mut usize,
) -> Option<&'a str> {
    let limit = (wanted.chars().count() / 3).clamp(1, 4);
    // The length differs by no more than the edits and some underscores, which cost nothing.
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

/// Returns the edits between two names. Underscores around a name, and case, cost nothing.
fn distance(a: &str, b: &str) -> usize {
    let plain = |name: &str| name.trim_matches('_').to_lowercase();
    if a == b || plain(a) == plain(b) { 0 } else { strsim::damerau_levenshtein(a, b) }
}
