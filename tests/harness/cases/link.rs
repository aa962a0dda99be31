//! Cases in which modules are compiled, linked and run: folders with a `main.*`.
//!
//! - `main.*` exports `test`, which returns 42; a success is nothing that happens by itself.
//! - `lib-*.*` are linked to it in the order of their names, `needed-*.*` only if a module asks for
//!   them, and `opened-*.*` are what it opens by `dlopen`.
//! - `.wat` is the text format. `.c` and `.cpp` become shared libraries by Emscripten. `.rs`
//!   becomes a main with std, or with `#![no_std]` a shared library. `// Flags: FLAGS` on the first
//!   line has it compiled with these. With `// Target: wasm32-wasi` on the first line, C and C++
//!   become shared libraries for wasi-libc, by Zig.
//!
//! Each is linked four times: as instances of their own, as one module, as one from which nothing is
//! left out, and as one whose constructors have run. A program that fails is run once more as `host
//! run` does by itself: as one module in memory, with the same backtrace. The third takes seconds to compile if it has
//! all of libc++, so a case in a compiled language does without, except for `--all`.
//!
//! These files have the expected outcome. A file is missing if there is nothing to say:
//!
//! - `stdout.txt`: what the program prints, unless that is just 42.
//! - `error.txt`: what `host` says when the program cannot be linked or fails, and then `? STATUS`,
//!   as in a console session.
//! - `plan.txt`: how it is linked, where every module is in the text format and so the same
//!   everywhere.
//! - `preinit.txt`: what `host fuse --preinit` says when the constructors cannot run ahead, and `?
//!   STATUS`.
//! - `emscripten.txt`: why Emscripten's own linker does otherwise, see
//!   [`crate::cases::emscripten`].
//! - `node.txt`: why node does, see [`crate::cases::node`].

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use crate::support::trial::{ignorable, ignored, is_all};
use libtest_mimic::{Completion, Failed, Trial};

use crate::support::compile::{self, ENDINGS, Role, compile_with, ending, stem};
use crate::support::console;
use crate::support::workspace::{self, Shared};

/// One of these folders. Its modules are compiled when they are first asked for.
pub(crate) struct Case {
    folder: PathBuf,
    /// In the order of their names.
    sources: Vec<PathBuf>,
    /// Returns the flags for a C or C++ source.
    flags: fn(&Path) -> Vec<String>,
    modules: Shared,
    fused: Shared,
}

pub(crate) fn trials(cases: &[Arc<Case>]) -> impl Iterator<Item = Trial> {
    cases
        .iter()
        .cloned()
        .map(|case| ignorable(format!("link::{}", case.name()), move || run(&case)))
}

fn run(case: &Case) -> Result<Completion, Failed> {
    if let Some(reason) = case.missing_compiler() {
        return ignored(&reason);
    }
    for (name, actual) in outcome(case)? {
        check(&case.folder.join(name), &actual)?;
    }
    Ok(Completion::Completed)
}

impl Case {
    /// The case in a folder, if it is one of these.
    pub(crate) fn open(folder: &Path) -> Option<Self> {
        let files = fs::read_dir(folder).ok()?.filter_map(|file| Some(file.ok()?.path()));
        let mut sources: Vec<_> =
            files.filter(|file| ENDINGS.contains(&ending(file).as_str())).collect();
        sources.sort();
        let has_main = sources.iter().any(|source| stem(source) == "main");
        let is_told = folder.join("case.md").is_file();
        let (modules, fused) = (Shared::default(), Shared::default());
        let (folder, flags) = (folder.to_owned(), compile::flags);
        (has_main && !is_told).then_some(Case { folder, sources, flags, modules, fused })
    }

    /// The same sources, compiled with other flags.
    pub(crate) fn with_flags(&self, flags: fn(&Path) -> Vec<String>) -> Self {
        let (folder, sources) = (self.folder.clone(), self.sources.clone());
        Case { folder, sources, flags, modules: Shared::default(), fused: Shared::default() }
    }

