//! The linker: `rust-lld`, with the objects of Rust, C and C++ together.

mod inputs;
mod messages;
mod options;
mod runtime;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Output, Stdio};

use anyhow::{Context, ensure};

use crate::arguments;
use crate::process;
use inputs::Inputs;
use options::Options;

/// Links what rustc gives.
///
/// # Errors
///
/// If an input is not for WebAssembly, or `rust-lld` or rustc cannot be started.
pub(crate) fn run(args: Vec<OsString>) -> anyhow::Result<ExitCode> {
    let mut options = Options::new(arguments::expand(args)?);
    if options.makes_main() {
        let inputs = Inputs::find(&options);
        inputs.check()?;
        options.make_main();
        options.leave_out_libraries(|name| inputs.has_library(name));
        options.add(runtime::prepare(&options, &inputs)?);
    }
    link(&options)
}

/// Runs the linker of the Rust toolchain. Its messages come last, with the way out of those that
/// have one. The arguments are passed in a file, since a command line may be too short for them.
fn link(options: &Options) -> anyhow::Result<ExitCode> {
    let linker = rust_lld()?;
    let file = arguments::in_file(options.list())?;
    let mut command = Command::new(&linker);
    command.args(["-flavor", "wasm", arguments::POSIX]).arg(file.argument());
    command.stdout(Stdio::inherit());
    let Output { status, stderr, .. } = process::output(&mut command)?;
    let messages = String::from_utf8_lossy(&stderr);
    let explained = messages::explain(&messages, &options.output_name(), status.success());
    process::complain(&explained.text);
    if explained.is_error {
        return Ok(ExitCode::FAILURE);
    }
    Ok(process::exit_code(status))
}

/// Returns the linker of the Rust toolchain. rustc puts its folder on `PATH`; without rustc, the
/// rustc that is on `PATH` knows it.
fn rust_lld() -> anyhow::Result<PathBuf> {
    if let Ok(found) = which::which("rust-lld") {
        return Ok(found);
    }
    let target = rustc_prints("host-tuple")?;
    let folder = PathBuf::from(rustc_prints("sysroot")?).join("lib/rustlib").join(target);
    which::which_in("rust-lld", Some(folder.join("bin")), ".")
        .context("the Rust toolchain has no `rust-lld`: install Rust with rustup")
}

fn rustc_prints(what: &str) -> anyhow::Result<String> {
    let mut command = Command::new("rustc");
    let output = process::output(command.args(["--print", what]))?;
    ensure!(
        output.status.success(),
        "`rustc --print {what}` failed: {}",
        String::from_utf8_lossy(&output.stderr).trim_end()
    );
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
