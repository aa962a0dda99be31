//! Declarations in Rust, which bindgen writes from a header of C or C++.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::anyhow;
use bindgen::callbacks::ParseCallbacks;
use bindgen::{BindgenError, Builder, Formatter, RustEdition, RustTarget};

/// Declarations, and the headers that they were read from.
pub(crate) struct Declarations {
    pub(crate) text: String,
    pub(crate) inputs: BTreeSet<PathBuf>,
}

/// The minor version of the oldest Rust that must compile the declarations: the first with the
/// edition 2024.
const OLDEST_RUST: u64 = 85;

/// Generates the declarations of a header and of the headers in its folder that it includes.
/// `except` is one of these headers, whose declarations are left out. `clang` are options of clang.
///
/// # Errors
///
/// If libclang is not found, or clang reports an error.
pub(crate) fn generate(
    source: &Path,
    except: Option<&Path>,
    clang: Vec<String>,
) -> anyhow::Result<Declarations> {
    libclang()?;
    let rust = RustTarget::stable(OLDEST_RUST, 0).map_err(|error| anyhow!("{error}"))?;
    let inputs = Inputs::default();
    let mut builder = Builder::default()
        .header(source.to_string_lossy())
        .clang_args(clang)
        .detect_include_paths(false)
        .allowlist_file(in_folder_of(source))
        .wasm_import_module_name("env")
        .use_core()
        .ctypes_prefix("::core::ffi")
        .rust_target(rust)
        .rust_edition(RustEdition::Edition2024)
        .merge_extern_blocks(true)
        .wrap_unsafe_ops(true)
        .formatter(Formatter::Prettyplease)
        .disable_header_comment()
        .parse_callbacks(Box::new(inputs.clone()));
    if let Some(header) = except {
        builder = builder.blocklist_file(regex::escape(&header.to_string_lossy()));
    }
    let code = builder.generate().map_err(|error| explain(&error, source))?.to_string();
    Ok(Declarations { text: in_module(&code), inputs: inputs.paths() })
}

/// Returns the error of a header. clang's own messages have been printed.
fn explain(error: &BindgenError, header: &Path) -> anyhow::Error {
    let header = header.display();
    match error {
        BindgenError::ClangDiagnostic(_) => anyhow!(
            "clang cannot read `{header}`; it reads a `.h` as C: put `extern \"C\" {{` between \
             `#ifdef __cplusplus` and `#endif`, or rename a header of C++ to `.hpp`"
        ),
        error => anyhow!("cannot read `{header}`: {error}"),
    }
}

/// Returns the pattern of the files in a header's folder and in the folders below it.
fn in_folder_of(header: &Path) -> String {
    let folder = header.parent().unwrap_or(Path::new(""));
    format!(r"{}[/\\].*", regex::escape(&folder.to_string_lossy()))
}

/// The text before the declarations. By it, `cargo fmt`, lints and cbindgen leave them alone. Only a
/// module inside of the file can have these attributes.
const START: &str = "
/// cbindgen:ignore
#[rustfmt::skip]
#[allow(
    dead_code, missing_debug_implementations, missing_docs, nonstandard_style, unreachable_pub,
    clippy::all, clippy::pedantic, clippy::undocumented_unsafe_blocks,
)]
mod generated {
";
/// The text after the declarations, which exports them from the file.
const END: &str = "}
#[allow(unreachable_pub, unused_imports)]
pub use generated::*;
";

/// Puts declarations into a module of the file.
fn in_module(code: &str) -> String {
    let indent = |line: &str| match line {
        "" => "\n".to_owned(),
        line => format!("    {line}\n"),
    };
    // The sizes are those of wasm32. A crate that is compiled for this machine too has others.
    let code =
        code.replace("const _: () = {", "#[cfg(target_pointer_width = \"32\")]\nconst _: () = {");
    // The mark of a name that no compiler may change. Rust would make it a part of the import's name.
    let code = code.replace(r#"#[link_name = "\u{1}"#, r#"#[link_name = ""#);
    let code: String = code.trim().lines().map(indent).collect();
    format!("{START}{code}{END}")
}

/// Finds and loads libclang, and returns its path.
///
/// # Errors
///
/// If there is none, or it cannot be loaded.
pub(crate) fn libclang() -> anyhow::Result<PathBuf> {
    if !clang_sys::is_loaded() {
        clang_sys::load().map_err(|error| anyhow!("no libclang: {error}"))?;
    }
    let library = clang_sys::get_library().ok_or_else(|| anyhow!("no libclang"))?;
    Ok(library.path().to_owned())
}

/// The files that clang reads.
#[derive(Debug, Clone, Default)]
struct Inputs(Arc<Mutex<BTreeSet<PathBuf>>>);

impl Inputs {
    fn add(&self, file: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(PathBuf::from(file));
    }

    fn paths(&self) -> BTreeSet<PathBuf> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ParseCallbacks for Inputs {
    fn header_file(&self, file: &str) {
        self.add(file);
    }

    fn include_file(&self, file: &str) {
        self.add(file);
    }
}
