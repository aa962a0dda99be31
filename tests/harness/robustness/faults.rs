//! Faults of the machine: processes that are killed, tools that misbehave, files that vanish,
//! disks, memory and threads that run out.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::{Completion, Failed, Trial};

use crate::support::commands::{GUESTS, expect, succeed, text};
use crate::support::random::Random;
use crate::support::trial::{ignorable, ignored, times, trial};
use crate::support::unix;
use crate::support::workspace::{self, Sandbox};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

pub(crate) fn trials() -> Vec<Trial> {
    let shared = SharedWorkspace::default();
    vec![
        shared.trial("faults::tools_that_misbehave_are_told_of", tools_that_misbehave),
        shared.trial("faults::tools_that_hang_are_ended", tools_that_hang),
        shared.trial("faults::builds_that_are_killed_leave_nothing_behind", killed_builds),
        shared.trial("faults::files_that_vanish_are_named", vanished_files),
        trial("faults::a_cache_whose_writers_are_killed_is_whole", killed_writers),
        ignorable("faults::a_full_disk_leaves_no_half_output", || {
            outputs_on_tmpfs("size=16k", "No space left on device")
        }),
        ignorable("faults::outputs_in_a_read_only_folder_are_refused", || {
            outputs_on_tmpfs("ro", "Read-only file system")
        }),
        ignorable("faults::a_full_disk_stops_setup", setup_on_a_full_disk),
        trial("faults::a_deadline_does_not_wait_for_a_pipe", a_deadline_does_not_wait),
        trial("faults::without_address_space_there_is_an_error", without_address_space),
        ignorable("faults::without_threads_there_is_an_error", without_threads),
    ]
}

/// A copy of the workspace in which the tools for C++ can be replaced by scripts.
struct Workspace {
    sandbox: Sandbox,
}

/// One for several tests, which take turns: to build all takes long.
#[derive(Default)]
struct SharedWorkspace(Arc<Mutex<Option<Workspace>>>);

impl SharedWorkspace {
    fn trial(&self, name: &str, test: fn(&Workspace) -> Result<(), Failed>) -> Trial {
        let shared = Arc::clone(&self.0);
        trial(name, move || {
            let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
            match &mut *shared {
                Some(workspace) => test(workspace),
                none => test(none.insert(Workspace::new()?)),
            }
        })
    }
}

impl Workspace {
    fn new() -> Result<Self, Failed> {
        let sandbox = Sandbox::of_workspace()?;
        fs::create_dir(sandbox.path().join("bin"))?;
        // Made of the same they need not be made again.
        for folder in ["sysroot", "guests/sysroot"] {
            let from = workspace::target().join(folder);
            if from.is_dir() {
                workspace::copy(&from, &sandbox.path().join("target").join(folder), &[])?;
            }
        }
        Ok(Workspace { sandbox })
    }

    /// Builds without scripts, and returns the guests.
    fn good(&self) -> Result<Files, Failed> {
        for script in fs::read_dir(self.path("bin"))? {
            fs::remove_file(script?.path())?;
        }
        succeed(&mut self.build(&[])?)?;
        contents(&self.path("target/guests"))
    }

    fn path(&self, path: &str) -> PathBuf {
        self.sandbox.path().join(path)
    }

    /// Replaces a program on PATH.
    fn script(&self, name: &str, text: &str) -> Result<(), Failed> {
        unix::script(&self.path("bin").join(name), text)
    }

    /// A build that finds the scripts first.
    fn build(&self, args: &[&str]) -> Result<Command, Failed> {
        let mut command = self.sandbox.xtask(args);
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = [self.path("bin")].into_iter().chain(std::env::split_paths(&path));
        command.args(GUESTS).env("PATH", std::env::join_paths(folders)?);
        Ok(command)
    }

    fn guests(&self) -> Result<Files, Failed> {
        contents(&self.path("target/guests"))
    }
}

type Files = BTreeMap<PathBuf, Vec<u8>>;

/// The files of a folder and those below it.
fn contents(folder: &Path) -> Result<Files, Failed> {
    let mut files = Files::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(contents(&path)?);
        } else {
            files.insert(path.clone(), fs::read(path)?);
        }
    }
    Ok(files)
}

