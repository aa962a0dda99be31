//! CPython that somebody else has compiled: the wheel of `componentize-py` holds it as a shared
//! library for wasi-libc. Only a program of one line, which calls it, is compiled here, and
//! extensions in C and C++.
//!
//! The wheel is fetched with pip when a test first needs it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use host::{Host, Limits, Val, Wasi};
use libtest_mimic::{Completion, Failed, Trial};
use linker::{InputModule, NoLibraries, Set};

use crate::support::compile::{self, Role};
use crate::support::console;
use crate::support::fetched::{Unavailable, fetched};
use crate::support::trial::{ignorable, ignored, times};
use crate::support::workspace;

pub(crate) fn trials() -> Vec<Trial> {
    let trial = |name: &str, test: fn(&CPython) -> Result<(), Failed>| {
        ignorable(name, move || match CPython::shared()? {
            Ok(cpython) => test(cpython).map(|()| Completion::Completed),
            Err(reason) => ignored(reason),
        })
    };
    vec![
        trial("cpython::a_snapshot_starts_many_times", a_snapshot_starts_many_times),
        trial("cpython::extensions_are_imported", extensions_are_imported),
        trial("cpython::limits_end_it", limits_end_it),
        trial("cpython::scripts_run", scripts_run),
    ]
}

/// The packages that hold CPython, and what unpacks it.
const PACKAGES: [&str; 2] = ["componentize-py==0.3.3", "zstandard==0.25.0"];

/// CPython, which the program does not list as needed.
const LIBRARY: &str = "libpython3.11.so";

/// CPython and its program, in a folder.
struct CPython {
    folder: PathBuf,
}

impl CPython {
    /// Returns CPython for all tests: the first of them finds it.
    fn shared() -> Result<&'static Result<Self, Unavailable>, Failed> {
        static FOUND: OnceLock<Result<Result<CPython, Unavailable>, String>> = OnceLock::new();
        let message = |error: Failed| error.message().unwrap_or_default().to_owned();
        let found = FOUND.get_or_init(|| CPython::find().map_err(message));
        Ok(found.as_ref()?)
    }

    /// Fetches and compiles it, unless an earlier run has. Returns the reason if this machine
    /// cannot.
    fn find() -> Result<Result<Self, Unavailable>, Failed> {
        let main = sources().join("main.c");
        if let Some(reason) = compile::missing_compiler(&main) {
            return Ok(Err(reason.to_owned()));
        }
        let Ok(python) = which::which("python3") else {
            return Ok(Err("Python is missing".to_owned()));
        };
        let unpack = sources().join("unpack.py");
        let key = (PACKAGES, fs::read(&unpack)?);
        let folder = match fetched(&key, |folder| Ok(fetch(&python, &unpack, folder)))? {
            Ok(folder) => folder,
            Err(reason) => return Ok(Err(reason)),
        };
        let cpython = CPython { folder };
        compile::compile(&main, Role::Shared, &cpython.folder.join("python.wasm"))?;
        let extensions = cpython.folder.join("extensions");
        fs::create_dir_all(&extensions)?;
        for source in ["extension.c", "extension_cpp.cpp"].map(|name| sources().join(name)) {
            let module = extensions.join(compile::stem(&source)).with_extension("so");
            compile::compile(&source, Role::Shared, &module)?;
        }
        Ok(Ok(cpython))
    }

    /// Returns `host run` with CPython and its folders.
    fn host(&self) -> Command {
        let mut host = self.host_alone();
        host.args(["-L", ".", "--link", LIBRARY]);
        host
    }

    /// Returns `host run` with CPython's folders.
    fn host_alone(&self) -> Command {
        let mut host = Command::new(workspace::host());
        workspace::clean_environment(&mut host);
        host.current_dir(&self.folder).arg("run");
        host.args(["--dir", "lib::/usr/local/lib/python3.11", "--env", "PYTHONHOME=/usr/local"]);
        host.args(["--env", "PYTHONDONTWRITEBYTECODE=1"]);
        host.arg("--dir").arg(format!("{}::/app", sources().display()));
        host
    }

    fn run(&self, args: &[&str]) -> Result<Output, Failed> {
        Ok(self.host().args(args).output()?)
    }
}

fn sources() -> PathBuf {
    workspace::root().join("tests").join("real").join("cpython")
}

/// Fetches the packages and unpacks CPython to a folder.
fn fetch(python: &Path, unpack: &Path, folder: &Path) -> Result<(), Unavailable> {
    let run = |command: &mut Command| {
        let output = command.output().map_err(|error| error.to_string())?;
        match output.status.success() {
            true => Ok(()),
            false => Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr))),
        }
    };
    let packages = folder.join("packages");
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--target"]).arg(&packages);
    run(pip.args(PACKAGES))?;
    let library = packages.join("componentize_py").join("componentize_py.abi3.so");
    let mut unpacking = Command::new(python);
    unpacking.env("PYTHONPATH", &packages).arg(unpack).arg(library).arg(folder);
    run(&mut unpacking)?;
    fs::remove_dir_all(packages).map_err(|error| error.to_string())
}

