//! Adds an entry to the text of `guests.toml`, finds it again, and removes it. All other bytes of
//! the file stay as they are.

use std::borrow::Cow;
use std::ops::Range;

use anyhow::{Context, bail};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The entry of a guest in a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct EntryText<'t> {
    /// The comment directly above the table: its last line, or nothing.
    pub(crate) comment: &'t str,
    /// The comment and the table, without the end of the last line.
    pub(crate) text: &'t str,
    span: Range<usize>,
}

/// Adds an entry after the last guest, and returns the whole text.
///
/// # Errors
///
/// If the file is not valid, or its guests are written in a way to which no table can be added.
pub(crate) fn add(text: &str, name: &str, entry: &str) -> anyhow::Result<String> {
    let newline = newline(text);
    let document = DeTable::parse(text).context("cannot read guests.toml")?;
    let last = guests(&document).map(|(_, value)| end(value)).max();
    let at = end_of_table(text, last.unwrap_or(text.trim_end().len()));
    let entry = entry.replace('\n', newline);
    let added = format!("{}{newline}{newline}{entry}{}", &text[..at], &text[at..]);
    if !find(&added, name).is_ok_and(|found| found.is_some_and(|it| it.text == entry)) {
        bail!(
            "cannot add `[guest.{name}]` to guests.toml: write each guest there as a table of its \
             own, with a line such as `[guest.calc]` above its keys"
        );
    }
    Ok(added)
}

/// Finds the entry of a guest. Returns `None` if the guest is not written as a table of its own.
///
/// # Errors
///
/// If the file is not valid.
pub(crate) fn find<'t>(text: &'t str, name: &str) -> anyhow::Result<Option<EntryText<'t>>> {
    let document = DeTable::parse(text).context("cannot read guests.toml")?;
    let Some((key, value)) = guests(&document).find(|(key, _)| key.get_ref() == name) else {
        return Ok(None);
    };
    let header = start_of_line(text, key.span().start);
    if !text[header..].starts_with('[') {
        return Ok(None);
    }
    let above = &text[..header];
    let line = above.lines().next_back().filter(|line| line.starts_with('#')).unwrap_or_default();
    let start = if line.is_empty() { header } else { start_of_line(text, header - 1) };
    let span = start..end_of_line(text, end(value));
    Ok(Some(EntryText { comment: line, text: &text[span.clone()], span }))
}

/// Removes an entry, and the blank line above it.
pub(crate) fn remove(text: &str, entry: &EntryText<'_>) -> String {
    let newline = newline(text);
    let before = &text[..entry.span.start];
    let after = &text[entry.span.end..];
    if before.is_empty() {
        return after.trim_start_matches(newline).to_owned();
    }
    let before = before.strip_suffix(newline).unwrap_or(before);
    format!("{}{after}", before.strip_suffix(newline).unwrap_or(before))
}

/// Returns the names of the guests.
pub(crate) fn names(text: &str) -> anyhow::Result<Vec<String>> {
    let document = DeTable::parse(text).context("cannot read guests.toml")?;
    Ok(guests(&document).map(|(name, _)| name.get_ref().to_string()).collect())
}

type Key<'i> = Spanned<Cow<'i, str>>;
type Value<'i> = Spanned<DeValue<'i>>;

fn guests<'d, 'i>(
    document: &'d Spanned<DeTable<'i>>,
) -> impl Iterator<Item = (&'d Key<'i>, &'d Value<'i>)> {
    let guests = document.get_ref().get("guest").and_then(|guests| guests.get_ref().as_table());
    guests.into_iter().flat_map(|table| table.iter())
}

/// Returns the offset at which a value ends. The span of a table is that of its header, so the
/// values in it count too.
fn end(value: &Value<'_>) -> usize {
    let inner = value.get_ref().as_table().into_iter().flat_map(|table| table.values());
    inner.map(end).fold(value.span().end, usize::max)
}