/// Fails with the names of files that are in one and not in the other, or differ.
fn same(found: &Files, expected: &Files) -> Result<(), Failed> {
    let names = found.keys().chain(expected.keys());
    let other: Vec<_> = names.filter(|name| found.get(*name) != expected.get(*name)).collect();
    match other.is_empty() {
        true => Ok(()),
        false => Err(format!("these files are other than they should be: {other:?}").into()),
    }
}

/// Each of them in the place of CMake, once it has been configured.
fn tools_that_misbehave(workspace: &Workspace) -> Result<(), Failed> {
    let good = workspace.good()?;
    workspace.script("emcmake", "mkdir -p \"$5\"")?;
    let ten_megabytes = "head -c 10000000 /dev/urandom | tr -d '\\n'";
    let output = "\"$2/toolbox.wasm\" \"$2/hello.wasm\" \"$2/tour.wasm\"";
    for (script, expected) in [
        ("kill -9 $$".to_owned(), "failed (signal: 9 (SIGKILL))"),
        (format!("{ten_megabytes}; exit 3"), "failed (exit status: 3)"),
        (format!("{ten_megabytes} >&2; exit 3"), " bytes left out; `-v` shows all …"),
        ("printf 'broken \\377\\376 text'; exit 3".to_owned(), "broken \u{fffd}\u{fffd} text"),
        ("exit 0".to_owned(), "was built, but there is no `"),
        (
            format!("for f in {output}; do : > $f; done"),
            "`toolbox` is empty: 0 bytes are no WebAssembly module",
        ),
        (
            format!("for f in {output}; do echo garbage > $f; done"),
            "`toolbox` is not a WebAssembly module: it starts with `garb`",
        ),
    ] {
        workspace.script("cmake", &script)?;
        let output = workspace.build(&[])?.output()?;
        if output.status.code() != Some(1) {
            return Err(format!("{} after `{script}`\n{}", output.status, text(&output)).into());
        }
        let text = text(&output);
        // Of each of two projects not more than is kept, three times as long where it is no text.
        if text.len() > 3 << 20 {
            return Err(format!("{} bytes were printed after `{script}`", text.len()).into());
        }
        expect(&text, expected)?;
        same(&workspace.guests()?, &good)?;
    }
    same(&workspace.good()?, &good)
}

/// Returns the process id that a tool prints after its name before it hangs.
fn id_of(name: &str, text: &str) -> Result<Pid, Failed> {
    let (_, rest) = text.split_once(name).ok_or_else(|| format!("no {name} in\n{text}"))?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Ok(digits.parse().ok().and_then(Pid::from_raw).ok_or("no process id")?)
}

fn tools_that_hang(workspace: &Workspace) -> Result<(), Failed> {
    let good = workspace.good()?;
    let child = "sleep 600 & echo child=$!,;";
    let ids = "echo tool=$$,;";
    for script in [
        format!("{child} {ids} exec sleep 600"),
        // They close what they are read by, or do not want to end.
        format!("{child} {ids} exec >/dev/null 2>&1; wait; exec sleep 600"),
        format!("trap '' TERM; {child} {ids} while :; do sleep 1; done"),
    ] {
        workspace.script("emcmake", &script)?;
        let start = Instant::now();
        let output = workspace.build(&["--tool-timeout", "8s"])?.output()?;
        let text = text(&output);
        expect(&text, "(cmake, Emscripten) failed: `")?;
        expect(
            &text,
            "/bin/emcmake` did not end within 8s; `--tool-timeout TIME` gives it longer",
        )?;
        expect(&text, "\nto repeat it: cd ")?;
        if output.status.code() != Some(1) || start.elapsed() > Duration::from_secs(60) {
            return Err(format!("{} after {:?}", output.status, start.elapsed()).into());
        }
        unix::gone(id_of("tool=", &text)?)?;
        unix::gone(id_of("child=", &text)?)?;
        same(&workspace.guests()?, &good)?;
    }
    Ok(())
}

/// All processes that a process has started, and those these have started, as far as they still
/// run.
fn descendants(process: Pid) -> Vec<Pid> {
    let parents = fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(|entry| {
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        // The name may hold spaces, so from its end on.
        let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
        Some((entry.file_name().to_str()?.parse::<i32>().ok()?, parent))
    });
    let parents: Vec<(i32, i32)> = parents.collect();
    let mut found = vec![process.as_raw_nonzero().get()];
    let mut at = 0;
    while let Some(parent) = found.get(at).copied() {
        found.extend(parents.iter().filter(|(_, p)| *p == parent).map(|(child, _)| *child));
        at += 1;
    }
    found[1..].iter().filter_map(|id| Pid::from_raw(*id)).collect()
}

