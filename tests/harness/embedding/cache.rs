//! Compiled code that is kept, whatever happens to it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, SystemTime};

use host::{Cache, Host, Program, ProgramFiles, Search, Settings, State, Wasi};
use libtest_mimic::{Failed, Trial};

use crate::support::commands::{expect, text};
use crate::support::trial::{ignorable, ignored, trial};
use crate::support::workspace::{self, Sandbox};
use linker::{InputModule, NoLibraries, Set};

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![
        trial("cache::a_hit_gives_what_a_miss_gives", a_hit_gives_what_a_miss_gives),
        trial("cache::what_was_changed_is_compiled_anew", what_was_changed_is_compiled_anew),
        trial("cache::many_write_at_once", many_write_at_once),
        trial("cache::damaged_entries_are_replaced", damaged_entries_are_replaced),
        trial("cache::unfinished_files_are_removed_later", unfinished_files_are_removed_later),
        trial("cache::other_files_stay", other_files_stay),
        trial("cache::what_was_not_used_for_longest_goes_first", oldest_goes_first),
        trial("cache::embedders_can_have_one", embedders_can_have_one),
        trial("cache::libraries_that_are_opened_are_kept", opened_libraries_are_kept),
        trial("cache::damaged_files_of_compile_are_refused", damaged_files_are_refused),
        trial("cache::a_library_is_looked_up_again", a_library_is_looked_up_again),
        trial("cache::a_system_library_is_looked_up_again", a_system_library_is_looked_up_again),
        trial("cache::a_runtime_path_is_followed_again", a_runtime_path_is_followed_again),
        trial(
            "cache::other_options_and_files_are_other_entries",
            other_options_and_files_are_other_entries,
        ),
        trial("cache::warnings_are_repeated", warnings_are_repeated),
        trial("cache::files_that_change_under_a_program", files_that_change_under_a_program),
    ];
    #[cfg(unix)]
    trials.extend(unix::trials());
    trials
}

/// A folder with a program of two modules and a cache.
struct Fixture {
    sandbox: Sandbox,
}

const MAIN: &str = r#"(module $main
    (import "env" "divide" (func $divide (param i32 i32) (result i32)))
    (func $run (export "run") (param i32 i32) (result i32)
        (call $divide (local.get 0) (local.get 1))))"#;

/// The function has a block, so it is not inlined, and backtraces of machine code have its name.
const DIVIDE: &str = r#"(module $divide
    (func $divide (export "divide") (param i32 i32) (result i32)
        (block (result i32) (i32.div_s (local.get 0) (local.get 1)))))"#;

impl Fixture {
    fn new() -> Result<Self, Failed> {
        let sandbox = Sandbox::empty()?;
        fs::write(sandbox.path().join("main.wasm"), wat::parse_str(MAIN)?)?;
        fs::write(sandbox.path().join("divide.wasm"), wat::parse_str(DIVIDE)?)?;
        Ok(Fixture { sandbox })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.sandbox.path().join(name)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(workspace::host());
        workspace::clean_environment(&mut command);
        command.current_dir(self.sandbox.path()).env("HOST_CACHE_DIR", self.path("cache"));
        command.args(args);
        command
    }

    /// Divides 42 by `divisor`.
    fn run(&self, options: &[&str], divisor: &str) -> Command {
        let mut command = self.command(&["run"]);
        command.args(options).args(["--link", "divide.wasm", "--invoke", "run", "main.wasm", "42"]);
        command.arg(divisor);
        command
    }

    /// Fails unless 42 was divided by 7, without a warning.
    fn works(&self) -> Result<(), Failed> {
        only(&self.run(&[], "7").output()?, "6\n")
    }

    /// The files of the cache.
    fn files(&self) -> Result<Vec<PathBuf>, Failed> {
        let files = fs::read_dir(self.path("cache"))?;
        let mut files = files.map(|file| Ok(file?.path())).collect::<Result<Vec<_>, Failed>>()?;
        files.sort();
        Ok(files)
    }

    /// The only one.
    fn entry(&self) -> Result<PathBuf, Failed> {
        match self.files()?.as_slice() {
            [only] => Ok(only.clone()),
            files => Err(format!("expected one entry, found {files:?}").into()),
        }
    }
}

fn only(output: &Output, expected: &str) -> Result<(), Failed> {
    match text(output) == expected {
        true => Ok(()),
        false => Err(format!("expected {expected:?}, found {}", text(output)).into()),
    }
}

