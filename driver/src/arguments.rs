//! Arguments of compilers and linkers.

use std::ffi::OsString;
use std::fs;

use anyhow::{Context, anyhow};

/// Replaces each `@FILE` by the arguments in that file.
///
/// # Errors
///
/// If a file cannot be read, or a quotation in it does not end.
pub(crate) fn expand(args: Vec<OsString>) -> anyhow::Result<Vec<OsString>> {
    let mut expanded = Vec::with_capacity(args.len());
    for arg in args {
        match arg.to_str().and_then(|arg| arg.strip_prefix('@')) {
            Some(file) => expanded.extend(read(file)?),
            None => expanded.push(arg),
        }
    }
    Ok(expanded)
}

fn read(file: &str) -> anyhow::Result<Vec<OsString>> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read `{file}`"))?;
    let args = shlex::split(&text).ok_or_else(|| anyhow!("a quotation in `{file}` has no end"))?;
    Ok(args.into_iter().map(OsString::from).collect())
}