/// A script prints the same in separate modules and in one, and its exit status is that of the
/// program.
fn scripts_run(cpython: &CPython) -> Result<(), Failed> {
    let expected = fs::read_to_string(sources().join("script.txt"))?;
    let help = "expected is what the same script prints natively";
    let output = cpython.run(&["python.wasm", "/app/script.py"])?;
    console::same(&console::outcome(&output)?, &expected, help)?;
    let mut fuse = Command::new(workspace::host());
    workspace::clean_environment(&mut fuse);
    fuse.current_dir(&cpython.folder).args(["fuse", "-L", ".", "--link", LIBRARY]);
    let written = fuse.args(["--dynamic", "python.wasm", "-o", "fused.wasm"]).output()?;
    console::same(&console::outcome(&written)?, "", "`host fuse` says nothing")?;
    let output = cpython.host_alone().args(["fused.wasm", "/app/script.py"]).output()?;
    console::same(&console::outcome(&output)?, &expected, help)
}

/// CPython opens extensions by its own `dlopen`. The one in C++ brings libc++ into the program.
fn extensions_are_imported(cpython: &CPython) -> Result<(), Failed> {
    let expected = fs::read_to_string(sources().join("extensions.txt"))?;
    let mut host = cpython.host();
    host.args(["--dlopen-from-dir", "--dir", "extensions::/extensions"]);
    host.args(["--env", "PYTHONPATH=/extensions", "python.wasm", "/app/extensions.py"]);
    console::same(&console::outcome(&host.output()?)?, &expected, "what the extensions return")
}

/// Limits end a script that does not end by itself.
fn limits_end_it(cpython: &CPython) -> Result<(), Failed> {
    let run = |limit: &[&str], script: &str| -> Result<Output, Failed> {
        cpython.run(&[limit, &["python.wasm", "-c", script]].concat())
    };
    let output = run(&["--timeout", "5s"], "while True: pass")?;
    console::same(&console::status(output.status), "? 124\n", "the time is over")?;
    let output = run(&["--max-memory", "64MiB"], "x = bytearray(1 << 30)")?;
    let text = console::outcome(&output)?;
    match text.contains("MemoryError") && output.status.code() == Some(1) {
        true => Ok(()),
        false => Err(format!("CPython does not report that memory is over:\n{text}").into()),
    }
}

/// CPython is initialised when the program is written. Instances start in that state, and none
/// notices what another does to Python's objects.
fn a_snapshot_starts_many_times(cpython: &CPython) -> Result<(), Failed> {
    compile_snapshot(cpython)?;
    write_snapshot(cpython, &["--dynamic", "-o", "opens.wasm"])?;
    let mut host = cpython.host_alone();
    host.args(["--dlopen-from-dir", "--dir", "extensions::/extensions", "opens.wasm"]);
    let output = host.arg(fs::read_to_string(sources().join("snapshot.py"))?).output()?;
    let expected = fs::read_to_string(sources().join("snapshot.txt"))?;
    console::same(&console::outcome(&output)?, &expected, "what a new process has")?;
    write_snapshot(cpython, &["--export", "add", "-o", "adds.wasm"])?;
    start_many(&cpython.folder.join("adds.wasm"))
}

/// Starts a snapshot many times in this process. Each instance adds up numbers of its own.
fn start_many(snapshot: &Path) -> Result<(), Failed> {
    let host = Host::new(Limits::default())?;
    let module = InputModule::load("snapshot", fs::read(snapshot)?)?;
    let program = host.link(Set::gather(module, Vec::new(), &mut NoLibraries)?)?;
    let mut processes = Vec::new();
    for _ in 0..times(50, 1000) {
        processes.push(host.start(&program, &Wasi::default())?);
    }
    for round in [1, 2] {
        for (process, number) in processes.iter_mut().zip(1..) {
            match process.invoke("add", &[Val::I32(number)])?.as_slice() {
                [Val::I32(sum)] if *sum == round * number => {}
                other => return Err(format!("the sum is {other:?}, not {}", round * number).into()),
            }
        }
    }
    Ok(())
}

/// Compiles the program that initialises CPython, with modules of Python in it.
fn compile_snapshot(cpython: &CPython) -> Result<(), Failed> {
    let freeze = fs::read(sources().join("freeze.py"))?;
    let header = workspace::built(&(&cpython.folder, freeze), |folder| {
        let mut host = cpython.host();
        host.arg("--dir").arg(format!("{}::/written", folder.display()));
        host.args(["python.wasm", "/app/freeze.py", "/written/frozen.h"]);
        compile::run(host.args(["encodings", "encodings.aliases", "encodings.utf_8"]))
    })?;
    let include = format!("-I{}", header.display());
    let main = cpython.folder.join("snapshot.wasm");
    compile::compile_with(&[include], &sources().join("snapshot.c"), Role::Shared, &main)
}

/// Writes that program in the state after CPython's initialisation.
fn write_snapshot(cpython: &CPython, options: &[&str]) -> Result<(), Failed> {
    let mut fuse = Command::new(workspace::host());
    fuse.current_dir(&cpython.folder).args(["fuse", "--preinit", "-L", ".", "--link", LIBRARY]);
    compile::run(fuse.arg("snapshot.wasm").args(options))
}
