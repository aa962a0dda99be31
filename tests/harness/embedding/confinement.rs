//! Checks that no path and no descriptor leads out of the directories that a program was given.
//!
//! The guest here is one that wants out: it calls WASI itself, with whatever numbers and paths a
//! test has.

use std::fs;
use std::path::Path;

use host::{Directory, Host, Limits, Program, State, Wasi};
use libtest_mimic::{Failed, Trial};

use crate::embedding::guest::{GUEST, Guest};
use crate::embedding::program::program;
use crate::support::trial::{ignorable, ignored, trial};
use crate::support::workspace::Sandbox;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![
        trial("confinement::paths_stay_inside", paths_stay_inside),
        trial("confinement::names_of_any_kind", names_of_any_kind),
        trial("confinement::nothing_is_there_by_default", nothing_is_there_by_default),
    ];
    #[cfg(unix)]
    trials.extend(unix::trials());
    trials
}

/// The text that the guest may find, and the text that it may not.
const INSIDE: &str = "IN!!";
const OUTSIDE: &str = "OUT!";

fn letters(text: &str) -> i32 {
    let mut bytes = [0; 4];
    bytes.copy_from_slice(&text.as_bytes()[..4]);
    i32::from_le_bytes(bytes)
}

/// Two folders that a guest is given, and next to them one that it is not.
struct Folders {
    sandbox: Sandbox,
}

impl Folders {
    fn new() -> Result<Self, Failed> {
        let folders = Folders { sandbox: Sandbox::empty()? };
        for folder in ["in", "in/folder", "other", "out"] {
            fs::create_dir(folders.path(folder))?;
        }
        for (file, text) in
            [("in/file", INSIDE), ("in/folder/file", INSIDE), ("other/file", INSIDE)]
        {
            fs::write(folders.path(file), text)?;
        }
        fs::write(folders.path("out/secret"), OUTSIDE)?;
        fs::write(folders.path("out/file"), OUTSIDE)?;
        Ok(folders)
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.sandbox.path().join(name)
    }

    fn absolute(&self, name: &str) -> String {
        self.path(name).to_string_lossy().into_owned()
    }

    /// The guest has `in` as 3 and `other` as 4.
    fn guest(&self, host: &Host, program: &Program<State>) -> Result<Guest, Failed> {
        Guest::start(host, program, &[(&self.path("in"), "/in"), (&self.path("other"), "/other")])
    }

    /// Fails if anything outside is not as it was made.
    fn outside_is_untouched(&self) -> Result<(), Failed> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.path("out"))? {
            let entry = entry?;
            let age = entry.metadata()?.modified()?.elapsed().unwrap_or_default();
            if fs::read_to_string(entry.path())? != OUTSIDE || age.as_secs() > 1_000_000 {
                return Err(format!("`{}` was changed", entry.path().display()).into());
            }
            names.push(entry.file_name());
        }
        names.sort();
        match names == ["file", "secret"] && fs::read_dir(self.sandbox.path())?.count() == 3 {
            true => Ok(()),
            false => Err(format!("outside there is {names:?}").into()),
        }
    }
}

/// Fails unless the guest was refused, whatever the reason.
fn refused(what: &str, answer: i32) -> Result<(), Failed> {
    match answer < 0 {
        true => Ok(()),
        false => Err(format!("{what}: {answer:#x}").into()),
    }
}

/// Each way that a path goes, with each function that takes one.
fn all_refused(guest: &mut Guest, path: &str) -> Result<(), Failed> {
    for name in ["look", "stat", "touch", "mkdir", "rmdir", "unlink"] {
        refused(&format!("{name} of {path}"), guest.on_path(name, 3, path)?)?;
    }
    refused(&format!("creating {path}"), guest.create(3, path)?)?;
    refused(&format!("truncating {path}"), guest.open_as(3, path, 8, 64)?)?;
    refused(&format!("opening the folder {path}"), guest.open_as(3, path, 2, 0)?)?;
    for (from, to) in [((3, path), (3, "mine")), ((3, path), (4, "mine")), ((3, "file"), (3, path))]
    {
        let what = format!("{from:?} to {to:?}");
        refused(&format!("renaming {what}"), guest.on_two("rename", from, to)?)?;
        refused(&format!("linking {what}"), guest.link(false, from, to)?)?;
        refused(&format!("linking {what}, following"), guest.link(true, from, to)?)?;
    }
    refused(&format!("a link at {path}"), guest.symlink("file", 3, path)?)
}

