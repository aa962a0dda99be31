//! Pieces of Markdown.

/// Returns the pieces of a line that are between single backticks.
pub(crate) fn code_spans(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}
