//! A change, and its words for the user.

use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Files that have changed, appeared or disappeared.
#[derive(Debug, Clone)]
pub struct Change {
    /// Their paths, at least one.
    pub paths: Vec<PathBuf>,
    /// The time at which the first change was noticed.
    pub noticed: Instant,
}

impl Change {
    /// Returns the names of the files: `a.cpp`, `a.cpp and b.cpp`, or `a.cpp and 2 others`.
    pub fn names(&self) -> String {
        let name = |path: &PathBuf| match path.file_name() {
            Some(name) => name.to_string_lossy().into_owned(),
            None => path.display().to_string(),
        };
        match self.paths.as_slice() {
            [] => String::new(),
            [one] => name(one),
            [one, other] => format!("{} and {}", name(one), name(other)),
            [one, others @ ..] => format!("{} and {} others", name(one), others.len()),
        }
    }
}

/// Returns a time as text: `31 ms` or `1.24 s`.
pub fn seconds(time: Duration) -> String {
    match time.as_millis() {
        milliseconds @ 0..1000 => format!("{milliseconds} ms"),
        _ => format!("{:.2} s", time.as_secs_f64()),
    }
}
