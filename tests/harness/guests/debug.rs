//! Source lines of both languages after they became one module: from its source map and its debug
//! information.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::support::trial::{ignorable, ignored};
use libtest_mimic::{Completion, Failed, Trial};
use linker::{FuseOptions, InputModule, NoLibraries, Origin, Plan, Set, SourceLine};

use crate::support::compile::{self, Role};
use crate::support::console;
use crate::support::workspace::{self, Sandbox};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("source_map_tells_what_the_modules_do", source_map),
        trial("debug_information_tells_what_the_modules_do", debug_information),
        trial("other_source_maps_tell_nothing", other_maps),
        trial("every_instruction_keeps_its_lines", every_instruction),
    ]
}

fn trial(name: &str, run: fn(&Path) -> Result<(), Failed>) -> Trial {
    ignorable(format!("debug::{name}"), move || {
        let folder = workspace::root().join("tests").join("debug");
        let sources =
            [(folder.join("main.rs"), Role::Main), (folder.join("lib.cpp"), Role::Shared)];
        if let Some(reason) = compile::missing_compiler(&sources[1].0) {
            return ignored(&reason);
        }
        let sandbox = Sandbox::empty()?;
        for (source, role) in &sources {
            let module = sandbox.path().join(compile::stem(source)).with_extension("wasm");
            compile::compile(source, *role, &module)?;
        }
        run(sandbox.path())?;
        Ok(Completion::Completed)
    })
}

fn host(folder: &Path, args: &[&str]) -> Result<Output, Failed> {
    let mut host = Command::new(workspace::host());
    workspace::clean_environment(&mut host);
    Ok(host.current_dir(folder).args(args).output()?)
}

fn fuse(folder: &Path, args: &[&str]) -> Result<(), Failed> {
    let output = host(folder, &[&["fuse", "--link", "lib.wasm", "main.wasm"], args].concat())?;
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned().into()),
    }
}

/// Returns the message for a program's trap.
fn backtrace(folder: &Path, args: &[&str]) -> Result<String, Failed> {
    let output = host(folder, &[&["run", "--invoke", "test"], args].concat())?;
    Ok(String::from_utf8(output.stderr)?)
}

const EXPECTED: &str = "\
error: `test` trapped: wasm `unreachable` instruction executed
wasm backtrace:
  0: main!rust_inner
       at [..]main.rs:21
       at [..]main.rs:15
  1: lib!int tests::middle<int>(int)[..]
       at [..]lib.cpp:13
  2: lib!cpp_middle
       at [..]lib.cpp:23
  3: main!test
       at [..]main.rs:10
";

fn source_map(folder: &Path) -> Result<(), Failed> {
    let unfused = backtrace(folder, &["--link", "lib.wasm", "main.wasm"])?;
    console::same(&unfused, EXPECTED, "actual is the program that is not fused")?;
    fuse(folder, &["-o", "app.wasm"])?;
    console::same(&backtrace(folder, &["app.wasm"])?, &unfused, "actual is the fused program")?;
    let (module, map) =
        (fs::read(folder.join("app.wasm"))?, fs::read(folder.join("app.wasm.map"))?);
    fuse(folder, &["-o", "again.wasm"])?;
    assert!(module == fs::read(folder.join("again.wasm"))?, "another module");
    assert!(map == fs::read(folder.join("again.wasm.map"))?, "another map");
    assert!(!contains(&module, ".debug_") && !contains(&module, "sourceMappingURL"));
    fuse(folder, &["-o", "web.wasm", "--source-map-url", "web.wasm.map"])?;
    assert!(contains(&fs::read(folder.join("web.wasm"))?, "sourceMappingURL\x0cweb.wasm.map"));
    console::same(&backtrace(folder, &["web.wasm"])?, &unfused, "actual is with the URL")
}

