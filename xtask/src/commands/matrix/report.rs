//! The results of the pairs: a table, and every failure by its name.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Deserialize;

use super::settings::{KnownDifference, Settings};
use super::toolchain::Version;
use crate::support::markdown;

/// The results of a pair.
pub(super) struct PairReport {
    emscripten: String,
    suite: String,
    rust: String,
    passed: Vec<String>,
    /// Tests that could not run although no tool is missing: their engine is too old.
    not_run: Vec<String>,
    /// The tests with a known difference, for each reason.
    known: BTreeMap<String, Vec<String>>,
    pub(super) failures: Vec<Failure>,
}

/// A test that has failed, or a step before the tests.
pub(super) struct Failure {
    test: String,
    message: String,
}

impl Failure {
    pub(super) fn new(test: &str, message: impl Into<String>) -> Self {
        Failure { test: test.to_owned(), message: message.into() }
    }
}

/// A line of the results, in the JSON format of libtest.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum TestMessage {
    Suite { event: TestEvent },
    Test { name: String, event: TestEvent, stdout: Option<String> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum TestEvent {
    Started,
    Ok,
    Failed,
    Ignored,
}

/// The last event of each test, with its output.
struct Results {
    events: BTreeMap<String, (TestEvent, String)>,
    /// The tests ran to their end.
    is_complete: bool,
}

impl Results {
    /// Reads the results up to the first line that is incomplete.
    fn parse(text: &str) -> Self {
        let mut results = Results { events: BTreeMap::new(), is_complete: false };
        for message in text.lines().map_while(|line| serde_json::from_str(line).ok()) {
            match message {
                TestMessage::Suite { event } => {
                    results.is_complete = event != TestEvent::Started;
                }
                TestMessage::Test { event: TestEvent::Started, .. } => {}
                TestMessage::Test { name, event, stdout } => {
                    results.events.insert(name, (event, stdout.unwrap_or_default()));
                }
            }
        }
        results
    }
}

impl PairReport {
    pub(super) fn new(
        emscripten: &str,
        suite: &str,
        rust: &Version,
        failures: Vec<Failure>,
    ) -> Self {
        PairReport {
            emscripten: emscripten.to_owned(),
            suite: suite.to_owned(),
            rust: rust.to_string(),
            passed: Vec::new(),
            not_run: Vec::new(),
            known: BTreeMap::new(),
            failures,
        }
    }

    /// Adds the results that the tests have written, and returns whether they are complete.
    ///
    /// A test with a known difference must fail. If `all` tests have run, it must exist.
    pub(super) fn add(&mut self, results: &str, known: &[&KnownDifference], all: bool) -> bool {
        let Results { mut events, is_complete } = Results::parse(results);
        if is_complete && events.is_empty() {
            self.failures.push(Failure::new("tests", "none has that in its name"));
        }
        for known in known {
            for test in &known.tests {
                self.add_known(known, test, events.remove(test), all);
            }
        }
        for (test, (event, message)) in events {
            match event {
                TestEvent::Ok => self.passed.push(test),
                TestEvent::Ignored => self.not_run.push(test),
                _ => self.failures.push(Failure::new(&test, message)),
            }
        }
        is_complete
    }

    /// Adds the result of a test with a known difference.
    fn add_known(
        &mut self,
        known: &KnownDifference,
        test: &str,
        result: Option<(TestEvent, String)>,
        all: bool,
    ) {
        match result {
            Some((TestEvent::Ok, _)) => {
                let message = format!("passes, but should differ: {}", known.reason);
                self.failures.push(Failure::new(test, message));
            }
            Some(_) => {
                self.known.entry(known.reason.clone()).or_default().push(test.to_owned());
            }
            None if all => {
                let message = "has a known difference, but there is no such test";
                self.failures.push(Failure::new(test, message));
            }
            None => {}
        }
    }

    /// Returns the lines of the table: one for each world of which tests have run.
    fn lines(&self, settings: &Settings) -> Vec<Vec<String>> {
        let failed: Vec<_> = self.failures.iter().map(|failure| failure.test.clone()).collect();
        let known: Vec<_> = self.known.values().flatten().cloned().collect();
        let outcomes = [&self.passed, &known, &self.not_run, &failed];
        let line = |world: &str| {
            let is_of_world = |test: &&String| settings.world(test) == world;
            let counts = outcomes.map(|tests| tests.iter().filter(is_of_world).count());
            let counts = Some(counts).filter(|counts| counts.iter().any(|count| *count > 0))?;
            let emscripten = format!("{} ({})", self.emscripten, self.suite);
            let cells = [emscripten, self.rust.clone(), world.to_owned()];
            Some(cells.into_iter().chain(counts.map(|count| count.to_string())).collect())
        };
        settings.worlds().filter_map(line).collect()
    }

    /// Returns the reasons for known differences, the tests that were not run, and the failures.
    fn notes(&self) -> String {
        let mut text = String::new();
        for (reason, tests) in &self.known {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  known, {}: {}", tests.len(), reason.trim_end());
        }
        if !self.not_run.is_empty() {
            let _ = writeln!(text, "  not run: {}", self.not_run.join(", "));
        }
        for Failure { test, message } in &self.failures {
            let _ = writeln!(text, "  failed, {test}:");
            message.trim().lines().for_each(|line| text += &format!("    {line}\n"));
        }
        if text.is_empty() {
            return text;
        }
        format!("\nEmscripten {}, Rust {}\n{text}", self.emscripten, self.rust)
    }
}

/// Formats a table in Markdown, and below it the notes about each pair.
pub(super) fn table(settings: &Settings, reports: &[PairReport]) -> String {
    let header = ["Emscripten", "Rust", "world", "passed", "known to differ", "not run", "failed"];
    let header = header.map(str::to_owned).to_vec();
    let lines = reports.iter().flat_map(|report| report.lines(settings));
    let lines: Vec<_> = [header].into_iter().chain(lines).collect();
    markdown::table(&lines) + &reports.iter().map(PairReport::notes).collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::super::settings::Settings;
    use super::{PairReport, table};

    const SETTINGS: &str = r#"
        suites = ["sid"]
        packages = []
        skip = []
        [[world]]
        name = "wasi-libc"
        tests = ["::sk", "::di"]
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
        let mut report = PairReport::new("6.0.5", "sid", &rust, Vec::new());
        assert!(report.add(RESULTS, &settings.known("sid", &rust), all));
        assert_eq!(report.not_run, ["a::skipped"]);
        (report.passed.len(), report.failures.into_iter().map(|failure| failure.test).collect())
    }

    #[test]
    fn a_test_with_a_known_difference_must_fail() {
        let (passed, failed) = failures("1.99.1", true);
        assert_eq!(passed, 1);
        assert_eq!(failed, ["a::gone", "a::mended", "a::fails"]);
        assert_eq!(failures("1.99.1", false).1, ["a::mended", "a::fails"]);
    }

    #[test]
    fn results_of_tests_that_were_killed_are_incomplete() {
        let rust = "1.95.0".to_owned().try_into().expect("it is a version");
        let mut report = PairReport::new("6.0.5", "sid", &rust, Vec::new());
        assert!(!report.add(&RESULTS[..RESULTS.len() - 20], &[], true));
        assert_eq!(report.passed.len(), 2);
        assert!(!report.add("", &[], true));
    }

    #[test]
    fn the_table_has_a_line_for_each_world() {
        let settings: Settings = toml::from_str(SETTINGS).expect("the settings are right");
        let rust = "1.99.1".to_owned().try_into().expect("it is a version");
        let mut report = PairReport::new("6.0.5", "sid", &rust, Vec::new());
        assert!(report.add(RESULTS, &settings.known("sid", &rust), true));
        let table = table(&settings, &[report]);
        let mut lines = table.lines().skip(2).map(|line| line.split_whitespace().collect());
        let first: Option<Vec<_>> = lines.next();
        let emscripten =
            "| 6.0.5 (sid) | 1.99.1 | Emscripten | 1 | 0 | 0 | 3 |".split(' ').collect();
        assert_eq!(first, Some(emscripten), "{table}");
        let wasi = "| 6.0.5 (sid) | 1.99.1 | wasi-libc | 0 | 1 | 1 | 0 |".split(' ').collect();
        assert_eq!(lines.next(), Some(wasi), "{table}");
    }

    #[test]
    fn a_known_difference_of_a_later_rust_does_not_apply() {
        let (passed, failed) = failures("1.95.0", true);
        assert_eq!(passed, 2);
        assert_eq!(failed, ["a::differs", "a::fails"]);
    }
}
