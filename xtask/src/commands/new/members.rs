//! Adds a crate to the members of the workspace in the text of `Cargo.toml`, and removes it. All
//! other bytes of the file stay as they are.

use std::ops::Range;

use anyhow::Context;
use toml::de::DeTable;

/// A member of the workspace, and the range of its string in the text.
struct WorkspaceMember {
    name: String,
    span: Range<usize>,
}

/// Adds a member, in the order of the names if the list is in that order, and returns the whole
/// text.
///
/// # Errors
///
/// If the file is not valid, or has no list of members.
pub(crate) fn add(text: &str, name: &str) -> anyhow::Result<String> {
    let (list, members) = read(text)?;
    let sorted = members.is_sorted_by(|a, b| a.name <= b.name);
    let next = members.iter().position(|member| sorted && *member.name > *name);
    let (at, added) = match (next, members.last()) {
        (Some(next), _) => {
            (members[next].span.start, format!("\"{name}\"{}", separator(text, &members, next)))
        }
        (None, Some(last)) => {
            (last.span.end, format!("{}\"{name}\"", separator(text, &members, members.len() - 1)))
        }
        (None, None) => (list.start + "[".len(), format!("\"{name}\"")),
    };
    Ok(format!("{}{added}{}", &text[..at], &text[at..]))
}

/// Removes a member, and returns the whole text. A text without the member stays as it is.
///
/// # Errors
///
/// If the file is not valid, or has no list of members.
pub(crate) fn remove(text: &str, name: &str) -> anyhow::Result<String> {
    let (_, members) = read(text)?;
    let Some(index) = members.iter().position(|member| member.name == name) else {
        return Ok(text.to_owned());
    };
    let Range { start, end } = members[index].span.clone();
    let range = match (index.checked_sub(1), members.get(index + 1)) {
        (_, Some(next)) if is_plain(&text[end..next.span.start]) => start..next.span.start,
        (Some(before), None) if is_plain(&text[members[before].span.end..start]) => {
            members[before].span.end..end
        }
        // A comment is near, which stays.
        _ => start..end + comma(&text[end..]),
    };
    Ok(format!("{}{}", &text[..range.start], &text[range.end..]))
}

/// Reads the range of the list of members, and its members.
fn read(text: &str) -> anyhow::Result<(Range<usize>, Vec<WorkspaceMember>)> {
    let document = DeTable::parse(text).context("cannot read Cargo.toml")?;
    let list = document.get_ref().get("workspace").and_then(|it| it.get_ref().get("members"));
    let list = list.context("Cargo.toml has no `members` in `[workspace]`: add the list")?;
    let strings = list.get_ref().as_array().into_iter().flat_map(|array| array.iter());
    let members = strings.filter_map(|member| {
        let name = member.get_ref().as_str()?.to_owned();
        Some(WorkspaceMember { name, span: member.span() })
    });
    Ok((list.span(), members.collect()))
}

/// Returns what to write between a new member and its neighbour: the same as between that one and
/// the member before it, without comments.
fn separator<'t>(text: &'t str, members: &[WorkspaceMember], neighbour: usize) -> &'t str {
    let Some(before) = neighbour.checked_sub(1) else { return ", " };
    let between = &text[members[before].span.end..members[neighbour].span.start];
    if is_plain(between) { between } else { ", " }
}

/// Returns the length of what follows a member up to its comma, or 0 if there is none before a
/// comment or the end of the list.
fn comma(text: &str) -> usize {
    let before = text.len() - text.trim_ascii_start().len();
    if text[before..].starts_with(',') { before + ",".len() } else { 0 }
}

/// Returns whether a text between members has no comment.
fn is_plain(between: &str) -> bool {
    between.chars().all(|c| c == ',' || c.is_ascii_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(text: &str) -> anyhow::Result<String> {
        let added = add(text, "m")?;
        assert!(read(&added)?.1.iter().any(|member| member.name == "m"), "{added}");
        assert_eq!(remove(&added, "m")?, text, "{added}");
        Ok(added)
    }

    #[test]
    fn adding_and_removing_leaves_this_file_as_it_was() -> anyhow::Result<()> {
        let added = round_trip(include_str!("../../../../Cargo.toml"))?;
        assert!(added.contains("\"linker\", \"m\", \"tests\""), "{added}");
        Ok(())
    }

    #[test]
    fn the_list_keeps_its_form() -> anyhow::Result<()> {
        let forms = [
            ("[]", "[\"m\"]"),
            ("[ ]", "[\"m\" ]"),
            ("['a']", "['a', \"m\"]"),
            ("['z']", "[\"m\", 'z']"),
            ("['a','z']", "['a',\"m\",'z']"),
            ("['z', 'a']", "['z', 'a', \"m\"]"),
            ("[\n    'a',\n    'z',\n]", "[\n    'a',\n    \"m\",\n    'z',\n]"),
            ("[\r\n 'a',\r\n 'b',\r\n]", "[\r\n 'a',\r\n 'b',\r\n \"m\",\r\n]"),
            ("[\n 'a', # first\n 'z', # last\n]", "[\n 'a', # first\n \"m\", 'z', # last\n]"),
            ("[\n 'a' # first\n , 'b' # last\n]", "[\n 'a' # first\n , 'b', \"m\" # last\n]"),
        ];
        for (list, expected) in forms {
            let text = |list: &str| format!("# top\n[workspace]\nmembers = {list} # end\nx = 1\n");
            assert_eq!(round_trip(&text(list))?, text(expected));
        }
        Ok(())
    }

    #[test]
    fn a_comment_near_a_removed_member_stays() -> anyhow::Result<()> {
        let text = "[workspace]\nmembers = [\n 'a',\n 'm', # why\n 'z',\n]\n";
        assert_eq!(remove(text, "m")?, "[workspace]\nmembers = [\n 'a',\n  # why\n 'z',\n]\n");
        Ok(())
    }
}
