//! `cargo xtask doctor`: lists the tools, and which of them are installed.

use std::process::Command;

use anyhow::bail;

use crate::build::bindings::{self, Libclang};
use crate::commands::setup;
use crate::support::process;
use crate::support::progress::print;
use crate::support::project::Project;
use crate::tools::find;
use crate::tools::tool::Tool;
use crate::tools::zig::Zig;

/// The mark of a tool that is missing.
const MISSING: &str = "✘";

pub(crate) fn run(project: &Project) -> anyhow::Result<()> {
    let header = ["", "tool", "needed for", "found"].map(str::to_owned);
    let tools = Tool::ALL.map(|tool| row(project, tool));
    let optional = [libclang(project)?, zig(project)];
    let rows: Vec<_> = [header, rust()].into_iter().chain(tools).chain(optional).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let tool_width = width(1);
    let use_width = width(2);
    let line = |[mark, tool, needed_for, found]: &[String; 4]| {
        format!("{mark:1} {tool:tool_width$}  {needed_for:use_width$}  {found}\n")
    };
    print(&rows.iter().map(line).collect::<String>())?;
    let missing = rows.iter().filter(|[mark, ..]| mark == MISSING).count();
    if missing > 0 {
        bail!("{missing} missing: run `cargo xtask setup`");
    }
    Ok(())
}

/// Returns the row of the Rust toolchain. It has built this program, so it is installed.
fn rust() -> [String; 4] {
    let mut command = Command::new("rustc");
    command.arg("--version");
    let version = process::read(command).unwrap_or_default();
    ["✔".into(), "Rust".into(), "everything".into(), version]
}

/// Returns the row of Zig, which most builds do without.
fn zig(project: &Project) -> [String; 4] {
    let (mark, found) = match Zig::find(project) {
        Some(zig) => ("✔", format!("{} ({})", zig.program.display(), zig.version)),
        None => ("", "not installed: cargo xtask setup --toolchain zig".to_owned()),
    };
    [mark, "Zig", "guests and tests for wasi-libc", &found].map(str::to_owned)
}

/// Returns the row of libclang, without which generated declarations are used as they are.
fn libclang(project: &Project) -> anyhow::Result<[String; 4]> {
    let (mark, found) = match bindings::libclang(project)? {
        Libclang::Found(path) => ("✔", path),
        Libclang::Missing => ("", "not found: cargo xtask setup --libclang".to_owned()),
        Libclang::Unknown => ("", "the first build looks for it".to_owned()),
    };
    Ok([mark, "libclang", "`bindings` in guests.toml", &found].map(str::to_owned))
}

fn row(project: &Project, tool: Tool) -> [String; 4] {
    let (mark, found) = match find::find(project, tool) {
        Some(path) => {
            let version = find::version(tool, &path).map(|v| format!(" ({v})")).unwrap_or_default();
            ("✔", format!("{}{version}", path.display()))
        }
        None => (MISSING, format!("missing: {}", setup::how_to_get(project, tool))),
    };
    [mark, tool.name(), tool.needed_for(), &found].map(str::to_owned)
}