/// A time at which a file was last used.
fn age(path: &Path, age: Duration) -> Result<(), Failed> {
    let file = fs::OpenOptions::new().write(true).open(path)?;
    Ok(file.set_modified(SystemTime::now() - age)?)
}

fn a_hit_gives_what_a_miss_gives() -> Result<(), Failed> {
    for mode in ["auto", "separate"] {
        let fixture = Fixture::new()?;
        // By 0, for a backtrace names both modules.
        let run =
            |options: &[&str]| fixture.run(&[&["--mode", mode], options].concat(), "0").output();
        let uncached = run(&["--no-cache"])?;
        expect(&text(&uncached), "0: divide!divide\n  1: main!run")?;
        if fixture.path("cache").exists() {
            return Err("`--no-cache` has made a cache".into());
        }
        let miss = run(&[])?;
        let written = fs::metadata(fixture.entry()?)?.created().ok();
        let hit = run(&[])?;
        if uncached != miss || miss != hit {
            return Err(format!("{}{}{}", text(&uncached), text(&miss), text(&hit)).into());
        }
        // A file that is replaced is another one.
        if fs::metadata(fixture.entry()?)?.created().ok() != written {
            return Err("what was there was compiled again".into());
        }
    }
    Ok(())
}

fn what_was_changed_is_compiled_anew() -> Result<(), Failed> {
    let fixture = Fixture::new()?;
    fixture.works()?;
    let other = DIVIDE.replace("i32.div_s", "i32.rem_s");
    fs::write(fixture.path("divide.wasm"), wat::parse_str(other)?)?;
    only(&fixture.run(&[], "5").output()?, "2\n")?;
    only(&fixture.run(&["--timeout", "1m"], "5").output()?, "2\n")?;
    only(&fixture.run(&["--inline"], "5").output()?, "2\n")?;
    only(&fixture.run(&["--mode", "separate"], "5").output()?, "2\n")?;
    // Code that counts fuel is other code. The other limits are not in it.
    only(&fixture.run(&["--fuel", "1000"], "5").output()?, "2\n")?;
    let limits = ["--max-memory=1MiB", "--max-table=99", "--max-stack=64KiB", "--max-instances=9"];
    let limits = [&limits[..], &["--max-output=1KiB", "--max-open-files=9"]].concat();
    only(&fixture.run(&limits, "5").output()?, "2\n")?;
    only(&fixture.run(&["--fuel", "2000"], "5").output()?, "2\n")?;
    match fixture.files()?.len() {
        6 => Ok(()),
        count => Err(format!("expected an entry for each, found {count}").into()),
    }
}

fn many_write_at_once() -> Result<(), Failed> {
    let fixture = Fixture::new()?;
    let run = |_| fixture.run(&[], "7").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let processes = (0..24).map(run).collect::<Result<Vec<_>, _>>()?;
    for process in processes {
        only(&process.wait_with_output()?, "6\n")?;
    }
    fixture.entry().map(drop)
}

fn damaged_entries_are_replaced() -> Result<(), Failed> {
    let fixture = Fixture::new()?;
    fixture.works()?;
    let entry = fixture.entry()?;
    let good = fs::read(&entry)?;
    let mut damaged = vec![Vec::new(), b"something else".to_vec(), vec![0; good.len()]];
    for place in places(&good) {
        damaged.push(good[..place].to_vec());
        let mut flipped = good.clone();
        flipped[place] ^= 0x10;
        damaged.push(flipped);
    }
    // The code of another program.
    fixture.run(&["--inline"], "7").output()?;
    let files = fixture.files()?;
    let other = files.iter().find(|file| **file != entry).ok_or("no second entry")?;
    damaged.push(fs::read(other)?);
    for bytes in damaged {
        fs::write(&entry, &bytes)?;
        fixture.works()?;
        if fs::read(&entry)? == bytes {
            return Err(format!("{} damaged bytes were not replaced", bytes.len()).into());
        }
    }
    Ok(())
}

/// Offsets in an entry: all over the machine code at its start and the parts after it, and more of
/// them in the end with its key, lengths and digest.
fn places(entry: &[u8]) -> Vec<usize> {
    const END: usize = 96;
    let step = entry.len().div_ceil(16);
    let end = entry.len().saturating_sub(END)..entry.len();
    (0..entry.len()).step_by(step).chain(end.step_by(11)).chain([entry.len() - 1]).collect()
}

