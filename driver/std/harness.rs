//! The tests of a crate. It understands the arguments that runners of tests use: names, `--exact`,
//! `--skip`, `--ignored`, `--include-ignored`, `--list`.
//!
//! A panic ends the program, so a runner that wants to know of all tests runs each on its own.

extern crate test;

use std::cell::Cell;
use std::ffi::CStr;
use std::panic::PanicHookInfo;
use std::ptr;

use test::{ShouldPanic, TestDescAndFn, TestFn};

use crate::wasi;

/// The arguments.
#[derive(Default)]
struct Options {
    names: Vec<String>,
    skipped: Vec<String>,
    exact: bool,
    list: bool,
    terse: bool,
    ignored: bool,
    include_ignored: bool,
    /// The one test runs for a runner, which prints the results.
    alone: bool,
}

/// Options whose value is an argument of its own.
const WITH_VALUE: [&str; 5] = ["--skip", "--format", "--color", "--test-threads", "--logfile"];

impl Options {
    fn new(args: Vec<String>) -> Self {
        let mut options = Options::default();
        let mut args = args.into_iter();
        while let Some(arg) = args.next() {
            let (name, value) = match arg.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
                _ if WITH_VALUE.contains(&arg.as_str()) => (arg.as_str(), args.next()),
                _ => (arg.as_str(), None),
            };
            options.set(name, value);
        }
        options
    }

    fn set(&mut self, name: &str, value: Option<String>) {
        match name {
            "--skip" => self.skipped.extend(value),
            "--format" => self.terse = value.is_some_and(|value| value == "terse"),
            "--exact" => self.exact = true,
            "--list" => self.list = true,
            "--ignored" => self.ignored = true,
            "--alone" => self.alone = true,
            "--include-ignored" => self.include_ignored = true,
            _ if name.starts_with('-') => {}
            _ => self.names.push(name.to_owned()),
        }
    }

    fn wants(&self, test: &TestDescAndFn) -> bool {
        let name = test.desc.name.as_slice();
        let matches = |part: &String| if self.exact { name == *part } else { name.contains(part) };
        let is_named = self.names.is_empty() || self.names.iter().any(matches);
        let is_wanted = !self.ignored || test.desc.ignore;
        is_named && is_wanted && !self.skipped.iter().any(matches)
    }

    fn runs_ignored(&self) -> bool {
        self.ignored || self.include_ignored
    }
}

thread_local! {
    /// The panic that the running test expects.
    static EXPECTED: Cell<Option<ShouldPanic>> = const { Cell::new(None) };
}

/// Marks the program as one that consists of tests. `wasm-ld` exports it.
#[unsafe(no_mangle)]
extern "C" fn __rust_tests() {}

/// Runs the examples of the documentation, which a program of rustdoc consists of. The arguments of
/// rustdoc, such as names, are compiled into it.
#[unsafe(export_name = "wrap test::test_main")]
fn run_examples(args: &[String], tests: Vec<TestDescAndFn>, _: Option<test::Options>) {
    let options = Options::new(args.iter().skip(1).cloned().collect());
    run_tests(&tests.iter().filter(|test| options.wants(test)).collect::<Vec<_>>());
}

/// Runs the tests that the arguments name, as the program of a crate's tests does.
#[unsafe(export_name = "wrap test::test_main_static")]
fn run_tests(tests: &[&TestDescAndFn]) {
    let options = Options::new(arguments());
    let tests: Vec<_> = tests.iter().filter(|test| options.wants(test)).collect();
    if options.list {
        return list(&tests, options.terse);
    }
    let results: Vec<_> = match options.alone {
        true => tests.iter().map(|test| run(test)).collect(),
        false => run_and_print(&tests, options.runs_ignored()),
    };
    if results.contains(&TestResult::Failed) {
        crate::exit(101);
    }
}

/// Runs tests and prints their results, as long as none panics.
fn run_and_print(tests: &[&&TestDescAndFn], runs_ignored: bool) -> Vec<TestResult> {
    println!("\nrunning {} test{}", tests.len(), if tests.len() == 1 { "" } else { "s" });
    let mut results = Vec::new();
    for test in tests {
        print!("test {} ... ", test.desc.name.as_slice());
        let is_left_out = test.desc.ignore && !runs_ignored;
        let result = if is_left_out { TestResult::Ignored } else { run(test) };
        println!("{}", result.as_str());
        results.push(result);
    }
    let count = |result: TestResult| results.iter().filter(|it| **it == result).count();
    println!(
        "\ntest result: {}. {} passed; {} failed; {} ignored; 0 measured\n",
        if results.contains(&TestResult::Failed) { "FAILED" } else { "ok" },
        count(TestResult::Passed),
        count(TestResult::Failed),
        count(TestResult::Ignored),
    );
    results
}

fn list(tests: &[&&TestDescAndFn], terse: bool) {
    for test in tests {
        println!("{}: test", test.desc.name.as_slice());
    }
    if !terse {
        println!("\n{} tests, 0 benchmarks", tests.len());
    }
}

#[derive(PartialEq, Eq)]
enum TestResult {
    Passed,
    Failed,
    Ignored,
}

impl TestResult {
    fn as_str(&self) -> &'static str {
        match self {
            TestResult::Passed => "ok",
            TestResult::Failed => "FAILED",
            TestResult::Ignored => "ignored",
        }
    }
}

fn run(test: &TestDescAndFn) -> TestResult {
    // Benchmarks need a compiler that is not stable.
    let TestFn::StaticTestFn(function) = test.testfn else { return TestResult::Ignored };
    EXPECTED.set(Some(test.desc.should_panic));
    let result = function();
    EXPECTED.set(None);
    let failure = match (result, test.desc.should_panic) {
        (Ok(()), ShouldPanic::No) => return TestResult::Passed,
        (Ok(()), _) => "it did not panic as expected".to_owned(),
        (Err(error), _) => error,
    };
    eprintln!("{failure}");
    TestResult::Failed
}

/// Ends the program if the running test expects this panic. Otherwise returns, and the panic goes on.
pub(crate) fn panicked(info: &PanicHookInfo<'_>) {
    let message = info.payload_as_str().unwrap_or_default();
    let expected = match EXPECTED.take() {
        Some(ShouldPanic::Yes) => "",
        Some(ShouldPanic::YesWithMessage(expected)) => expected,
        Some(ShouldPanic::No) | None => return,
    };
    if message.contains(expected) {
        crate::exit(0);
    }
    eprintln!("it panicked with another message than the expected `{expected}`");
}

/// Returns the arguments of the program, without its name.
fn arguments() -> Vec<String> {
    let (mut count, mut size) = (0, 0);
    // SAFETY: both numbers live until the call returns.
    if unsafe { wasi::args_sizes_get(&mut count, &mut size) } != 0 {
        return Vec::new();
    }
    let (mut args, mut bytes) = (vec![ptr::null(); count], vec![0; size]);
    // SAFETY: the vectors have the sizes that WASI has just asked for.
    if unsafe { wasi::args_get(args.as_mut_ptr(), bytes.as_mut_ptr()) } != 0 {
        return Vec::new();
    }
    // SAFETY: each pointer is to a string with a zero at its end, in `bytes`.
    let string = |arg| unsafe { CStr::from_ptr(arg) }.to_string_lossy().into_owned();
    args.into_iter().skip(1).map(string).collect()
}
