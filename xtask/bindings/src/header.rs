//! A header for C and C++, which cbindgen writes from what a crate exports to C.

use std::path::Path;

use anyhow::{Context, anyhow};
use cbindgen::{Builder, Config, DocumentationStyle, Error, Language};

/// Generates the header of the crate with this `lib.rs`.
///
/// # Errors
///
/// If the crate or the configuration cannot be read.
pub(crate) fn generate(
    source: &Path,
    config: Option<&Path>,
    include: Option<String>,
) -> anyhow::Result<String> {
    let mut settings = match config {
        Some(file) => {
            let invalid = || format!("cannot read `{}`", file.display());
            Config::from_file(file).map_err(|error| anyhow!(error)).with_context(invalid)?
        }
        None => defaults(),
    };
    settings.includes.extend(include);
    let bindings = Builder::new().with_config(settings).with_src(source).generate();
    let bindings = bindings.map_err(|error| match error {
        // Its own text tells how to get a better message, which cargo is about to print.
        Error::ParseSyntaxError { src_path, error, .. } => {
            anyhow!("cannot parse `{src_path}`: {error}")
        }
        error => error.into(),
    })?;
    let mut text = Vec::new();
    bindings.write(&mut text);
    Ok(String::from_utf8(text)?)
}

/// Returns the settings for crates without a `cbindgen.toml`: a header for C that C++ can include.
fn defaults() -> Config {
    Config {
        language: Language::C,
        cpp_compat: true,
        pragma_once: true,
        no_includes: true,
        sys_includes: ["stdbool.h", "stddef.h", "stdint.h"].map(str::to_owned).to_vec(),
        usize_is_size_t: true,
        documentation_style: DocumentationStyle::Cxx,
        tab_width: 4,
        ..Config::default()
    }
}