fn unfinished_files_are_removed_later() -> Result<(), Failed> {
    let fixture = Fixture::new()?;
    fs::create_dir(fixture.path("cache"))?;
    set_private(&fixture.path("cache"))?;
    let (old, new) = (fixture.path("cache/unfinished-old"), fixture.path("cache/unfinished-new"));
    fs::write(&old, "half")?;
    age(&old, Duration::from_secs(24 * 60 * 60))?;
    // Somebody may be writing it.
    fs::write(&new, "half")?;
    fixture.works()?;
    match (old.exists(), new.exists()) {
        (false, true) => fixture.works(),
        exist => Err(format!("the old one and the new one exist: {exist:?}").into()),
    }
}

fn set_private(folder: &Path) -> Result<(), Failed> {
    #[cfg(unix)]
    fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    let _ = folder;
    Ok(())
}

fn other_files_stay() -> Result<(), Failed> {
    let fixture = Fixture::new()?;
    fixture.works()?;
    fs::write(fixture.path("cache/diary.txt"), "mine")?;
    fs::write(fixture.path("cache/unfinished-new"), "half")?;
    expect(&text(&fixture.command(&["cache"]).output()?), "cache: 1 program, ")?;
    expect(&text(&fixture.command(&["cache", "clear"]).output()?), " removed\n")?;
    match fixture.entry()?.ends_with("diary.txt") {
        true => fixture.works(),
        false => Err("the wrong file was removed".into()),
    }
}

/// Opens `divide.wasm`, and returns whether that was possible.
const OPENER: &str = include_str!("../wat/cache-opener.wat");

/// The code of a library is kept next to that of the program, read from there, and rewritten if it
/// is damaged.
fn opened_libraries_are_kept() -> Result<(), Failed> {
    let fixture = Fixture::new()?;
    fs::write(fixture.path("opener.wasm"), wat::parse_str(OPENER)?)?;
    let library = r#"(module (@dylink.0 (mem-info)) (func (export "f")))"#;
    fs::write(fixture.path("library.wasm"), wat::parse_str(library)?)?;
    let open = |options: &[&str]| {
        let options = [&["run", "-L", "."], options, &["--invoke", "open", "opener.wasm"]].concat();
        only(&fixture.command(&options).output()?, "1\n")
    };
    open(&["--no-cache"])?;
    if fixture.path("cache").exists() {
        return Err("`--no-cache` has made a cache".into());
    }
    open(&[])?;
    let files = fixture.files()?;
    if files.len() != 2 {
        return Err(format!("the program and the library are kept as {files:?}").into());
    }
    let hour = Duration::from_secs(60 * 60);
    files.iter().try_for_each(|file| age(file, 2 * hour))?;
    open(&[])?;
    for file in &files {
        match file.metadata()?.modified()?.elapsed() {
            Ok(age) if age > hour => return Err(format!("{} was not used", file.display()).into()),
            _ => {}
        }
    }
    files.iter().try_for_each(|file| fs::write(file, "no code"))?;
    open(&[])?;
    for file in &files {
        if fs::read(file)? == b"no code" {
            return Err(format!("{} is still damaged", file.display()).into());
        }
    }
    match fixture.files()? == files {
        true => Ok(()),
        false => Err("the same code is kept under other names".into()),
    }
}

