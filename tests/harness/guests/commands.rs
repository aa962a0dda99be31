//! Commands end as calls of a function do: destructors run and what libc holds back is written, in
//! every mode, in a fused file on another engine too, whichever way they end.

use std::fs;
use std::path::Path;
use std::process::Command;

use libtest_mimic::{Completion, Failed, Trial};

use crate::support::node::node;
use crate::support::trial::{ignorable, ignored};

use crate::support::compile::{self, MAIN, Role};
use crate::support::console;
use crate::support::workspace::{self, Sandbox};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        ignorable("commands::of_rust_with_cpp", of_rust_with_cpp),
        ignorable("commands::of_c", of_c),
    ]
}

/// A way to end, what is printed then and in the file, and the status.
const ENDS: [(&str, &str, &str); 5] = [
    ("return", "Rust begins\nC++ holds back; destroyed\n", "unclosed"),
    ("code", "Rust begins\nC++ holds back; destroyed\n? 5\n", "unclosed"),
    ("exit", "Rust begins\nC++ holds back; destroyed\n? 3\n", "unclosed"),
    ("leave", "Rust begins\nC++ holds back; destroyed\n? 4\n", "unclosed"),
    ("leave_now", "Rust begins\n? 6\n", ""),
];

fn of_rust_with_cpp() -> Result<Completion, Failed> {
    let sources = workspace::root().join("tests").join("commands");
    let (library, main) = (sources.join("lib.cpp"), sources.join("main.rs"));
    if let Some(reason) = compile::missing_compiler(&library) {
        return ignored(&reason);
    }
    let sandbox = Sandbox::empty()?;
    let folder = sandbox.path();
    compile::compile(&library, Role::Shared, &folder.join("lib.wasm"))?;
    rust_command(&main, &folder.join("main.wasm"))?;
    let programs = programs(folder, &["--link", "lib.wasm"])?;
    for (end, expected, file) in ENDS {
        for program in &programs {
            let printed = run(folder, program, &[end])?;
            console::same(&printed, expected, &format!("`{end}` of {program:?}"))?;
            let written = fs::read_to_string(folder.join("out/note.txt"))?;
            console::same(&written, file, &format!("the file after `{end}` of {program:?}"))?;
        }
    }
    for program in programs.iter().filter(|program| program[0] != "node") {
        // A trap is no end of the program's own.
        let expected = "Rust begins\n? 134\n";
        console::same(&run(folder, program, &["panic"])?, expected, &format!("{program:?}"))?;
    }
    Ok(Completion::Completed)
}

fn of_c() -> Result<Completion, Failed> {
    let source = workspace::root().join("tests").join("commands").join("main.c");
    if let Some(reason) = compile::missing_compiler(&source) {
        return ignored(&reason);
    }
    let sandbox = Sandbox::empty()?;
    let folder = sandbox.path();
    compile::compile(&source, Role::Shared, &folder.join("main.wasm"))?;
    for program in programs(folder, &[])? {
        let expected = "3 arguments, the last is two? 3\n";
        let printed = run(folder, &program, &["one", "two"])?;
        console::same(&printed, expected, &format!("{program:?}"))?;
    }
    Ok(Completion::Completed)
}

/// Returns the command lines of a program in every form, without its arguments.
fn programs(folder: &Path, links: &[&str]) -> Result<Vec<Vec<String>>, Failed> {
    fs::create_dir(folder.join("out"))?;
    let with = |before: &[&str], after: &[&str]| -> Vec<String> {
        before.iter().chain(after).map(|word| (*word).to_owned()).collect()
    };
    for write in [&["fuse", "-o", "fused.wasm"][..], &["compile", "-o", "compiled.cwasm"]] {
        let words = [write, links, &["main.wasm"]].concat();
        let output = host(folder).args(words).output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
    }
    let run = ["host", "run", "--dir", "out::/out"];
    let linked = [links, &["main.wasm"]].concat();
    let mut programs = vec![
        with(&run, &linked),
        with(&run, &[&["--mode", "separate"], linked.as_slice()].concat()),
        with(&run, &["fused.wasm"]),
        with(&run, &["--allow-precompiled", "compiled.cwasm"]),
    ];
    let start = workspace::root().join("tests").join("engines").join("start.mjs");
    let node = node().map(|_| {
        with(&["node", "--no-warnings", &start.to_string_lossy(), "fused.wasm", "out"], &[])
    });
    programs.extend(node);
    Ok(programs)
}

fn host(folder: &Path) -> Command {
    let mut host = Command::new(workspace::host());
    workspace::clean_environment(&mut host);
    host.current_dir(folder);
    host
}

/// Returns what a program prints, and its status.
fn run(folder: &Path, program: &[String], args: &[&str]) -> Result<String, Failed> {
    let mut command = match program[0].as_str() {
        "host" => host(folder),
        _ => {
            let mut command = Command::new(node().ok_or("node is missing")?);
            workspace::clean_environment(&mut command);
            command.current_dir(folder);
            command
        }
    };
    let output = command.args(&program[1..]).args(args).output()?;
    Ok(String::from_utf8(output.stdout)? + &console::status(output.status))
}

fn rust_command(source: &Path, module: &Path) -> Result<(), Failed> {
    let mut rustc = Command::new("rustc");
    rustc.args(["--edition", "2024", "-O", "--target", "wasm32-wasip1"]);
    rustc.args(MAIN.iter().flat_map(|arg| ["-C".to_owned(), format!("link-arg={arg}")]));
    compile::run(rustc.arg(source).arg("-o").arg(module))
}