/// Kills a process that leads a group, and with `all` what it has started in other groups too.
fn kill(child: &mut Child, all: bool) -> Result<(), Failed> {
    let process = Pid::from_child(child);
    let others = if all { descendants(process) } else { Vec::new() };
    // It may have ended already, but has not been waited for, so no other process has its id.
    let _ = kill_process_group(process, Signal::KILL);
    for other in others {
        let _ = kill_process(other, Signal::KILL);
    }
    child.wait()?;
    Ok(())
}

/// Edits that make guests stale, and taken back do so again.
fn edit(workspace: &Workspace, is_other: bool, is_all: bool) -> Result<(), Failed> {
    let (from, to) = if is_other { ("(1, x)", "(2, x)") } else { ("(2, x)", "(1, x)") };
    let mut edits = vec![("toolbox-cpp/src/toolbox.cpp", from, to)];
    let (from, to) =
        if is_other { ("_add(right)", "_sub(right)") } else { ("_sub(right)", "_add(right)") };
    edits.push(("calc/src/lib.rs", from, to));
    if is_all {
        // A part of libc: all of the system libraries are made again, with the same bytes.
        edits.push(("xtask/sysroot/runtime.h", "", "\n"));
    }
    for (file, from, to) in edits {
        let file = workspace.path(file);
        let text = fs::read_to_string(&file)?;
        fs::write(&file, if from.is_empty() { text + to } else { text.replace(from, to) })?;
    }
    Ok(())
}

/// After each kill the next build makes what it would have made.
fn killed_builds(workspace: &Workspace) -> Result<(), Failed> {
    let build = || {
        let start = Instant::now();
        let output = succeed(&mut workspace.sandbox.xtask(&GUESTS))?;
        Ok::<_, Failed>((output, start.elapsed()))
    };
    let mut good = vec![workspace.good()?];
    edit(workspace, true, false)?;
    let longest = build()?.1;
    good.push(workspace.guests()?);
    let mut random = Random::new()?;
    for round in 0..times(3, 100) {
        let is_other = round % 2 == 1;
        // With the system libraries it takes much longer.
        let is_all = round % 10 == 9;
        edit(workspace, is_other, is_all)?;
        let mut command = workspace.sandbox.xtask(&GUESTS);
        command.stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        let mut child = command.spawn()?;
        thread::sleep(random.below(if is_all { 8 * longest } else { longest }));
        // In half of the rounds compilers go on alone, as after a kill by `kill -9` and a process's
        // number.
        kill(&mut child, round % 4 < 2)?;
        let after = build().and_then(|_| same(&workspace.guests()?, &good[usize::from(is_other)]));
        after.map_err(|failed| random.explain(round, failed))?;
    }
    Ok(())
}

/// A program whose code takes long to write: most of it is data.
fn large_program() -> Vec<u8> {
    use wasm_encoder::*;
    let mut module = Module::new();
    let mut types = TypeSection::new();
    types.ty().function([], [ValType::I32]);
    let mut functions = FunctionSection::new();
    functions.function(0);
    let mut memories = MemorySection::new();
    let memory = MemoryType {
        minimum: 257,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    };
    memories.memory(memory);
    let mut exports = ExportSection::new();
    exports.export("run", ExportKind::Func, 0);
    let mut code = CodeSection::new();
    let mut function = Function::new([]);
    // Data that nothing reads would be left out.
    let at = MemArg { offset: 65536, align: 0, memory_index: 0 };
    function.instructions().i32_const(0).i32_load8_u(at).end();
    code.function(&function);
    let mut data = DataSection::new();
    data.active(0, &ConstExpr::i32_const(65536), vec![42; 16 << 20]);
    module.section(&types).section(&functions).section(&memories).section(&exports);
    module.section(&code).section(&data);
    module.finish()
}