/// Links a module that returns a number, and calls it.
fn number(host: &Host, number: u32) -> Result<(), Failed> {
    let text = format!(r#"(module (func (export "n") (result i32) (i32.const {number})))"#);
    let object = InputModule::load("number", wat::parse_str(text)?)?;
    let program = host.link(Set::gather(object, Vec::new(), &mut NoLibraries)?)?;
    if let Some(error) = program.cache_error() {
        return Err(error.to_string().into());
    }
    match host.start(&program, &Wasi::default())?.invoke("n", &[])?.as_slice() {
        [value] if value.i32() == Some(number.cast_signed()) => Ok(()),
        other => Err(format!("{other:?} instead of {number}").into()),
    }
}

fn oldest_goes_first() -> Result<(), Failed> {
    let fixture = Fixture::new()?;
    let folder = fixture.path("cache");
    let host = |limit| {
        let cache = Some(Cache::new(&folder).limit(limit));
        Host::with(Settings::default().with_cache(cache))
    };
    number(&host(u64::MAX)?, 1)?;
    let first = fixture.entry()?;
    let size = fs::metadata(&first)?.len();
    // Two of them fit.
    let host = host(size * 5 / 2)?;
    number(&host, 2)?;
    let second = fixture.files()?.into_iter().find(|file| *file != first);
    let second = second.ok_or("no second entry")?;
    age(&first, Duration::from_secs(200))?;
    age(&second, Duration::from_secs(100))?;
    // Used again, it is the newest.
    number(&host, 1)?;
    number(&host, 3)?;
    match (first.exists(), second.exists(), fixture.files()?.len()) {
        (true, false, 2) => Ok(()),
        found => Err(format!("the first, the second, and all: {found:?}").into()),
    }
}

fn embedders_can_have_one() -> Result<(), Failed> {
    let fixture = Fixture::new()?;
    let engine = wasmtime::Engine::default();
    for _ in 0..2 {
        let mut linker = host::Linker::new(&engine);
        linker.cache(Cache::new(fixture.path("cache")));
        linker.program("main", wat::parse_str(MAIN)?)?;
        linker.host().func_wrap("env", "divide", |a: i32, b: i32| a / b)?;
        let mut store = wasmtime::Store::new(&engine, ());
        let linked = linker.instantiate(&mut store)?;
        let run = linked.get_typed_func::<(i32, i32), i32>(&mut store, "run")?;
        if run.call(&mut store, (42, 7))? != 6 {
            return Err("42 / 7 is not 6".into());
        }
    }
    fixture.entry().map(drop)
}

fn damaged_files_are_refused() -> Result<(), Failed> {
    let fixture = Fixture::new()?;
    let compile = ["compile", "--link", "divide.wasm", "main.wasm", "-o", "main.cwasm"];
    only(&fixture.command(&compile).output()?, "")?;
    let file = fixture.path("main.cwasm");
    let run = ["run", "--allow-precompiled", "--invoke", "run", "main.cwasm", "42", "7"];
    only(&fixture.command(&run).output()?, "6\n")?;
    // Its functions have the names of the modules' still.
    let by_zero = [&run[..run.len() - 1], &["0"]].concat();
    expect(&text(&fixture.command(&by_zero).output()?), "0: main!divide\n  1: main!run\n")?;
    let good = fs::read(&file)?;
    let mut flipped = good.clone();
    flipped[good.len() / 2] ^= 1;
    let mut newer = good.clone();
    newer[8] += 1;
    for (bytes, why) in [
        (&good[..good.len() / 2], "it is damaged"),
        (&flipped, "it is damaged"),
        (&newer, "it was compiled by another version of this program"),
    ] {
        fs::write(&file, bytes)?;
        let way_out = "; compile it again with `host compile`\n";
        let expected = format!("error: `main.cwasm` cannot be run: {why}{way_out}");
        only(&fixture.command(&run).output()?, &expected)?;
    }
    // An entry is no such file: it does not hold the module.
    fixture.works()?;
    fs::copy(fixture.entry()?, &file)?;
    expect(&text(&fixture.command(&run).output()?), "`main.cwasm` is not a WebAssembly module")
}

/// Runs programs from files in the folder of a fixture, with a cache there.
struct Runs {
    fixture: Fixture,
    host: Host,
}

impl Runs {
    fn new() -> Result<Self, Failed> {
        let fixture = Fixture::new()?;
        let settings = Settings::default().with_cache(Cache::new(fixture.path("cache")));
        Ok(Runs { fixture, host: Host::on_demand(settings) })
    }

    fn write(&self, name: &str, text: &str) -> Result<(), Failed> {
        let path = self.fixture.path(name);
        fs::create_dir_all(path.parent().ok_or("a file has a folder")?)?;
        Ok(fs::write(path, wat::parse_str(text)?)?)
    }

    /// A library whose `n` returns a number.
    fn write_library(&self, name: &str, number: i32) -> Result<(), Failed> {
        self.write(
            name,
            &format!(
                r#"(module (@dylink.0 (mem-info))
                (func (export "n") (result i32) (i32.const {number})))"#
            ),
        )
    }

    fn remove(&self, name: &str) -> Result<(), Failed> {
        Ok(fs::remove_file(self.fixture.path(name))?)
    }

    fn files(&self, folders: &[&str], sysroot: &str) -> ProgramFiles {
        let folders = folders.iter().map(|name| self.fixture.path(name)).collect();
        let search = Search::new(folders, Some(self.fixture.path(sysroot)));
        ProgramFiles::new(self.fixture.path("program.wasm"), search)
    }

    /// Fails unless the program is not in the cache, then is, and returns a number both times.
    fn misses(&self, files: &ProgramFiles, number: i32) -> Result<(), Failed> {
        if self.host.cached(files).is_some() {
            return Err(format!("before {number}, an entry of other files was used").into());
        }
        let program = self.host.compile_files(files.link(files.read()?)?)?;
        self.returns(&program, number)?;
        self.hits(files, number)
    }

    fn hits(&self, files: &ProgramFiles, number: i32) -> Result<(), Failed> {
        let program = self.host.cached(files).ok_or("the program is not in the cache")?;
        self.returns(&program, number)
    }

    fn returns(&self, program: &Program<State>, number: i32) -> Result<(), Failed> {
        if let Some(error) = program.cache_error() {
            return Err(error.to_string().into());
        }
        match self.host.start(program, &Wasi::default())?.invoke("test", &[])?.as_slice() {
            [value] if value.i32() == Some(number) => Ok(()),
            other => Err(format!("{other:?} instead of {number}").into()),
        }
    }

    /// Fails unless the program is neither in the cache nor can be linked.
    fn fails(&self, files: &ProgramFiles) -> Result<(), Failed> {
        match (self.host.cached(files), files.link(files.read()?)) {
            (None, Err(host::Error::Link(_))) => Ok(()),
            (cached, _) => Err(format!("a library is missing, but {cached:?}").into()),
        }
    }
}

