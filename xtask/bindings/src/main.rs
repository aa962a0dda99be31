//! `bindings`: writes the declarations of one language for the functions of the other. It is a
//! program of its own, which `cargo xtask` builds when `guests.toml` asks for such a file: in
//! `xtask`, its dependencies would delay every command.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is a command line")]

mod declarations;
mod header;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};

/// Writes a C header of a crate, or Rust declarations of a C header
#[derive(Debug, Parser)]
struct Flags {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a header for C and C++ from a crate
    Header {
        /// The crate's `lib.rs`
        #[arg(long, value_name = "FILE")]
        source: PathBuf,
        /// The configuration, a `cbindgen.toml`
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// A header that the new one includes
        #[arg(long, value_name = "FILE")]
        include: Option<String>,
        #[command(flatten)]
        output: Output,
    },
    /// Write declarations in Rust from a header of C or C++
    Rust {
        /// The header
        #[arg(long, value_name = "FILE")]
        source: PathBuf,
        /// A header whose declarations are left out
        #[arg(long, value_name = "FILE")]
        except: Option<PathBuf>,
        /// A file that gets the paths of all headers that were read, one on each line
        #[arg(long, value_name = "FILE")]
        inputs: PathBuf,
        #[command(flatten)]
        output: Output,
        /// Options for clang
        #[arg(last = true)]
        clang: Vec<String>,
    },
    /// Print where libclang is. Fails if it is not found
    Libclang,
}

#[derive(Debug, Args)]
struct Output {
    /// The first line of the file, a comment
    #[arg(long, value_name = "TEXT")]
    first_line: String,
    /// The file to write
    #[arg(short, value_name = "FILE")]
    output: PathBuf,
}

impl Output {
    fn write(&self, text: &str) -> anyhow::Result<()> {
        write(&self.output, format!("{}\n{text}", self.first_line))
    }
}

fn write(path: &Path, text: String) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write `{}`", path.display()))
}

fn main() -> ExitCode {
    match run(Flags::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Header { source, config, include, output } => {
            output.write(&header::generate(&source, config.as_deref(), include)?)
        }
        Command::Rust { source, except, inputs, output, clang } => {
            let declarations = declarations::generate(&source, except.as_deref(), clang)?;
            let paths = declarations.inputs.iter().map(|path| format!("{}\n", path.display()));
            write(&inputs, paths.collect())?;
            output.write(&declarations.text)
        }
        Command::Libclang => {
            println!("{}", declarations::libclang()?.display());
            Ok(())
        }
    }
}