/// Returns the line ending of a text.
fn newline(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

fn start_of_line(text: &str, offset: usize) -> usize {
    text[..offset].rfind('\n').map_or(0, |newline| newline + 1)
}

/// Returns the offset of the end of a line, before its line ending.
fn end_of_line(text: &str, offset: usize) -> usize {
    let line = text[offset..].split('\n').next().unwrap_or_default();
    offset + line.strip_suffix('\r').unwrap_or(line).len()
}

/// Returns the end of the last line of a table, of which the last value ends at `last`. Comments
/// directly below belong to the table too, unless a header follows them.
fn end_of_table(text: &str, last: usize) -> usize {
    let of_values = end_of_line(text, last);
    let mut end = of_values;
    while let Some(below) = line_below(text, end) {
        match text[below.clone()].trim_start().chars().next() {
            Some('#') => end = below.end,
            Some('[') => return of_values,
            _ => return end,
        }
    }
    end
}

/// Returns the line below the one that ends at `end`.
fn line_below(text: &str, end: usize) -> Option<Range<usize>> {
    let start = end + text[end..].find('\n')? + 1;
    Some(start..end_of_line(text, start))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: &str = "# Made.\n[guest.new]\nkind = \"sources\"\nexports = [\"f: () -> i32\"]";

    /// Adds an entry, expects the result to be valid, and removes it again.
    fn round_trip(text: &str) -> anyhow::Result<String> {
        let added = add(text, "new", ENTRY)?;
        let entry = find(&added, "new")?.context("the entry is not found")?;
        assert_eq!(entry.comment, "# Made.", "{added}");
        assert_eq!(entry.text.replace("\r\n", "\n"), ENTRY, "{added}");
        assert_eq!(remove(&added, &entry), text, "{added}");
        Ok(added)
    }

    #[test]
    fn adding_and_removing_leaves_this_file_as_it_was() -> anyhow::Result<()> {
        let text = include_str!("../../../../guests.toml");
        let added = round_trip(text)?;
        let demo = "\n\n# The call that `cargo xtask build-all` makes at the end";
        assert!(added.contains(&format!("\n\n{ENTRY}{demo}")), "{added}");
        Ok(())
    }

    #[test]
    fn adding_and_removing_leaves_odd_files_as_they_were() -> anyhow::Result<()> {
        let odd = [
            "[guest.a]\nx = 1",
            "[guest.a]\nx = 1\n\n\n",
            "[guest.a]\r\nx = 1\r\n\r\n[demo]\r\n",
            "# first\n[demo]\ny = [\n 1, # one\n]\n[ guest . 'a' ]  # spaces\n\tx=1 # last",
            "[guest.b]\nx = \"\"\"\n[guest.c]\n\"\"\"\n# of b\n\n# of a\n[guest.a]\n[demo]\n",
            "[guest.b]\n[guest.a]\nx = { y = [\n1,\n2,\n] }\n# of demo\n[demo]\n\n",
            "[guest]\na.x = 1\n[demo]\n",
            "guest.a.x = 1\n",
            "x = 1\n# no guests\n",
            "",
        ];
        for text in odd {
            round_trip(text)?;
        }
        Ok(())
    }

    #[test]
    fn comments_stay_with_what_they_are_about() -> anyhow::Result<()> {
        let of_table = round_trip("[guest.a]\nx = 1\n# y = 2\n\n[demo]\n")?;
        assert!(of_table.starts_with("[guest.a]\nx = 1\n# y = 2\n\n# Made."), "{of_table}");
        let of_next = round_trip("[guest.a]\nx = 1\n# The demo.\n[demo]\n")?;
        assert!(of_next.ends_with("i32\"]\n# The demo.\n[demo]\n"), "{of_next}");
        Ok(())
    }

    #[test]
    fn an_inline_table_is_left_alone() {
        let fault = add("guest = { a = { x = 1 } }\n", "new", ENTRY).err();
        let fault = fault.map(|error| error.to_string()).unwrap_or_default();
        assert!(fault.contains("write each guest there as a table of its own"), "{fault}");
    }
}