/// Writers are killed at any moment, and half of them while they write.
fn killed_writers() -> Result<(), Failed> {
    let sandbox = Sandbox::empty()?;
    fs::write(sandbox.path().join("large.wasm"), large_program())?;
    fs::write(sandbox.path().join("small.wat"), r#"(module (func (export "run")))"#)?;
    let cache = sandbox.path().join("cache");
    let run = |module: &str| {
        let mut command = Command::new(workspace::host());
        workspace::clean_environment(&mut command);
        command.current_dir(sandbox.path()).env("HOST_CACHE_DIR", &cache);
        command.args(["run", "--invoke", "run", module]);
        command
    };
    let works = || match succeed(&mut run("large.wasm"))?.as_str() {
        "42\n" => Ok(()),
        other => Err(Failed::from(format!("expected 42, found {other}"))),
    };
    let start = Instant::now();
    works()?;
    let longest = start.elapsed();
    let good = contents(&cache)?;
    let mut random = Random::new()?;
    let mut unfinished = 0;
    for round in 0..times(10, 100) {
        fs::remove_dir_all(&cache)?;
        let mut command = run("large.wasm");
        command.stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        let mut child = command.spawn()?;
        if round % 2 == 0 {
            thread::sleep(random.below(longest));
        } else {
            let is_there = || fs::read_dir(&cache).is_ok_and(|mut files| files.next().is_some());
            let start = Instant::now();
            while !is_there() && start.elapsed() < Duration::from_secs(60) {
                thread::yield_now();
            }
            thread::sleep(random.below(Duration::from_millis(10)));
        }
        kill(&mut child, false)?;
        let explain = |random: &Random, failed| random.explain(round, failed);
        works().map_err(|failed| explain(&random, failed))?;
        let mut found = contents(&cache)?;
        let left: Vec<_> = found.keys().filter(|path| !good.contains_key(*path)).cloned().collect();
        found.retain(|path, _| good.contains_key(path));
        same(&found, &good).map_err(|failed| explain(&random, failed))?;
        // Leftovers go once no process can still be writing them.
        for file in &left {
            unfinished += 1;
            let long_ago = std::time::SystemTime::now() - Duration::from_secs(24 * 60 * 60);
            fs::OpenOptions::new().write(true).open(file)?.set_modified(long_ago)?;
        }
        succeed(&mut run("small.wat"))?;
        if let Some(file) = left.iter().find(|file| file.exists()) {
            return Err(explain(&random, format!("{} is still there", file.display()).into()));
        }
    }
    match unfinished {
        0 => Err(random.explain(0, "no writer was killed while it wrote".into())),
        _ => Ok(()),
    }
}

/// A command in a mount namespace of its own, with a small file system on `folder`.
fn on_tmpfs(options: &str, folder: &Path, command: &Command) -> Option<Command> {
    let mut mounted = Command::new("unshare");
    mounted.args(unix::unshare()?).args(["sh", "-c"]);
    // Prints what is left in the folder.
    mounted.arg(
        "mount -t tmpfs -o \"$1\" tmpfs \"$2\" && folder=$2 && shift 2 && \"$@\"; \
         status=$?; ls -A \"$folder\"; exit $status",
    );
    mounted.args(["sh", options]).arg(folder);
    mounted.arg(command.get_program()).args(command.get_args());
    if let Some(folder) = command.get_current_dir() {
        mounted.current_dir(folder);
    }
    workspace::clean_environment(&mut mounted);
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => mounted.env(name, value),
            None => mounted.env_remove(name),
        };
    }
    Some(mounted)
}

const NO_NAMESPACE: &str = "`unshare` cannot make a mount namespace here";

/// The output of `fuse` and `compile` is whole or missing.
fn outputs_on_tmpfs(options: &str, message: &str) -> Result<Completion, Failed> {
    let sandbox = Sandbox::empty()?;
    fs::write(sandbox.path().join("large.wasm"), large_program())?;
    let out = sandbox.path().join("out");
    fs::create_dir(&out)?;
    for verb in ["fuse", "compile"] {
        let mut command = Command::new(workspace::host());
        command.args([verb, "large.wasm", "-o", "out/result"]).current_dir(sandbox.path());
        let Some(mut command) = on_tmpfs(options, &out, &command) else {
            return ignored(NO_NAMESPACE);
        };
        let output = command.output()?;
        refused(&output, &["error: cannot write `out/result`: ", message])?;
        if !output.stdout.is_empty() {
            return Err(format!("{verb} has left something\n{}", text(&output)).into());
        }
    }
    Ok(Completion::Completed)
}