fn paths_stay_inside() -> Result<(), Failed> {
    let folders = Folders::new()?;
    let host = Host::new(Limits::default())?;
    let program = Guest::program(&host)?;
    let mut guest = folders.guest(&host, &program)?;
    // Any path to a file inside works, so the refusals below are about where a path leads.
    for path in ["file", "./file", "folder/../file", "folder/./file", "folder//file"] {
        if guest.look(3, path)? != letters(INSIDE) {
            return Err(format!("{path} is not found: {}", guest.look(3, path)?).into());
        }
    }
    let outside = folders.absolute("out/secret");
    for path in [
        "../out/secret",
        "./../out/secret",
        "folder/../../out/secret",
        "folder/../folder/../../out/secret",
        "..//out//secret",
        "../in/../out/secret",
        outside.as_str(),
        &format!("/{outside}"),
        &format!("folder/..{}/..{outside}", "/..".repeat(30)),
    ] {
        all_refused(&mut guest, path)?;
    }
    for path in ["..", "/", "folder/../..", "../in", "../other", "/etc", ""] {
        refused(&format!("opening the folder {path:?}"), guest.open_as(3, path, 2, 0)?)?;
        refused(&format!("the state of {path:?}"), guest.on_path("stat", 3, path)?)?;
    }
    // A folder that was opened leads no further than the one it is in.
    let folder = guest.open_as(3, "folder", 2, 0)?;
    refused("from a folder inside", guest.look(folder, "../../out/secret")?)?;
    refused("from a folder inside to one above", guest.look(folder, "../file")?)?;
    folders.outside_is_untouched()
}

fn names_of_any_kind() -> Result<(), Failed> {
    let folders = Folders::new()?;
    let host = Host::new(Limits::default())?;
    let program = Guest::program(&host)?;
    let mut guest = folders.guest(&host, &program)?;
    let long = "x".repeat(4000);
    let deep = "x/".repeat(2000);
    for path in [
        &b"file\0"[..],
        b"\0",
        b"file\0/../../out/secret",
        b"\xff\xfe",
        b"..\xc0\xaf..\xc0\xafout/secret",
        b"%2e%2e/out/secret",
        b"..\\out\\secret",
        b"\\\\?\\C:\\",
        b"C:\\Windows",
        b"file/",
        b"file/.",
        b"file/..",
        b"file/../file",
        long.as_bytes(),
        deep.as_bytes(),
    ] {
        let shown = String::from_utf8_lossy(&path[..path.len().min(40)]).into_owned();
        refused(&shown, guest.look(3, path)?)?;
    }
    // A name may have any character that a name has on the host.
    for name in ["two words", "line\nbreak", "\u{202e}txt", "ünï", "-rf", "~", "$HOME", "*"] {
        if cfg!(windows) && name.contains(['\n', '*']) {
            continue;
        }
        let file = guest.create(3, name)?;
        let written = guest.call("write", &[file, letters(INSIDE)])?;
        let found = guest.look(3, name)?;
        if (written, found) != (0, letters(INSIDE)) || !folders.path("in").join(name).exists() {
            return Err(format!("{name:?}: opened {file}, wrote {written}, found {found}").into());
        }
    }
    // Both directories are its own, so it may move things between them.
    let moved = guest.on_two("rename", (3, "two words"), (4, "moved"))?;
    if moved != 0 || guest.look(4, "moved")? != letters(INSIDE) {
        return Err(format!("moving a file between two directories: {moved}").into());
    }
    folders.outside_is_untouched()
}