fn debug_information(folder: &Path) -> Result<(), Failed> {
    fuse(folder, &["-g", "-o", "app.wasm"])?;
    let module = fs::read(folder.join("app.wasm"))?;
    linker::validate("app", &module)?;
    console::same(&backtrace(folder, &["app.wasm"])?, EXPECTED, "actual is with both")?;
    fs::remove_file(folder.join("app.wasm.map"))?;
    // Debug information knows no modules.
    let expected = EXPECTED.replace("main!", "app!").replace("lib!", "app!");
    console::same(&backtrace(folder, &["app.wasm"])?, &expected, "actual is with -g alone")?;
    assert!(contains(&module, "_ZN5tests6middleIiEEiT_"), "a name is gone");
    assert!(!contains(&module, "needless"), "what nobody needs is there");
    fuse(folder, &["-g", "-o", "again.wasm"])?;
    assert!(module == fs::read(folder.join("again.wasm"))?, "another module");
    Ok(())
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// A map of another file gives a warning. A file that is not a map, or a hostile one, does not: the
/// lines are missing.
fn other_maps(folder: &Path) -> Result<(), Failed> {
    fuse(folder, &["-o", "app.wasm"])?;
    let map = fs::read_to_string(folder.join("app.wasm.map"))?;
    fs::remove_file(folder.join("app.wasm.map"))?;
    let bare = backtrace(folder, &["app.wasm"])?;
    assert!(!bare.contains(" at ") && bare.contains("app!rust_inner"), "{bare}");
    let with = |map: &[u8]| -> Result<String, Failed> {
        fs::write(folder.join("app.wasm.map"), map)?;
        backtrace(folder, &["app.wasm"])
    };
    let stale = map.replace("\"x_sha256\":\"", "\"x_sha256\":\"0");
    let help = "help: `app.wasm.map` is of another file than the one beside it, and was not used; \
                write both anew with `host fuse`\n";
    console::same(
        &with(stale.as_bytes())?,
        &format!("{bare}{help}"),
        "actual is with a stale map",
    )?;
    let nested = "[".repeat(1 << 20);
    let half = &map[..map.len() / 2];
    for other in ["", "{}", "[1]", "\0", half, &nested, &map.replace("\"x_sha256\":\"", "\"x\":\"")]
    {
        console::same(&with(other.as_bytes())?, &bare, "actual is with what is no map")?;
    }
    let field = |name: &str| -> Result<String, Failed> {
        let start = map.find(&format!("\"{name}\":")).ok_or("no such field")? + name.len() + 3;
        let end = map[start..].find("\",").ok_or("it has no end")?;
        Ok(map[start..start + end + 1].to_owned())
    };
    let mappings = field("mappings")?;
    for hostile in ["", "AAAA", "gggggggggggggggB", "D,D", "A~AA", ";;;", "+++++++B", ",,,,"] {
        let text = with(map.replace(&mappings, &format!("\"{hostile}\"")).as_bytes())?;
        assert!(text.contains("main!rust_inner") && !text.contains("panicked"), "{text}");
    }
    let hostile = map.replace("main.rs", "\\u001b[2J");
    assert!(!with(hostile.as_bytes())?.contains('\u{1b}'));
    Ok(())
}

/// In the fused module each instruction has the lines that it had in its own, by debug information
/// and by the source map.
fn every_instruction(folder: &Path) -> Result<(), Failed> {
    let load = |name: &str| -> Result<InputModule, Failed> {
        Ok(InputModule::load(name, fs::read(folder.join(name).with_extension("wasm"))?)?)
    };
    let plan = Plan::new(Set::gather(load("main")?, vec![load("lib")?], &mut NoLibraries)?)?;
    let inlined = same_lines(&plan, &FuseOptions::default().with_debug(true))?;
    assert_eq!(inlined, 0, "debug information has no inlined functions");
    let inlined = same_lines(&plan, &FuseOptions::default())?;
    assert!(inlined > 0, "nothing is inlined");
    Ok(())
}

/// Compares the lines of each instruction of a fused module with those that it had before. Those of
/// an inlined function are followed by those of the call. Returns the number of instructions of
/// inlined functions.
fn same_lines(plan: &Plan, options: &FuseOptions) -> Result<usize, Failed> {
    let bound = plan.fuse(options)?;
    let fused = &bound.modules[0];
    let map = fused.source_map(plan.set()).ok_or("no map")?.read();
    let (mut compared, mut inlined) = (0, 0);
    for offset in 0..fused.bytes.len() {
        let origins = fused.origins(plan.set(), offset);
        // Instructions are longer than a byte: only their beginnings count.
        let again = offset.checked_sub(1).map(|before| fused.origins(plan.set(), before));
        if origins.is_empty() || again.as_ref() == Some(&origins) {
            continue;
        }
        let inputs = &plan.set().inputs;
        let lines = |at: &Origin| linker::source_lines(&inputs[at.module].bytes, at.offset);
        let old: Vec<_> = origins.iter().flat_map(lines).collect();
        let same = |new: Vec<SourceLine>, how: &str| match new == old {
            true => Ok(()),
            false => Err(format!("by {how} {offset} is {new:?}, but was {old:?}")),
        };
        if options.debug {
            same(linker::source_lines(&fused.bytes, offset), "debug information")?;
        }
        if old.iter().all(|source| source.line.is_some() && source.column.is_some()) {
            same(map.lines(offset), "the source map")?;
        }
        compared += usize::from(!old.is_empty());
        inlined += usize::from(origins.len() > 1);
    }
    assert!(compared > 20, "{compared} instructions have lines");
    Ok(inlined)
}
