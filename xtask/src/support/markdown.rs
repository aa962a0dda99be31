//! Tables in Markdown.

/// Formats a table with aligned columns. The first line is the header.
pub(crate) fn table(lines: &[Vec<String>]) -> String {
    let Some((header, body)) = lines.split_first() else { return String::new() };
    let widths: Vec<_> = (0..header.len()).map(|column| width(lines, column)).collect();
    let rule: String = widths.iter().map(|width| format!("{}|", "-".repeat(width + 2))).collect();
    let body: String = body.iter().map(|cells| row(cells, &widths)).collect();
    format!("{}|{rule}\n{body}", row(header, &widths))
}

/// Returns the length of the longest cell of a column, in characters.
fn width(lines: &[Vec<String>], column: usize) -> usize {
    lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0)
}

fn row(cells: &[String], widths: &[usize]) -> String {
    let padded = cells.iter().zip(widths).map(|(cell, width)| format!(" {cell:<width$} |"));
    format!("|{}\n", padded.collect::<String>())
}