fn nothing_is_there_by_default() -> Result<(), Failed> {
    let host = Host::new(Limits::default())?;
    let program = Guest::program(&host)?;
    let mut guest = Guest::start(&host, &program, &[])?;
    let mut none = |name: &str, args: &[i32]| match guest.call(name, args)? {
        0 => Ok(()),
        count => Err(Failed::from(format!("{name}: {count}"))),
    };
    none("variables", &[])?;
    none("arguments", &[])?;
    none("sockets", &[0, 1024])?;
    none("known", &[3, 1024])?;
    for fd in [-1, 0, 1, 2, 3, 4, i32::MAX, i32::MIN] {
        for path in ["file", ".", "..", "/", "/etc/passwd"] {
            refused(&format!("{path} of {fd}"), guest.look(fd, path)?)?;
        }
    }
    Ok(())
}

#[cfg(unix)]
mod unix {
    use std::io::{BufRead, BufReader};
    use std::os::unix::fs::symlink;
    use std::process::{Command, Stdio};
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::thread;
    use std::time::{Duration, Instant};

    use host::Settings;
    use libtest_mimic::Completion;

    use super::*;
    use crate::support::commands::{expect, text};
    use crate::support::workspace;

    pub(super) fn trials() -> Vec<Trial> {
        vec![
            trial("confinement::links_stay_inside", links_stay_inside),
            trial("confinement::links_that_the_guest_makes", links_that_the_guest_makes),
            trial("confinement::races_stay_inside", races_stay_inside),
            trial("confinement::races_for_libraries", races_for_libraries),
            trial("confinement::runtime_paths_stay_inside", runtime_paths_stay_inside),
            trial("confinement::a_pipe_does_not_stop_the_clock", a_pipe_does_not_stop_the_clock),
            trial(
                "confinement::a_pipe_beside_a_module_is_no_source_map",
                a_pipe_beside_a_module_is_no_source_map,
            ),
            trial(
                "confinement::a_slow_reader_does_not_stop_the_clock",
                a_slow_reader_does_not_stop_the_clock,
            ),
            ignorable("confinement::links_of_the_system", links_of_the_system),
            trial("confinement::inherited_descriptors", inherited_descriptors),
            ignorable("confinement::descriptors_of_the_host", descriptors_of_the_host),
        ]
    }

    fn links_stay_inside() -> Result<(), Failed> {
        let folders = Folders::new()?;
        let inside = |name: &str| folders.path("in").join(name);
        for (target, link) in [
            ("file", "to-file"),
            ("folder", "to-folder"),
            ("..", "folder/up"),
            ("folder/up/folder", "round"),
            // These lead out.
            ("../out/secret", "secret"),
            ("../out", "out"),
            ("..", "up"),
            ("../in/../out", "in-and-out"),
            ("up", "up-1"),
            ("up-1", "up-2"),
            ("up-2/out/secret", "chain"),
            ("folder/up/../out/secret", "through-folder"),
            ("loop", "loop"),
            ("/", "root"),
            ("/proc/self/cwd", "cwd"),
            ("/proc/self/root", "own-root"),
        ] {
            symlink(target, inside(link))?;
        }
        symlink(folders.path("out/secret"), inside("absolute"))?;
        symlink(folders.path("out"), inside("absolute-folder"))?;
        // Even one that leads back, by a path that is not the guest's.
        symlink(folders.path("in/file"), inside("absolute-inside"))?;
        let host = Host::new(Limits::default())?;
        let program = Guest::program(&host)?;
        let mut guest = folders.guest(&host, &program)?;
        for path in
            ["to-file", "to-folder/file", "folder/up/file", "round/file", "round/../folder/file"]
        {
            if guest.look(3, path)? != letters(INSIDE) {
                return Err(format!("{path} is not found: {}", guest.look(3, path)?).into());
            }
        }
        let root = format!("root{}", folders.absolute("out/secret"));
        let own_root = format!("own-root{}", folders.absolute("out/secret"));
        for path in [
            "out/secret",
            "up/out/secret",
            "in-and-out/secret",
            "folder/up/../out/secret",
            "folder/../out/secret",
            "absolute-folder/secret",
            &root,
            &own_root,
            "cwd/Cargo.toml",
        ] {
            all_refused(&mut guest, path)?;
        }
        // The targets of these links are not reached; the links themselves are the guest's.
        for path in
            ["secret", "chain", "through-folder", "absolute", "absolute-inside", "loop", "root"]
        {
            for name in ["look", "stat", "touch"] {
                refused(&format!("{name} of {path}"), guest.on_path(name, 3, path)?)?;
            }
            refused(&format!("creating {path}"), guest.create(3, path)?)?;
            refused(&format!("truncating {path}"), guest.open_as(3, path, 8, 64)?)?;
            let followed = guest.link(true, (3, path), (4, "mine"))?;
            refused(&format!("linking what {path} leads to"), followed)?;
        }
        for path in ["out", "up", "up-2", "in-and-out", "absolute-folder", "root", "cwd"] {
            let opened = guest.open_as(3, path, 2, 0)?;
            refused(&format!("opening the folder {path}"), opened)?;
        }
        folders.outside_is_untouched()
    }

