//! Tables as Markdown has them.

/// With columns in line; the first line is the header.
pub(crate) fn table(lines: &[Vec<String>]) -> String {
    let length = |cell: &String| cell.chars().count();
    let columns = lines.first().map_or(0, Vec::len);
    let width = |column: usize| lines.iter().map(|line| length(&line[column])).max().unwrap_or(0);
    let widths: Vec<_> = (0..columns).map(width).collect();
    let line = |cells: &[String]| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!(" {cell:<width$} |"));
        format!("|{}\n", padded.collect::<String>())
    };
    let rule: String = widths.iter().map(|width| format!("{}|", "-".repeat(width + 2))).collect();
    let (header, body) = lines.split_at(lines.len().min(1));
    let header: String = header.iter().map(|cells| line(cells)).collect();
    let body: String = body.iter().map(|cells| line(cells)).collect();
    format!("{header}|{rule}\n{body}")
}
