//! What came of the pairs: a table, and every failure by its name.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Deserialize;

use super::rust::Version;
use super::settings::Known;
use crate::support::markdown;

/// What came of a pair.
pub(super) struct Report {
    emscripten: String,
    suite: String,
    rust: String,
    passed: usize,
    /// Tests that could not run there, though no tool is missing: their engine is too old.
    not_run: Vec<String>,
    /// How many tests differ for a reason that is known.
    known: BTreeMap<String, usize>,
    pub(super) failures: Vec<Failure>,
}

pub(super) struct Failure {
    test: String,
    message: String,
}

impl Failure {
    pub(super) fn new(test: &str, message: impl Into<String>) -> Self {
        Failure { test: test.to_owned(), message: message.into() }
    }
}

/// A line of what the tests write.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Line {
    Suite { event: Event },
    Test { name: String, event: Event, stdout: Option<String> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Event {
    Started,
    Ok,
    Failed,
    Ignored,
}

impl Report {
    pub(super) fn new(
        emscripten: &str,
        suite: &str,
        rust: &Version,
        failures: Vec<Failure>,
    ) -> Self {
        Report {
            emscripten: emscripten.to_owned(),
            suite: suite.to_owned(),
            rust: rust.to_string(),
            passed: 0,
            not_run: Vec::new(),
            known: BTreeMap::new(),
            failures,
        }
    }

    /// Takes what the tests have written, and returns whether that is all of it. What is known to differ must differ,
    /// and if `all` have run, be among them.
    pub(super) fn add(&mut self, results: &str, known: &[&Known], all: bool) -> bool {
        let mut events = BTreeMap::new();
        let mut is_complete = false;
        for line in results.lines().map_while(|line| serde_json::from_str(line).ok()) {
            match line {
                Line::Suite { event } => is_complete = event != Event::Started,
                Line::Test { event: Event::Started, .. } => {}
                Line::Test { name, event, stdout } => {
                    events.insert(name, (event, stdout.unwrap_or_default()));
                }
            }
        }
        if is_complete && events.is_empty() {
            self.failures.push(Failure::new("tests", "none has that in its name"));
        }
        for known in known {
            for test in known.tests() {
                match events.remove(test) {
                    Some((Event::Ok, _)) => {
                        let message = format!(
                            "does as with others, but is known to differ: {}",
                            known.reason
                        );
                        self.failures.push(Failure::new(test, message));
                    }
                    Some(_) => *self.known.entry(known.reason.clone()).or_default() += 1,
                    None if all => {
                        self.failures.push(Failure::new(
                            test,
                            "is known to differ, but there is no such test",
                        ));
                    }
                    None => {}
                }
            }
        }
        for (test, (event, message)) in events {
            match event {
                Event::Ok => self.passed += 1,
                Event::Ignored => self.not_run.push(test),
                _ => self.failures.push(Failure::new(&test, message)),
            }
        }
        is_complete
    }

    fn cells(&self) -> Vec<String> {
        let known: usize = self.known.values().sum();
        let counts = [self.passed, known, self.not_run.len(), self.failures.len()];
        let counts = counts.map(|count| count.to_string());
        let emscripten = format!("{} ({})", self.emscripten, self.suite);
        [vec![emscripten, self.rust.clone()], counts.to_vec()].concat()
    }

    /// Why tests differ, which were not run, and the failures.
    fn notes(&self) -> String {
        let mut text = String::new();
        for (reason, count) in &self.known {
            // Writing to a string does not fail.
            let _ = writeln!(text, "  known, {count}: {}", reason.trim_end());
        }
        if !self.not_run.is_empty() {
            let _ = writeln!(text, "  not run: {}", self.not_run.join(", "));
        }
        for Failure { test, message } in &self.failures {
            let _ = writeln!(text, "  failed, {test}:");
            message.trim().lines().for_each(|line| text += &format!("    {line}\n"));
        }
        match text.is_empty() {
            true => text,
            false => format!("\nEmscripten {}, Rust {}\n{text}", self.emscripten, self.rust),
        }
    }
}

/// In Markdown, so that it can be pasted; then what is to be said of each pair.
pub(super) fn table(reports: &[Report]) -> String {
    let header =
        ["Emscripten", "Rust", "passed", "known to differ", "not run", "failed"].map(str::to_owned);
    let cells = reports.iter().map(Report::cells);
    let lines: Vec<_> = [header.to_vec()].into_iter().chain(cells).collect();
    markdown::table(&lines) + &reports.iter().map(Report::notes).collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::super::settings::Settings;
    use super::Report;

    const SETTINGS: &str = r#"
        suites = ["sid"]
        packages = []
        skip = []
        [[known]]
        tests = ["a::gone", "a::mended", "a::differs"]
        rust-since = "1.96"
        reason = "a reason"
    "#;

    const RESULTS: &str = r#"{ "type": "suite", "event": "started", "test_count": 5 }
{ "type": "test", "event": "started", "name": "a::same" }
{ "type": "test", "name": "a::same", "event": "ok" }
{ "type": "test", "name": "a::mended", "event": "ok" }
{ "type": "test", "name": "a::differs", "event": "failed", "stdout": "Error: \"one\\ntwo\"\n" }
{ "type": "test", "name": "a::fails", "event": "failed", "stdout": "Error: \"three\"\n" }
{ "type": "test", "name": "a::skipped", "event": "ignored" }
{ "type": "suite", "event": "failed", "passed": 2, "failed": 2, "ignored": 1, "exec_time": 1.5 }
"#;

    fn failures(rust: &str, all: bool) -> (usize, Vec<String>) {
        let settings: Settings = toml::from_str(SETTINGS).expect("the settings are right");
        let rust = rust.to_owned().try_into().expect("it is a version");
        let mut report = Report::new("6.0.5", "sid", &rust, Vec::new());
        assert!(report.add(RESULTS, &settings.known("sid", &rust), all));
        assert_eq!(report.not_run, ["a::skipped"]);
        (report.passed, report.failures.into_iter().map(|failure| failure.test).collect())
    }

    #[test]
    fn what_is_known_to_differ_must_differ() {
        let (passed, failed) = failures("1.99.1", true);
        assert_eq!(passed, 1);
        assert_eq!(failed, ["a::gone", "a::mended", "a::fails"]);
        assert_eq!(failures("1.99.1", false).1, ["a::mended", "a::fails"]);
    }

    #[test]
    fn tests_that_were_killed_are_not_all() {
        let rust = "1.95.0".to_owned().try_into().expect("it is a version");
        let mut report = Report::new("6.0.5", "sid", &rust, Vec::new());
        assert!(!report.add(&RESULTS[..RESULTS.len() - 20], &[], true));
        assert_eq!(report.passed, 2);
        assert!(!report.add("", &[], true));
    }

    #[test]
    fn what_is_known_of_a_later_rust_is_not_of_this_one() {
        let (passed, failed) = failures("1.95.0", true);
        assert_eq!(passed, 2);
        assert_eq!(failed, ["a::differs", "a::fails"]);
    }
}