    /// The links that a guest can make never lead outside its directories.
    fn links_that_the_guest_makes() -> Result<(), Failed> {
        let folders = Folders::new()?;
        let host = Host::new(Limits::default())?;
        let program = Guest::program(&host)?;
        let mut guest = folders.guest(&host, &program)?;
        let outside = folders.absolute("out");
        for (number, target) in
            ["../out", "..", "folder/../../out", &outside, "/", "../in/../out"].iter().enumerate()
        {
            let link = format!("link-{number}");
            guest.symlink(target, 3, &link)?;
            for path in [format!("{link}/secret"), format!("{link}/out/secret")] {
                refused(&path, guest.look(3, &path)?)?;
                refused(&format!("creating {path}"), guest.create(3, &path)?)?;
                refused(&format!("removing {path}"), guest.on_path("unlink", 3, &path)?)?;
            }
        }
        // One that is harmless where it is made leads out where it is moved to.
        guest.on_path("mkdir", 3, "deep")?;
        if guest.symlink("../folder/../..", 3, "deep/link")? == 0 {
            let moved = guest.on_two("rename", (3, "deep/link"), (3, "moved"))?;
            refused("by a link that was moved", guest.look(3, "moved/out/secret")?)?;
            refused("by one to another directory", {
                guest.on_two("rename", (3, "moved"), (4, "moved"))?;
                guest.look(4, "moved/out/secret")?
            })?;
            if moved != 0 {
                return Err(format!("a link cannot be moved: {moved}").into());
            }
        }
        folders.outside_is_untouched()
    }

    /// The results of a guest while another thread replaces a folder by a link that leads out, and
    /// back.
    #[derive(Debug, Default)]
    struct Found {
        inside: usize,
        nothing: usize,
        /// The results of code that is not confined.
        outside: usize,
    }

