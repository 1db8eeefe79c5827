//! Prints Markdown tables with aligned columns on standard output.

/// Prints a table. Each row must have one cell for each heading.
pub fn print(headings: &[&str], rows: &[Vec<String>]) {
    let widths: Vec<usize> = (headings.iter().enumerate())
        .map(|(i, heading)| rows.iter().map(|row| row[i].len()).chain([heading.len()]).max().unwrap_or(0))
        .collect();
    let line = |cells: &[&str]| {
        let cells: Vec<String> = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        println!("| {} |", cells.join(" | "));
    };
    line(headings);
    let rules: Vec<String> = widths.iter().map(|width| "-".repeat(width + 2)).collect();
    println!("|{}|", rules.join("|"));
    for row in rows {
        line(&row.iter().map(String::as_str).collect::<Vec<_>>());
    }
}
