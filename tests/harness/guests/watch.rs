//! `host run --watch`: files that change, break and disappear while a program is watched.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use libtest_mimic::{Failed, Trial};

use crate::support::follow::Followed;
use crate::support::trial::trial;
use crate::support::workspace::{self, Sandbox};

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![
        trial("watch::a_change_is_run", change),
        trial("watch::a_failing_link_is_mended", failing_link),
        trial("watch::a_file_may_be_written_in_pieces", pieces),
        trial("watch::a_file_may_be_replaced_by_rename", rename),
        trial("watch::a_folder_may_disappear_and_come_back", folder),
        trial("watch::libraries_are_watched", libraries),
        trial("watch::an_endless_guest_is_replaced", endless),
        trial("watch::traps_do_not_end_it", traps),
        trial("watch::arguments_are_those_of_the_guest", arguments),
    ];
    if cfg!(unix) {
        trials.push(trial("watch::an_interruption_ends_everything", interruption));
        trials.push(trial("watch::the_current_folder_may_be_replaced", current_folder));
    }
    trials
}

/// A folder with a program that is watched.
struct Watched {
    sandbox: Sandbox,
}

impl Watched {
    fn new() -> Result<Self, Failed> {
        Ok(Watched { sandbox: Sandbox::empty()? })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.sandbox.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> Result<(), Failed> {
        Ok(fs::write(self.path(name), text)?)
    }

    /// Starts `host run --watch` with these arguments, and waits until it watches.
    fn start(&self, args: &[&str]) -> Result<Followed, Failed> {
        self.start_in("", args)
    }

    fn start_in(&self, folder: &str, args: &[&str]) -> Result<Followed, Failed> {
        let mut command = Command::new(workspace::host());
        workspace::clean_environment(&mut command);
        command.args(["run", "--watch"]).args(args).current_dir(self.path(folder));
        let mut followed = Followed::start(&mut command)?;
        followed.messages.wait_for("watching ")?;
        followed.messages.wait_for("; interrupt to end\n")?;
        Ok(followed)
    }
}

/// The arguments that call the function of [`answer`].
const ANSWER: [&str; 3] = ["--invoke", "answer", "main.wat"];

/// A module whose function `answer` returns a number.
fn answer(number: i32) -> String {
    format!("(module (func (export \"answer\") (result i32) (i32.const {number})))")
}

fn change() -> Result<(), Failed> {
    let folder = Watched::new()?;
    folder.write("main.wat", answer(1))?;
    let mut host = folder.start(&ANSWER)?;
    host.output.wait_for("1\n")?;
    host.messages.wait_for("ran in ")?;
    for number in [22, 333] {
        folder.write("main.wat", answer(number))?;
        host.output.wait_for(&format!("{number}\n"))?;
        host.messages.wait_for("main.wat changed: ran in ")?;
    }
    Ok(())
}

fn failing_link() -> Result<(), Failed> {
    let folder = Watched::new()?;
    let library =
        |name: &str| format!("(module (func (export \"{name}\") (result i32) i32.const 5))");
    let main = "(module (import \"lib\" \"five\" (func $five (result i32)))
        (func (export \"answer\") (result i32) (call $five)))";
    folder.write("main.wat", main)?;
    folder.write("lib.wat", library("four"))?;
    let mut host = folder.start(&["--preload", "lib=lib.wat", "--invoke", "answer", "main.wat"])?;
    host.messages.wait_for("needs `lib.five`")?;
    host.messages.wait_for("exit status 1 after ")?;
    folder.write("lib.wat", library("five"))?;
    host.output.wait_for("5\n")?;
    host.messages.wait_for("lib.wat changed: ran in ").map(drop)
}

fn pieces() -> Result<(), Failed> {
    let folder = Watched::new()?;
    let (first, second) = (wat::parse_str(answer(1))?, wat::parse_str(answer(2))?);
    folder.write("main.wasm", &first)?;
    let mut host = folder.start(&["--invoke", "answer", "main.wasm"])?;
    host.output.wait_for("1\n")?;
    folder.write("main.wasm", &second[..second.len() / 2])?;
    host.messages.wait_for("main.wasm changed: exit status 1 after ")?;
    folder.write("main.wasm", &second)?;
    host.output.wait_for("2\n")?;
    host.messages.wait_for("main.wasm changed: ran in ").map(drop)
}

fn rename() -> Result<(), Failed> {
    let folder = Watched::new()?;
    folder.write("main.wat", answer(1))?;
    let mut host = folder.start(&ANSWER)?;
    host.output.wait_for("1\n")?;
    for number in [2, 3] {
        folder.write("new", answer(number))?;
        fs::rename(folder.path("new"), folder.path("main.wat"))?;
        host.output.wait_for(&format!("{number}\n"))?;
    }
    Ok(())
}

fn folder() -> Result<(), Failed> {
    let folder = Watched::new()?;
    fs::create_dir(folder.path("build"))?;
    folder.write("build/main.wat", answer(1))?;
    let mut host = folder.start(&["--invoke", "answer", "build/main.wat"])?;
    host.output.wait_for("1\n")?;
    fs::remove_dir_all(folder.path("build"))?;
    host.messages.wait_for("waiting for main.wat, which is missing\n")?;
    fs::create_dir(folder.path("build"))?;
    folder.write("build/main.wat", answer(2))?;
    host.output.wait_for("2\n")?;
    fs::rename(folder.path("build"), folder.path("away"))?;
    host.messages.wait_for("waiting for main.wat, which is missing\n")?;
    fs::rename(folder.path("away"), folder.path("build"))?;
    host.output.wait_for("2\n").map(drop)
}

/// On Windows, nobody can remove the current folder of a program.
fn current_folder() -> Result<(), Failed> {
    let folder = Watched::new()?;
    fs::create_dir(folder.path("build"))?;
    folder.write("build/main.wat", answer(1))?;
    let mut host = folder.start_in("build", &ANSWER)?;
    host.output.wait_for("1\n")?;
    for number in [2, 3] {
        fs::remove_dir_all(folder.path("build"))?;
        host.messages.wait_for("waiting for main.wat, which is missing\n")?;
        fs::create_dir(folder.path("build"))?;
        folder.write("build/main.wat", answer(number))?;
        host.output.wait_for(&format!("{number}\n"))?;
    }
    Ok(())
}

fn libraries() -> Result<(), Failed> {
    let folder = Watched::new()?;
    fs::create_dir(folder.path("libs"))?;
    let main = "(module (@dylink.0 (mem-info) (needed \"one.wasm\"))
        (import \"env\" \"one\" (func $one (result i32)))
        (func (export \"answer\") (result i32) (call $one)))";
    let library = |number: i32| {
        let text =
            "(module (@dylink.0 (mem-info)) (func (export \"one\") (result i32) (i32.const N)))";
        wat::parse_str(text.replace('N', &number.to_string()))
    };
    folder.write("main.wat", main)?;
    let mut host = folder.start(&["-L", "libs", "--invoke", "answer", "main.wat"])?;
    host.messages.wait_for("exit status 1 after ")?;
    folder.write("libs/one.wasm", library(1)?)?;
    host.output.wait_for("1\n")?;
    host.messages.wait_for("one.wasm changed: ran in ")?;
    folder.write("libs/other.wasm", library(3)?)?;
    folder.write("libs/one.wasm", library(2)?)?;
    host.output.wait_for("2\n")?;
    host.messages.wait_for("one.wasm changed: ran in ").map(drop)
}

/// A command that says that it runs, and runs until it is ended.
const ENDLESS: &str = "(module
    (import \"wasi_snapshot_preview1\" \"fd_write\"
        (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export \"memory\") 1)
    (data (i32.const 0) \"\\08\\00\\00\\00\\08\\00\\00\\00running\\n\")
    (func (export \"_start\")
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))
        (loop (br 0))))";

fn endless() -> Result<(), Failed> {
    let folder = Watched::new()?;
    folder.write("main.wat", ENDLESS)?;
    let mut host = folder.start(&["main.wat"])?;
    host.output.wait_for("running\n")?;
    folder.write("main.wat", "(module (func (export \"_start\")))")?;
    host.messages.wait_for("main.wat changed while the guest ran, and ended it\n")?;
    host.messages.wait_for("main.wat changed: ran in ").map(drop)
}

fn traps() -> Result<(), Failed> {
    let folder = Watched::new()?;
    folder.write("main.wat", "(module (func (export \"_start\") unreachable))")?;
    let mut host = folder.start(&["main.wat"])?;
    host.messages.wait_for("exit status 134 after ")?;
    folder.write("main.wat", "(module (func (export \"_start\")))")?;
    host.messages.wait_for("main.wat changed: ran in ").map(drop)
}

/// An argument of the guest may have the name of the option.
fn arguments() -> Result<(), Failed> {
    let folder = Watched::new()?;
    folder.write("main.wat", answer(1))?;
    let mut host = folder.start(&["--invoke", "answer", "main.wat", "--watch"])?;
    let message = host.messages.wait_for("exit status 1 after ")?;
    crate::support::commands::expect(&message, "argument")
}

#[cfg(unix)]
fn interruption() -> Result<(), Failed> {
    use rustix::process::Signal;
    let folder = Watched::new()?;
    folder.write("main.wat", ENDLESS)?;
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let mut host = folder.start(&["main.wat"])?;
        host.output.wait_for("running\n")?;
        let status = host.end(signal)?;
        if status != Some(130) {
            return Err(format!("{signal:?}: the status is {status:?}").into());
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn interruption() -> Result<(), Failed> {
    Ok(())
}