    /// Looks until the folder was changed the given number of times, however slow the machine is.
    /// `look` answers whether it has found what is inside, or else nothing.
    fn race(
        folders: &Folders,
        mut look: impl FnMut(usize) -> Result<bool, Failed>,
        changes: usize,
    ) -> Result<(), Failed> {
        let [folder, real] = ["in/folder", "in/real"].map(|name| folders.path(name));
        let (ends, changed) = (AtomicBool::new(false), AtomicUsize::new(0));
        let plain = folders.path("in/folder/secret");
        let swap = || -> std::io::Result<usize> {
            let mut outside = 0;
            while !ends.load(Ordering::Relaxed) {
                fs::rename(&folder, &real)?;
                symlink("../out", &folder)?;
                outside += usize::from(fs::read_to_string(&plain)? == OUTSIDE);
                fs::remove_file(&folder)?;
                fs::rename(&real, &folder)?;
                changed.fetch_add(1, Ordering::Relaxed);
            }
            Ok(outside)
        };
        let (found, outside) = thread::scope(|scope| {
            let swapping = scope.spawn(swap);
            let mut found = Found::default();
            let mut looked = Ok(());
            while looked.is_ok() && !swapping.is_finished() {
                looked = look(found.inside + found.nothing).map(|inside| match inside {
                    true => found.inside += 1,
                    false => found.nothing += 1,
                });
                if changed.load(Ordering::Relaxed) >= changes {
                    break;
                }
            }
            ends.store(true, Ordering::Relaxed);
            (looked.map(|()| found), swapping.join())
        });
        let found = Found { outside: outside.map_err(|_| "a panic")??, ..found? };
        match found {
            Found { inside: 1.., nothing: 1.., outside: 1.. } => Ok(()),
            found => Err(format!("{found:?}").into()),
        }
    }

    fn races_stay_inside() -> Result<(), Failed> {
        let folders = Folders::new()?;
        let host = Host::new(Limits::default())?;
        let program = Guest::program(&host)?;
        let mut guest = folders.guest(&host, &program)?;
        let look = |time: usize| {
            let path = if time.is_multiple_of(2) { "folder/file" } else { "folder/../folder/file" };
            match guest.look(3, path)? {
                answer if answer == letters(INSIDE) => Ok(true),
                answer if answer < 0 => Ok(false),
                answer => Err(format!("found {answer:#x}").into()),
            }
        };
        race(&folders, look, 5_000)?;
        folders.outside_is_untouched()
    }

    /// Opens a library by a path, asks it which it is, and closes it; 0 if it cannot be opened.
    const OPENER: &str = include_str!("../wat/confinement-opener.wat");