/// A program that calls `n`, with more in its `dylink.0`.
fn program_with(dylink: &str) -> String {
    format!(
        r#"(module (@dylink.0 (mem-info) {dylink})
            (import "env" "n" (func $n (result i32)))
            (func $test (export "test") (result i32) (call $n)))"#
    )
}

fn a_library_is_looked_up_again() -> Result<(), Failed> {
    let runs = Runs::new()?;
    runs.write("program.wasm", &program_with(r#"(needed "libn.wasm")"#))?;
    runs.write_library("second/libn.wasm", 1)?;
    let files = runs.files(&["first", "second"], "sysroot");
    runs.misses(&files, 1)?;
    // The same contents in a new file.
    runs.remove("second/libn.wasm")?;
    runs.write_library("second/libn.wasm", 1)?;
    runs.hits(&files, 1)?;
    runs.write_library("second/libn.wasm", 2)?;
    runs.misses(&files, 2)?;
    // A file that is found earlier.
    runs.write_library("first/libn.wasm", 3)?;
    runs.misses(&files, 3)?;
    runs.remove("first/libn.wasm")?;
    runs.misses(&files, 2)?;
    runs.remove("second/libn.wasm")?;
    runs.fails(&files)?;
    runs.write_library("second/libn.wasm", 2)?;
    runs.hits(&files, 2)
}

fn a_system_library_is_looked_up_again() -> Result<(), Failed> {
    let runs = Runs::new()?;
    runs.write("program.wasm", &program_with(""))?;
    runs.write_library("sysroot/libc.wasm", 1)?;
    let files = runs.files(&[], "sysroot");
    runs.misses(&files, 1)?;
    runs.write_library("sysroot/libc.wasm", 2)?;
    runs.misses(&files, 2)?;
    // It was not there before, and comes before libc.
    runs.write_library("sysroot/libiconv.wasm", 3)?;
    runs.misses(&files, 3)?;
    runs.remove("sysroot/libiconv.wasm")?;
    runs.misses(&files, 2)?;
    runs.remove("sysroot/libc.wasm")?;
    runs.fails(&files)
}

fn a_runtime_path_is_followed_again() -> Result<(), Failed> {
    let runs = Runs::new()?;
    let dylink = r#"(needed "libn.wasm") (runtime-path "$ORIGIN/own")"#;
    runs.write("program.wasm", &program_with(dylink))?;
    runs.write_library("folder/libn.wasm", 1)?;
    let files = runs.files(&["folder"], "sysroot");
    runs.misses(&files, 1)?;
    runs.write_library("own/libn.wasm", 2)?;
    runs.misses(&files, 2)?;
    runs.write_library("own/libn.wasm", 3)?;
    runs.misses(&files, 3)
}

fn other_options_and_files_are_other_entries() -> Result<(), Failed> {
    let runs = Runs::new()?;
    runs.write("program.wasm", &program_with(""))?;
    runs.write_library("sysroot/libc.wasm", 1)?;
    runs.write_library("one.wasm", 2)?;
    runs.write_library("other.wasm", 3)?;
    let files = runs.files(&[], "sysroot");
    let link = |name: &str| files.clone().with_links(vec![runs.fixture.path(name)]);
    runs.misses(&files, 1)?;
    runs.misses(&link("one.wasm"), 2)?;
    runs.misses(&link("other.wasm"), 3)?;
    runs.misses(&files.clone().with_stack_size(Some(1 << 20)), 1)?;
    runs.misses(&runs.files(&["folder"], "sysroot"), 1)?;
    runs.write_library("one.wasm", 4)?;
    runs.misses(&link("one.wasm"), 4)?;
    runs.hits(&link("other.wasm"), 3)?;
    let twice = program_with("").replace("(call $n)", "(i32.mul (call $n) (i32.const 2))");
    runs.write("program.wasm", &twice)?;
    runs.misses(&files, 2)
}

/// Two modules with memories of their own, one of which passes what may be a pointer.
fn warnings_are_repeated() -> Result<(), Failed> {
    let fixture = Fixture::new()?;
    let own = r#"(module (memory 1) (func (export "f") (param i32)))"#;
    let caller = r#"(module (@dylink.0 (mem-info))
        (import "env" "memory" (memory 1))
        (import "own" "f" (func $f (param i32)))
        (func (export "run") (call $f (i32.const 8))))"#;
    fs::write(fixture.path("own.wasm"), wat::parse_str(own)?)?;
    fs::write(fixture.path("caller.wasm"), wat::parse_str(caller)?)?;
    let run = || {
        let options = ["run", "--preload", "own=own.wasm", "--invoke", "run", "caller.wasm"];
        fixture.command(&options).output()
    };
    let miss = run()?;
    expect(&text(&miss), "warning: `caller` calls `f` of `own`")?;
    fixture.entry()?;
    let hit = run()?;
    match miss == hit {
        true => Ok(()),
        false => Err(format!("{}{}", text(&miss), text(&hit)).into()),
    }
}

/// Messages about such a program cannot name what is no longer there, and it opens no libraries.
fn files_that_change_under_a_program() -> Result<(), Failed> {
    let runs = Runs::new()?;
    let traps = program_with("").replace("(call $n)", "(call $n) (unreachable)");
    runs.write("program.wasm", &traps)?;
    runs.write_library("sysroot/libc.wasm", 1)?;
    let files = runs.files(&[], "sysroot");
    runs.host.compile_files(files.link(files.read()?)?)?;
    let trap = |change: &dyn Fn() -> Result<(), Failed>| {
        let program = runs.host.cached(&files).ok_or("the program is not in the cache")?;
        let mut process = runs.host.start(&program, &Wasi::default())?;
        change()?;
        match process.invoke("test", &[]) {
            Err(error @ host::Error::Trap { .. }) => Ok(error.to_string()),
            other => Err(Failed::from(format!("{other:?} instead of a trap"))),
        }
    };
    expect(&trap(&|| Ok(()))?, "0: program!test")?;
    let message = trap(&|| runs.write_library("sysroot/libc.wasm", 2))?;
    expect(&message, "the files of the program have changed since it started; start it again")?;

    runs.write("program.wasm", OPENER)?;
    runs.write("folder/library.wasm", r#"(module (@dylink.0 (mem-info)))"#)?;
    let files = runs.files(&["folder"], "sysroot");
    runs.host.compile_files(files.link(files.read()?)?)?;
    let settings = Settings::default()
        .with_cache(Cache::new(runs.fixture.path("cache")))
        .with_libraries(files.search().clone());
    let host = Host::on_demand(settings);
    let open = |change: &dyn Fn() -> Result<(), Failed>| -> Result<Option<i32>, Failed> {
        let program = host.cached(&files).ok_or("the program is not in the cache")?;
        let mut process = host.start(&program, &Wasi::default())?;
        change()?;
        Ok(process.invoke("open", &[])?.first().and_then(host::Val::i32))
    };
    let before = open(&|| Ok(()))?;
    let after = open(&|| runs.write("program.wasm", &program_with("")))?;
    match (before, after) {
        (Some(1), Some(0)) => Ok(()),
        results => Err(format!("the library was opened before and after: {results:?}").into()),
    }
}

#[cfg(unix)]
mod unix {
    use std::io::Write;
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    use libtest_mimic::Completion;

    use super::*;
    use crate::support::unix::unshare;

    pub(super) fn trials() -> Vec<Trial> {
        vec![
            trial("cache::a_killed_writer_is_harmless", a_killed_writer_is_harmless),
            trial("cache::what_others_can_write_to_is_not_used", what_others_can_write_to),
            trial("cache::a_link_is_not_followed", a_link_is_not_followed),
            trial("cache::a_pipe_is_not_waited_for", a_pipe_is_not_waited_for),
            trial("cache::a_module_from_a_pipe_is_kept", a_module_from_a_pipe_is_kept),
            ignorable("cache::a_device_is_not_read", a_device_is_not_read),
            trial("cache::a_guest_that_is_given_the_folder", a_guest_that_is_given_the_folder),
            ignorable("cache::what_is_of_others_is_not_used", what_is_of_others),
            ignorable("cache::a_full_disk_is_no_error", || {
                on_tmpfs("mode=700,size=8k", "No space left on device")
            }),
            ignorable("cache::a_read_only_folder_is_no_error", || {
                on_tmpfs("mode=700,ro", "Read-only file system")
            }),
        ]
    }

    /// The result, and a warning.
    fn warns(fixture: &Fixture, message: &str) -> Result<(), Failed> {
        let output = fixture.run(&[], "7").output()?;
        let warning = String::from_utf8_lossy(&output.stderr);
        expect(&warning, "warning: compiled code is not kept: `")?;
        expect(&warning, message)?;
        expect(&warning, "do without one by `--no-cache`\n")?;
        match output.stdout == b"6\n" && output.status.success() {
            true => only(&fixture.run(&["--no-cache"], "7").output()?, "6\n"),
            false => Err(text(&output).into()),
        }
    }

    /// The system ends it while it writes: its files may not become that large.
    fn a_killed_writer_is_harmless() -> Result<(), Failed> {
        let fixture = Fixture::new()?;
        let mut command = Command::new("sh");
        command
            .args(["-c", "ulimit -c 0 && ulimit -f 4 && exec \"$@\"", "sh"])
            .arg(workspace::host());
        let run = fixture.run(&[], "7");
        command.args(run.get_args()).current_dir(fixture.sandbox.path());
        for (name, value) in run.get_envs() {
            value.map(|value| command.env(name, value));
        }
        if command.output()?.status.success() {
            return Err("the writer was not killed".into());
        }
        let unfinished = fixture.entry()?;
        fixture.works()?;
        fixture.works()?;
        age(&unfinished, Duration::from_secs(24 * 60 * 60))?;
        fixture.run(&["--inline"], "7").output()?;
        match unfinished.exists() {
            true => Err("what was left is still there".into()),
            false => Ok(()),
        }
    }

    fn mode(path: &Path, mode: u32) -> Result<(), Failed> {
        Ok(fs::set_permissions(path, fs::Permissions::from_mode(mode))?)
    }

    fn what_others_can_write_to() -> Result<(), Failed> {
        let fixture = Fixture::new()?;
        fixture.works()?;
        let (folder, entry) = (fixture.path("cache"), fixture.entry()?);
        let modes =
            [&folder, &entry].map(|path| fs::metadata(path).map(|d| d.permissions().mode()));
        for (found, expected) in modes.into_iter().zip([0o700, 0o600]) {
            let found = found? & 0o777;
            if found != expected {
                return Err(format!("made with {found:o}, not {expected:o}").into());
            }
        }
        for bits in [0o770, 0o707, 0o777] {
            mode(&folder, bits)?;
            warns(&fixture, "can be written to by other users")?;
        }
        mode(&folder, 0o755)?;
        fixture.works()?;
        mode(&entry, 0o666)?;
        warns(&fixture, "`chmod go-w` takes it from them")?;
        mode(&entry, 0o644)?;
        fixture.works()
    }

    fn a_link_is_not_followed() -> Result<(), Failed> {
        let fixture = Fixture::new()?;
        fixture.works()?;
        let (entry, elsewhere) = (fixture.entry()?, fixture.path("elsewhere"));
        fs::rename(&entry, &elsewhere)?;
        symlink(&elsewhere, &entry)?;
        warns(&fixture, "is no file")?;
        fs::remove_file(&entry)?;
        fs::create_dir(&entry)?;
        warns(&fixture, "is no file")
    }

    /// Puts something else in the place of an entry, by a program of the system.
    fn replaced(fixture: &Fixture, program: &str, kind: &[&str]) -> Result<bool, Failed> {
        fixture.works()?;
        let entry = fixture.entry()?;
        fs::remove_file(&entry)?;
        Ok(Command::new(program).arg(&entry).args(kind).output()?.status.success())
    }

    fn a_pipe_is_not_waited_for() -> Result<(), Failed> {
        let fixture = Fixture::new()?;
        match replaced(&fixture, "mkfifo", &[])? {
            true => warns(&fixture, "is no file"),
            false => Err("`mkfifo` has failed".into()),
        }
    }

    /// It can be read only once, so it is found by what was read.
    fn a_module_from_a_pipe_is_kept() -> Result<(), Failed> {
        let fixture = Fixture::new()?;
        let run = || -> Result<(), Failed> {
            let options =
                ["run", "--link", "divide.wasm", "--invoke", "run", "/dev/stdin", "42", "7"];
            let mut process = fixture
                .command(&options)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()?;
            let mut pipe = process.stdin.take().ok_or("there is no pipe")?;
            pipe.write_all(&fs::read(fixture.path("main.wasm"))?)?;
            drop(pipe);
            only(&process.wait_with_output()?, "6\n")
        };
        run()?;
        let entry = fixture.entry()?;
        let written = fs::metadata(&entry)?.created().ok();
        let hour = Duration::from_secs(60 * 60);
        age(&entry, 2 * hour)?;
        run()?;
        let data = fs::metadata(fixture.entry()?)?;
        match data.modified()?.elapsed().is_ok_and(|age| age < hour) {
            true if data.created().ok() == written => Ok(()),
            _ => Err("the entry was not used".into()),
        }
    }

    /// One that has no end.
    fn a_device_is_not_read() -> Result<Completion, Failed> {
        let fixture = Fixture::new()?;
        if !replaced(&fixture, "mknod", &["c", "1", "5"])? {
            return ignored("devices cannot be made");
        }
        warns(&fixture, "is no file")?;
        Ok(Completion::Completed)
    }

    /// It could put any code there, and others may be given as links.
    fn a_guest_that_is_given_the_folder() -> Result<(), Failed> {
        let fixture = Fixture::new()?;
        fixture.works()?;
        symlink(fixture.path("cache"), fixture.path("link"))?;
        let above = fixture.sandbox.path().to_string_lossy().into_owned();
        for folder in ["cache", "link", "cache::/data", ".", above.as_str(), "/"] {
            let output = fixture.run(&["--dir", folder], "7").output()?;
            expect(&text(&output), "the guest can write to `")?;
            expect(&text(&output), "6\n")?;
        }
        fs::create_dir(fixture.path("harmless"))?;
        only(&fixture.run(&["--dir", "harmless"], "7").output()?, "6\n")
    }

    /// Only root can give files away.
    fn what_is_of_others() -> Result<Completion, Failed> {
        let fixture = Fixture::new()?;
        fixture.works()?;
        let (folder, entry) = (fixture.path("cache"), fixture.entry()?);
        if chown(&entry, Some(12345), None).is_err() {
            return ignored("files cannot be given to another user");
        }
        warns(&fixture, "belongs to another user")?;
        only(&fixture.command(&["cache", "clear"]).output()?, "")
            .err()
            .ok_or("`clear` prints nothing")?;
        fixture.works()?;
        chown(&folder, Some(12345), None)?;
        warns(&fixture, "belongs to another user")?;
        Ok(Completion::Completed)
    }

    /// With the cache on a small file system of its own, in a mount namespace that ends with the
    /// command.
    fn on_tmpfs(options: &str, message: &str) -> Result<Completion, Failed> {
        let Some(unshare) = unshare() else {
            return ignored("`unshare` cannot make a mount namespace here");
        };
        let fixture = Fixture::new()?;
        fs::create_dir(fixture.path("cache"))?;
        let run = fixture.run(&[], "7");
        let mut command = Command::new("unshare");
        command.args(unshare).args(["sh", "-c"]);
        command.arg("mount -t tmpfs -o \"$1\" tmpfs \"$2\" && shift 2 && exec \"$@\"");
        command.args(["sh", options]).arg(fixture.path("cache"));
        command.arg(workspace::host()).args(run.get_args());
        workspace::clean_environment(&mut command);
        command.current_dir(fixture.sandbox.path()).env("HOST_CACHE_DIR", fixture.path("cache"));
        let output = command.output()?;
        expect(&text(&output), message)?;
        match output.stdout == b"6\n" && output.status.success() {
            true => Ok(Completion::Completed),
            false => Err(text(&output).into()),
        }
    }
}