    pub(crate) fn name(&self) -> String {
        self.folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    pub(crate) fn sources(&self) -> &[PathBuf] {
        &self.sources
    }

    pub(crate) fn missing_compiler(&self) -> Option<String> {
        self.sources.iter().find_map(|source| compile::missing_compiler(source))
    }

    /// The folder of the compiled modules.
    pub(crate) fn modules(&self) -> Result<&Path, Failed> {
        self.modules.path(|folder| {
            let module = |source| folder.join(stem(source)).with_extension("wasm");
            let mut sources = self.sources.iter();
            sources.try_for_each(|source| {
                compile_with(&(self.flags)(source), source, Role::of(source), &module(source))
            })
        })
    }

    /// The program as one module.
    pub(crate) fn fused(&self) -> Result<PathBuf, Failed> {
        let write = |folder: &Path| {
            let file = folder.join("fused.wasm");
            let output = self.fuse(&file)?.output()?;
            match output.status.success() {
                true => Ok(()),
                false => Err(format!("host fuse: {}", failure(&output)?).into()),
            }
        };
        Ok(self.fused.path(write)?.join("fused.wasm"))
    }

    fn fuse(&self, to: &Path) -> Result<Command, Failed> {
        let mut fuse = host("fuse", self)?;
        fuse.arg(if self.opens_libraries() { "--dynamic" } else { "--multi-memory" });
        fuse.args(["main.wasm", "-o"]).arg(to);
        Ok(fuse)
    }

    /// The libraries that are linked, as they are called in the folder of the modules.
    pub(crate) fn libraries(&self) -> impl Iterator<Item = String> {
        let libraries = self.sources.iter().map(|source| stem(source));
        libraries.filter(|name| name.starts_with("lib-")).map(|name| format!("{name}.wasm"))
    }

    /// Returns whether the program opens libraries while it runs.
    pub(crate) fn opens_libraries(&self) -> bool {
        self.sources.iter().any(|source| stem(source).starts_with("opened-"))
    }

    /// Returns the text of one of its files, or nothing if the file is missing.
    pub(crate) fn file(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(name)).unwrap_or_default()
    }
}

/// Returns the text that each of the case's files should have. A file without text should be
/// missing.
fn outcome(case: &Case) -> Result<Vec<(&'static str, String)>, Failed> {
    let mut plan = String::new();
    let is_text = case.sources.iter().all(|source| ending(source) == "wat");
    if is_text {
        let output = host("plan", case)?.arg("main.wasm").output()?;
        if !output.status.success() {
            let error = failure(&output)?;
            let nothing =
                ["plan.txt", "stdout.txt", "preinit.txt"].map(|name| (name, String::new()));
            return Ok(nothing.into_iter().chain([("error.txt", error)]).collect());
        }
        plan = String::from_utf8([output.stdout, output.stderr].concat())?;
    }
    let output = separate(case)?;
    same_when_fused(case, &case.fused()?, &output)?;
    if is_text || is_all() {
        same_when_kept(case, &output)?;
    }
    let preinit = preinit(case, &output)?;
    let error = failure(&output)?;
    if !output.status.success() {
        same_backtrace(case, &error)?;
    }
    let stdout = String::from_utf8(output.stdout)?;
    if output.status.success() && !stdout.lines().any(|line| line == "42") {
        return Err(format!("`test` did not return 42:\n{stdout}").into());
    }
    let stdout = if stdout == "42\n" { String::new() } else { stdout };
    Ok(vec![
        ("plan.txt", plan),
        ("stdout.txt", stdout),
        ("preinit.txt", preinit),
        ("error.txt", error),
    ])
}

/// Runs each module as an instance of its own.
pub(crate) fn separate(case: &Case) -> Result<Output, Failed> {
    let mut host = host("run", case)?;
    Ok(host.args(INVOKE).args(["--mode", "separate", "main.wasm"]).output()?)
}

/// Runs the modules as one module.
pub(crate) fn run_fused(case: &Case, fused: &Path) -> Result<Output, Failed> {
    let mut run = Command::new(workspace::host());
    workspace::clean_environment(&mut run);
    run.env("HOST_CACHE_DIR", workspace::cache_of_case(&case.name()));
    run.current_dir(case.modules()?).args(["run", "-L", "."]).args(INVOKE).arg(fused);
    Ok(run.output()?)
}