    fn races_for_libraries() -> Result<(), Failed> {
        let folders = Folders::new()?;
        for (folder, number) in [("in/folder", 1), ("out", 2)] {
            // Of different sizes: what is as it was is not read again.
            let text = format!(
                r#"(module (@dylink.0 (mem-info)) (func (export "{folder}"))
                    (func (export "which") (result i32) (i32.const {number})))"#
            );
            fs::write(folders.path(folder).join("which.wasm"), wat::parse_str(text)?)?;
        }
        let limits = Limits::default().with_max_instances(None);
        let settings = Settings::default().with_limits(limits).with_libraries_in_directories(true);
        let host = Host::with(settings)?;
        let program = program(&host, "opener", OPENER)?;
        let directory = Directory::new(folders.path("in"), "/in");
        let wasi = Wasi::default().with_directories(vec![directory]);
        let mut process = host.start(&program, &wasi)?;
        let look = |_| match process.invoke("look", &[])?[0].i32() {
            Some(1) => Ok(true),
            Some(0) => Ok(false),
            other => Err(format!("a library outside was opened: {other:?}").into()),
        };
        race(&folders, look, 2_000)
    }

    /// The runtime path of a module leads to no file outside of its folder, when it is linked and
    /// when a program opens libraries.
    fn runtime_paths_stay_inside() -> Result<(), Failed> {
        let folders = Folders::new()?;
        let number = |number: u32| {
            format!(
                r#"(module (@dylink.0 (mem-info))
                    (func (export "dep") (result i32) (i32.const {number})))"#
            )
        };
        let main = |path: &str| {
            format!(
                r#"(module (@dylink.0 (mem-info) (needed "libdep.wat") (runtime-path "$ORIGIN/{path}"))
                    (import "env" "dep" (func $dep (result i32)))
                    (func (export "test") (result i32) (call $dep)))"#
            )
        };
        fs::write(folders.path("out/libdep.wat"), number(2))?;
        fs::write(folders.path("in/real.wat"), number(1))?;
        symlink("../out", folders.path("in/link"))?;
        symlink("../../out/libdep.wat", folders.path("in/folder/libdep.wat"))?;
        fs::create_dir(folders.path("in/inside"))?;
        symlink("../real.wat", folders.path("in/inside/libdep.wat"))?;
        for (name, path) in [("link", "link"), ("file", "folder"), ("inside", "inside")] {
            fs::write(folders.path(&format!("in/{name}.wat")), main(path))?;
        }
        let name = format!("link.wat{}", "\\00".repeat(13));
        fs::write(folders.path("opener.wat"), OPENER.replace("/in/folder/which.wasm", &name))?;
        let run = |args: &[&str]| -> Result<String, Failed> {
            let mut command = Command::new(workspace::host());
            workspace::clean_environment(&mut command);
            command.current_dir(folders.sandbox.path()).arg("run").args(args);
            Ok(text(&command.output()?))
        };
        for (name, outcome) in [("link", "not found"), ("file", "not found"), ("inside", "1\n")] {
            expect(&run(&["--invoke", "test", &format!("in/{name}.wat")])?, outcome)?;
        }
        expect(&run(&["-L", "in", "--invoke", "look", "opener.wat"])?, "0\n")
    }

    /// Opening a pipe waits for a writer, and the system waits on behalf of the guest.
    fn a_pipe_does_not_stop_the_clock() -> Result<(), Failed> {
        let opens = r#"(module
            (import "wasi_snapshot_preview1" "path_open" (func $open
                (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (data (i32.const 16) "pipe")
            (func (export "_start") (drop (call $open
                (i32.const 3) (i32.const 0) (i32.const 16) (i32.const 4) (i32.const 0)
                (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 8)))))"#;
        let folder = Sandbox::empty()?;
        make_pipe(&folder.path().join("pipe"))?;
        ends_in_time(folder.path(), opens, 124)
    }

    /// Nor one in the place of the source map in which a trap would be looked up.
    fn a_pipe_beside_a_module_is_no_source_map() -> Result<(), Failed> {
        let folder = Sandbox::empty()?;
        make_pipe(&folder.path().join("guest.wasm.map"))?;
        ends_in_time(folder.path(), r#"(module (func (export "_start") unreachable))"#, 134)
    }

    fn make_pipe(path: &Path) -> Result<(), Failed> {
        match Command::new("mkfifo").arg(path).status()?.success() {
            true => Ok(()),
            false => Err("`mkfifo` has failed".into()),
        }
    }

    /// Nor does a program whose output is not read.
    fn a_slow_reader_does_not_stop_the_clock() -> Result<(), Failed> {
        let prints = r#"(module
            (import "wasi_snapshot_preview1" "fd_write" (func $write
                (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (func (export "_start")
                (i32.store (i32.const 4) (i32.const 4000))
                (loop
                    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
                    (br 0))))"#;
        ends_in_time(Sandbox::empty()?.path(), prints, 124)
    }

    /// A program with a time limit ends with a status even if its output is not read.
    fn ends_in_time(folder: &Path, text: &str, expected: i32) -> Result<(), Failed> {
        fs::write(folder.join("guest.wasm"), wat::parse_str(text)?)?;
        let mut command = Command::new(workspace::host());
        workspace::clean_environment(&mut command);
        command.args(["run", "--dir", ".", "--timeout", "300ms", "guest.wasm"]);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.current_dir(folder).spawn()?;
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(30) {
            match child.try_wait()? {
                Some(status) if status.code() == Some(expected) => return Ok(()),
                Some(status) => return Err(format!("it ended with {status}").into()),
                None => thread::sleep(Duration::from_millis(10)),
            }
        }
        child.kill()?;
        child.wait()?;
        Err("the time limit did not end it".into())
    }

    /// The links by which a system shows what a process has open lead nowhere, even in a directory
    /// of theirs.
    fn links_of_the_system() -> Result<Completion, Failed> {
        let (proc, dev) = (Path::new("/proc"), Path::new("/dev"));
        if !proc.join("self/fd").exists() || !dev.join("fd").exists() {
            return ignored("there is no /proc here");
        }
        let host = Host::new(Limits::default())?;
        let program = Guest::program(&host)?;
        let mut guest = Guest::start(&host, &program, &[(proc, "/proc"), (dev, "/dev")])?;
        if guest.look(3, "self/stat")? < 0 {
            return Err("/proc cannot be read at all".into());
        }
        for (fd, path) in [
            (3, "self/root/etc/passwd"),
            (3, "self/cwd/Cargo.toml"),
            (3, "self/exe"),
            (3, "self/fd/0"),
            (3, "self/fd/1"),
            (4, "fd/0"),
            (4, "stdin"),
            (4, "stdout"),
        ] {
            refused(path, guest.look(fd, path)?)?;
        }
        Ok(Completion::Completed)
    }

    /// `host run` in a folder with the guest.
    fn run(folder: &Path, options: &[&str]) -> Result<Command, Failed> {
        fs::write(folder.join("guest.wasm"), wat::parse_str(GUEST)?)?;
        let mut command = Command::new("sh");
        workspace::clean_environment(&mut command);
        // All that a shell can name.
        let open = "exec 3</etc/passwd 4</etc/passwd 5</ 6>>log 7<>log 8</dev/null 9</etc/passwd; exec \"$@\"";
        command.args(["-c", open, "sh"]).arg(workspace::host()).arg("run").args(options);
        command.current_dir(folder);
        Ok(command)
    }

    fn inherited_descriptors() -> Result<(), Failed> {
        let folder = Sandbox::empty()?;
        let known = ["--invoke", "known", "guest.wasm", "3", "1024"];
        let output = run(folder.path(), &known)?.output()?;
        if text(&output) != "0\n" {
            return Err(text(&output).into());
        }
        // With a directory there is one.
        let options = [&["--dir", "."], &known[..]].concat();
        match text(&run(folder.path(), &options)?.output()?).as_str() {
            "1\n" => Ok(()),
            other => Err(other.to_owned().into()),
        }
    }

    /// While a guest runs, no module that was read for it is open any more. Compiled code from the
    /// cache is: it is mapped, and Wasmtime maps parts of it once more for new instances. It is open
    /// for reading only.
    fn descriptors_of_the_host() -> Result<Completion, Failed> {
        if !Path::new("/proc/self/fd").exists() {
            return ignored("there is no /proc here");
        }
        let folder = Sandbox::empty()?;
        let waits = include_str!("../wat/confinement-waits.wat");
        fs::write(folder.path().join("waits.wasm"), wat::parse_str(waits)?)?;
        let cache = folder.path().join("cache");
        // The first compiles, the second takes what was compiled.
        for _ in 0..2 {
            let mut command = Command::new(workspace::host());
            workspace::clean_environment(&mut command);
            command.args(["run", "waits.wasm"]).current_dir(folder.path());
            command.env("HOST_CACHE_DIR", &cache).stdin(Stdio::piped()).stdout(Stdio::piped());
            let mut child = command.spawn()?;
            let mut line = String::new();
            let stdout = child.stdout.take().ok_or("no standard output")?;
            BufReader::new(stdout).read_line(&mut line)?;
            let open = fs::read_dir(format!("/proc/{}/fd", child.id()))?;
            let open: Vec<_> =
                open.flatten().filter_map(|e| fs::read_link(e.path()).ok()).collect();
            drop(child.stdin.take());
            let status = child.wait()?;
            if line != "ready\n" || !status.success() || open.len() < 3 {
                return Err(format!("{line:?}, {status}, {open:?}").into());
            }
            let is_code =
                |file: &&std::path::PathBuf| file.extension().is_some_and(|end| end == "code");
            let mut of_guest = open.iter().filter(|file| file.starts_with(folder.path()));
            if let Some(file) = of_guest.find(|file| !is_code(file)) {
                return Err(format!("`{}` is still open", file.display()).into());
            }
        }
        match fs::read_dir(&cache)?.count() {
            1 => Ok(Completion::Completed),
            count => Err(format!("{count} entries in the cache").into()),
        }
    }
}