/// It failed by itself, and says why.
fn refused(output: &Output, messages: &[&str]) -> Result<(), Failed> {
    messages.iter().try_for_each(|message| expect(&text(output), message))?;
    match output.status.code() {
        Some(1) => Ok(()),
        _ => Err(format!("{}\n{}", output.status, text(output)).into()),
    }
}

/// If an emsdk does not fit on the disk, git's own message is shown, and the remains are not taken
/// for an emsdk.
fn setup_on_a_full_disk() -> Result<Completion, Failed> {
    let sandbox = Sandbox::of_workspace()?;
    let bin = sandbox.path().join("bin");
    fs::create_dir_all(sandbox.path().join(".tools"))?;
    unix::path_without(&bin, unix::is_emscripten_or_package_manager)?;
    let repository = sandbox.path().join("emsdk-stand-in");
    fs::create_dir(&repository)?;
    let random: Vec<u8> =
        (0..200_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    fs::write(repository.join("emsdk"), random)?;
    unix::commit(&repository, "3.1.69")?;
    let mut command = sandbox.xtask(&["setup", "--yes"]);
    unix::hide_emsdk(&mut command, sandbox.path());
    command.env("PATH", &bin).env("XTASK_EMSDK_URL", format!("file://{}", repository.display()));
    let tools = sandbox.path().join(".tools");
    let Some(mut command) = on_tmpfs("size=64k", &tools, &command) else {
        return ignored(NO_NAMESPACE);
    };
    refused(&command.output()?, &["emsdk failed (", "No space left on device", "to repeat it: "])?;
    Ok(Completion::Completed)
}

/// Between two steps of a build, or of two commands.
fn vanished_files(workspace: &Workspace) -> Result<(), Failed> {
    let good = workspace.good()?;
    let real = which::which("emcmake").map_err(|_| "emcmake is missing")?;
    // Once CMake is configured a source is gone.
    let source = "\"$3/src/toolbox.cpp\"";
    workspace.script("emcmake", &format!("{} \"$@\"; rm -f {source}", real.display()))?;
    let file = workspace.path("toolbox-cpp/src/toolbox.cpp");
    let text = fs::read(&file)?;
    let output = workspace.build(&[])?.output()?;
    fs::write(&file, text)?;
    refused(&output, &["toolbox (cmake, Emscripten) failed (exit status: 2)", "toolbox.cpp"])?;
    same(&workspace.guests()?, &good)?;

    let host = |args: &[&str]| {
        let mut command = Command::new(workspace::host());
        workspace::clean_environment(&mut command);
        command.current_dir(workspace.path("target/guests")).args(args).output()
    };
    fs::remove_file(workspace.path("target/guests/calc.wasm"))?;
    let demo = ["demo", "demo.toml"];
    refused(&host(&demo)?, &["calc.wasm`: there is no such file"])?;
    let run = ["run", "--invoke", "foo", "--link", "calc.wasm", "toolbox.wasm", "7"];
    refused(&host(&run)?, &["error: cannot read `calc.wasm`: there is no such file"])?;
    // The output's folder is gone.
    let fuse = ["fuse", "toolbox.wasm", "--link", "tour.wasm", "-o", "gone/out.wasm"];
    refused(&host(&fuse)?, &["error: "])?;
    let compile = ["compile", "hello.wasm", "-o", "gone/hello.cwasm"];
    refused(&host(&compile)?, &["cannot write `gone/hello.cwasm`: there is no folder `gone`"])
}

/// Opens `file` in the first directory, and returns the error.
const OPEN: &str = r#"(module
    (import "wasi_snapshot_preview1" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 16) "file")
    (func (export "open") (result i32)
        (call $open (i32.const 3) (i32.const 0) (i32.const 16) (i32.const 4) (i32.const 0)
            (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 0))))"#;

/// Opening a pipe waits for a writer, and here there is none.
fn a_deadline_does_not_wait() -> Result<(), Failed> {
    let sandbox = Sandbox::empty()?;
    fs::write(sandbox.path().join("open.wat"), OPEN)?;
    succeed(Command::new("mkfifo").arg(sandbox.path().join("file")))?;
    let mut command = Command::new(workspace::host());
    workspace::clean_environment(&mut command);
    command.current_dir(sandbox.path()).args(["run", "--timeout", "200ms", "--dir", "."]);
    command.args(["--invoke", "open", "open.wat"]).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(20) {
        match child.try_wait()? {
            Some(status) if status.code() == Some(124) => return Ok(()),
            Some(status) => return Err(format!("expected 124, found {status}").into()),
            None => thread::sleep(Duration::from_millis(10)),
        }
    }
    child.kill()?;
    child.wait()?;
    Err("it still waits for the pipe".into())
}