/// A program is written as one module, which must be valid and do what its modules did as instances
/// of their own. Its functions are called by others, so a backtrace is not compared.
fn same_when_fused(case: &Case, fused: &Path, separate: &Output) -> Result<(), Failed> {
    linker::validate("fused", &fs::read(fused)?)?;
    let output = run_fused(case, fused)?;
    let outcome = |output: &Output| -> Result<String, Failed> {
        Ok(String::from_utf8(output.stdout.clone())? + &console::status(output.status))
    };
    let (actual, expected) = (outcome(&output)?, outcome(separate)?);
    let help = "expected is what instances of their own do, actual what one module does";
    console::same(&actual, &expected, help).map_err(|error| {
        format!(
            "{}\n{}",
            error.message().unwrap_or_default(),
            String::from_utf8_lossy(&output.stderr)
        )
        .into()
    })
}

/// A program that fails has the backtrace of its separate instances also as `host run` fuses it by
/// itself. The first line may differ: one function initialises all modules.
fn same_backtrace(case: &Case, error: &str) -> Result<(), Failed> {
    let output = host("run", case)?.args(INVOKE).arg("main.wasm").output()?;
    let actual = failure(&output)?;
    let backtrace = |error: &str| error.find("wasm backtrace:").map(|at| error[at..].to_owned());
    let help = "expected is what instances of their own do, actual what `host run` does";
    console::same(
        &backtrace(&actual).unwrap_or(actual),
        &backtrace(error).unwrap_or(error.to_owned()),
        help,
    )
}

/// Does the same as [`same_when_fused`], with a program from which nothing is left out.
fn same_when_kept(case: &Case, separate: &Output) -> Result<(), Failed> {
    let file = case.modules()?.join("whole.wasm");
    let written = case.fuse(&file)?.arg("--keep-all").output()?;
    if !written.status.success() {
        return Err(format!("host fuse --keep-all: {}", failure(&written)?).into());
    }
    same_when_fused(case, &file, separate)
}

/// Does the same as [`same_when_fused`], with constructors that run before the program is written.
/// Returns the reason if they cannot.
fn preinit(case: &Case, separate: &Output) -> Result<String, Failed> {
    let file = case.modules()?.join("preinit.wasm");
    let write = || -> Result<_, Failed> { Ok(case.fuse(&file)?.arg("--preinit").output()?) };
    let written = write()?;
    if !written.status.success() {
        return failure(&written);
    }
    let bytes = fs::read(&file)?;
    let module = linker::Module::load("preinit", &bytes)?;
    let left = ["_initialize", "__wasm_call_ctors"].iter().find(|f| module.function(f).is_some());
    if let Some(left) = left {
        return Err(format!("`{left}` is left to be called").into());
    }
    // The digests of `linker/tests/written.txt` say so of modules in the text format, in a second.
    if is_all() && (!write()?.status.success() || fs::read(&file)? != bytes) {
        return Err("the same program becomes other bytes the second time".into());
    }
    same_when_fused(case, &file, separate)?;
    Ok(String::new())
}

/// The arguments that call a program's test.
const INVOKE: [&str; 2] = ["--invoke", "test"];

/// `host COMMAND`, with the case's libraries.
fn host(command: &str, case: &Case) -> Result<Command, Failed> {
    let mut host = Command::new(workspace::host());
    workspace::clean_environment(&mut host);
    host.env("HOST_CACHE_DIR", workspace::cache_of_case(&case.name()));
    host.current_dir(case.modules()?).args([command, "-L", "."]);
    host.args(case.libraries().flat_map(|library| ["--link".to_owned(), library]));
    Ok(host)
}

/// Returns the message of a command that failed, and its status.
fn failure(output: &Output) -> Result<String, Failed> {
    match console::status(output.status) {
        status if status.is_empty() => Ok(status),
        status => Ok(String::from_utf8(output.stderr.clone())? + &status),
    }
}

fn check(golden: &Path, actual: &str) -> Result<(), Failed> {
    let expected = fs::read_to_string(golden).unwrap_or_default();
    let help = "`cargo xtask test --bless` rewrites what is expected";
    match console::same(actual, &expected, help) {
        Ok(()) => Ok(()),
        Err(difference) if std::env::var_os("TESTS_BLESS").is_none() => Err(difference),
        Err(_) if actual.is_empty() => Ok(fs::remove_file(golden)?),
        Err(_) => Ok(fs::write(golden, actual)?),
    }
}
