//! Arguments of compilers and linkers, and the response files that hold them where a command line is
//! too short.

use std::ffi::OsString;
use std::fs;
use std::io::Write;

use anyhow::{Context, anyhow};
use tempfile::NamedTempFile;

/// Lets LLVM's programs read a response file as [`in_file`] writes it, on Windows too.
pub(crate) const POSIX: &str = "--rsp-quoting=posix";

/// Returns whether some arguments are in a response file.
pub(crate) fn have_file(args: &[OsString]) -> bool {
    args.iter().any(|arg| arg.as_encoded_bytes().starts_with(b"@"))
}

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

/// A response file, which is removed when this is dropped.
pub(crate) struct ResponseFile(NamedTempFile);

impl ResponseFile {
    /// Returns the argument that stands for those in the file.
    pub(crate) fn argument(&self) -> OsString {
        let mut argument = OsString::from("@");
        argument.push(self.0.path());
        argument
    }
}

/// Writes arguments to a response file.
///
/// # Errors
///
/// If no temporary file can be written.
pub(crate) fn in_file(args: &[OsString]) -> anyhow::Result<ResponseFile> {
    let write = || {
        let mut file = NamedTempFile::new()?;
        file.write_all(&join(args))?;
        Ok::<_, std::io::Error>(file)
    };
    write().map(ResponseFile).context("cannot write a response file for the arguments")
}

/// Returns the text of a response file. A backslash makes any character a part of its argument.
fn join(args: &[OsString]) -> Vec<u8> {
    let mut text = Vec::new();
    for arg in args {
        for &byte in arg.as_encoded_bytes() {
            if byte.is_ascii() && !byte.is_ascii_alphanumeric() {
                text.push(b'\\');
            }
            text.push(byte);
        }
        text.push(b'\n');
    }
    text
}

fn read(file: &str) -> anyhow::Result<Vec<OsString>> {
    let text = fs::read_to_string(file)
        .with_context(|| format!("cannot read the response file `{file}`"))?;
    let args = shlex::split(&text).ok_or_else(|| anyhow!("a quotation in `{file}` has no end"))?;
    Ok(args.into_iter().map(OsString::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_holds_any_argument() {
        let args = ["-o", "a folder/a.o", "C:\\b.o", "it's", "\"", "größe", "$x"];
        let args = args.map(OsString::from).to_vec();
        let file = in_file(&args).unwrap();
        assert_eq!(expand(vec![file.argument()]).unwrap(), args);
    }
}