/// Memories need gigabytes of address space. (When the host has too little for itself it ends, as
/// any program does.)
fn without_address_space() -> Result<(), Failed> {
    let guests = workspace::guests();
    let run = |kilobytes: &str, args: &[&str]| {
        let mut command = Command::new("sh");
        workspace::clean_environment(&mut command);
        command.args([
            "-c",
            "ulimit -c 0 && ulimit -v $1 && shift && exec \"$@\"",
            "sh",
            kilobytes,
        ]);
        command.arg(workspace::host()).args(["run", "--no-cache"]).args(args);
        command.current_dir(&guests).output()
    };
    let call = ["--timeout", "1m", "--invoke", "foo", "--link", "calc.wasm", "toolbox.wasm", "7"];
    let hanoi = ["--invoke", "rust_hanoi", "--link", "tour-cpp.wasm", "tour.wasm", "5"];
    for kilobytes in ["1000000", "2000000", "4000000"] {
        for (args, separate) in [(&call[..], false), (&hanoi, false), (&hanoi, true)] {
            let mode = if separate { ["--mode", "separate"] } else { ["--mode", "auto"] };
            let output = run(kilobytes, &[&mode, args].concat())?;
            refused(&output, &["error: ", "Cannot allocate memory"])?;
        }
    }
    // A file that says it is a gigabyte long, and has no bytes on disk.
    let sandbox = Sandbox::empty()?;
    let huge = sandbox.path().join("huge.wasm");
    fs::File::create(&huge)?.set_len(1 << 30)?;
    let huge = huge.to_string_lossy().into_owned();
    let read = run("800000", &["--max-module-size", "1GiB", &huge])?;
    refused(&read, &["error: cannot read `"])?;
    expect(&text(&run("20000000", &call)?), "8\n")
}

/// Runs as a user who may have only a few threads. Only root can become that user.
fn without_threads() -> Result<Completion, Failed> {
    let sandbox = Sandbox::empty()?;
    let (host, cache) = (sandbox.path().join("host"), sandbox.path().join("cache"));
    fs::copy(workspace::host(), &host)?;
    fs::write(sandbox.path().join("open.wat"), OPEN)?;
    fs::create_dir(sandbox.path().join("files"))?;
    fs::write(sandbox.path().join("files/file"), "")?;
    fs::create_dir(&cache)?;
    fs::set_permissions(sandbox.path(), fs::Permissions::from_mode(0o755))?;
    // A user id that no other user has.
    let user = (1_000_000 + std::process::id()).to_string();
    if std::os::unix::fs::chown(&cache, user.parse().ok(), None).is_err() {
        return ignored("only root can become another user");
    }
    let run = |threads: &str, args: &[&str]| {
        let mut command = Command::new("setpriv");
        workspace::clean_environment(&mut command);
        command.args(["--reuid", &user, "--clear-groups", "prlimit", "--core=0"]);
        command.arg(format!("--nproc={threads}"));
        command.arg(&host).args(["run", "--dir", "files"]).args(args);
        command.args(["--invoke", "open", "open.wat"]);
        command.current_dir(sandbox.path()).env("HOST_CACHE_DIR", &cache).output()
    };
    for limit in [&[][..], &["--timeout", "1m"]] {
        match run("1000", limit) {
            Ok(output) if output.stdout == b"0\n" => {}
            Ok(output) => return ignored(&format!("`setpriv` fails: {}", text(&output))),
            Err(_) => return ignored("there is no `setpriv`"),
        }
    }
    let compiles = run("1", &["--no-cache"])?;
    refused(&compiles, &["error: ", "no threads can be started to compile with"])?;
    // Compiled it is already, and a file is opened without a thread.
    expect(&text(&run("1", &[])?), "0\n")?;
    // The time limit needs one.
    let output = run("1", &["--timeout", "1m"])?;
    refused(&output, &["error: ", "no thread can be started for the time limit"])?;
    Ok(Completion::Completed)
}
