//! The dependencies that each crate may have, and what is compiled more than once.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use libtest_mimic::{Failed, Trial};

use crate::support::markdown::code_spans;
use crate::support::trial::trial;
use crate::support::workspace;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("rules::only_host_has_wasmtime", only_host_has_wasmtime),
        trial("rules::guests_depend_on_nothing", guests_depend_on_nothing),
        trial("rules::crates_depend_only_on_those_below", crates_depend_only_on_those_below),
        trial("rules::linker_is_pure", linker_is_pure),
        trial("rules::unsafe_is_forbidden_where_none_is", unsafe_is_forbidden_where_none_is),
        trial("rules::wasmtime_is_compiled_once", wasmtime_is_compiled_once),
    ]
}

/// Checks that each promise of SECURITY.md is tested: each test in the last column of its tables is
/// the name, or a part of the names, of existing tests.
pub(crate) fn security(tests: Vec<String>) -> Trial {
    trial("rules::promises_are_tested", move || {
        let text = fs::read_to_string(workspace::root().join("SECURITY.md"))?;
        let rows = text.lines().filter(|line| line.starts_with("| ") && !line.contains("| Test |"));
        for row in rows {
            let named = row.trim_end_matches(" |").rsplit(" | ").next().unwrap_or_default();
            let named: Vec<_> = code_spans(named).collect();
            let unknown = |part: &&&str| !tests.iter().any(|test| test.contains(**part));
            if named.is_empty() || named.iter().any(|part| unknown(&part)) {
                return Err(format!("no such tests: {row}").into());
            }
        }
        Ok(())
    })
}

/// `NAME vVERSION FEATURES` of all that a set of packages is built from.
fn tree(packages: &[&str], edges: &str) -> Result<BTreeSet<String>, Failed> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    workspace::clean_environment(&mut cargo);
    cargo.current_dir(workspace::root());
    cargo.args(["tree", "--prefix", "none", "--no-dedupe", "--format", "{p} {f}", "-e", edges]);
    for package in packages {
        cargo.args(["-p", package]);
    }
    let output = cargo.output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    let text = String::from_utf8(output.stdout)?;
    Ok(text.lines().map(|line| line.trim_end_matches(" (*)").trim().to_owned()).collect())
}

fn names(tree: &BTreeSet<String>) -> BTreeSet<&str> {
    tree.iter().filter_map(|line| line.split(' ').next()).collect()
}

fn only_host_has_wasmtime() -> Result<(), Failed> {
    for package in ["driver", "linker", "watch", "xtask"] {
        let tree = tree(&[package], "normal,build,dev")?;
        if let Some(name) = names(&tree).iter().find(|name| name.starts_with("wasmtime")) {
            return Err(format!("{package} depends on {name}").into());
        }
    }
    Ok(())
}

fn guests_depend_on_nothing() -> Result<(), Failed> {
    for guest in ["calc", "tour"] {
        let tree = tree(&[guest], "normal,build,dev")?;
        if names(&tree) != BTreeSet::from([guest]) {
            return Err(format!("{guest} depends on {tree:?}").into());
        }
    }
    Ok(())
}

fn crates_depend_only_on_those_below() -> Result<(), Failed> {
    let ours = [
        "bindings",
        "calc",
        "driver",
        "host",
        "linker",
        "tests",
        "tour",
        "tour-cxx",
        "wasmtime-c",
        "watch",
        "xtask",
    ];
    let allowed = [
        ("bindings", vec!["bindings"]),
        ("calc", vec!["calc"]),
        ("tour", vec!["tour"]),
        ("tour-cxx", vec!["tour-cxx"]),
        ("linker", vec!["linker"]),
        ("driver", vec!["driver"]),
        ("watch", vec!["watch"]),
        ("host", vec!["driver", "host", "linker", "watch"]),
        // For Wasmtime's features, which are then the same.
        ("wasmtime-c", vec!["driver", "host", "linker", "wasmtime-c", "watch"]),
        ("xtask", vec!["driver", "linker", "watch", "xtask"]),
        ("tests", vec!["calc", "driver", "host", "linker", "tests", "watch"]),
    ];
    for (package, allowed) in allowed {
        let tree = tree(&[package], "normal,build,dev")?;
        let found: Vec<_> = names(&tree).into_iter().filter(|name| ours.contains(name)).collect();
        if found != allowed {
            return Err(format!("{package} depends on {found:?}, not on {allowed:?}").into());
        }
    }
    Ok(())
}

/// Bytes in, data out: no files, no processes, no clock, no output.
fn linker_is_pure() -> Result<(), Failed> {
    let forbidden = ["std::fs", "std::process", "std::env", "std::net", "std::time", "println!"];
    for path in workspace::rust_files(&workspace::root().join("linker").join("src"))? {
        let text = fs::read_to_string(&path)?;
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in code {
            if let Some(word) = forbidden.iter().find(|word| line.contains(**word)) {
                return Err(format!("{}: `{word}` in `{}`", path.display(), line.trim()).into());
            }
        }
    }
    Ok(())
}

/// Checks that crates without `unsafe` forbid it, so that the compiler refuses it.
fn unsafe_is_forbidden_where_none_is() -> Result<(), Failed> {
    for file in [
        "xtask/bindings/src/main.rs",
        "linker/src/lib.rs",
        "host/watch/src/lib.rs",
        "xtask/src/main.rs",
    ] {
        let text = fs::read_to_string(workspace::root().join(file))?;
        if !text.lines().any(|line| line == "#![forbid(unsafe_code)]") {
            return Err(format!("{file} does not forbid unsafe code").into());
        }
    }
    Ok(())
}

/// The features of what `host` is built from are the same alone, with the tests, and in the C API,
/// so that cargo does not compile Wasmtime again for them.
fn wasmtime_is_compiled_once() -> Result<(), Failed> {
    let alone = tree(&["host"], "normal,build")?;
    let ours = names(&alone);
    let shared = |line: &String| line.split(' ').next().is_some_and(|name| ours.contains(name));
    for (packages, edges) in
        [(&["host", "linker", "tests"][..], "normal,build,dev"), (&["wasmtime-c"], "normal,build")]
    {
        let other: BTreeSet<_> = tree(packages, edges)?.into_iter().filter(shared).collect();
        if alone != other {
            let differing: Vec<_> = alone.symmetric_difference(&other).collect();
            return Err(format!("other features for {packages:?}: {differing:?}").into());
        }
    }
    Ok(())
}
