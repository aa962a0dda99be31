//! The errors of reading a module.

use wasmparser::WasmFeatures;

use crate::limits::InputLimits;
use crate::names::printable;

/// Bytes are not a module that can be linked. `module` is its name; offsets are in bytes from the
/// file's start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    #[error("`{module}` is empty: 0 bytes are no WebAssembly module")]
    Empty { module: String },
    #[error(
        "`{module}` is not a WebAssembly module: it starts with {found}, not with the magic \
         number 00 61 73 6d{hint}"
    )]
    NotWasm { module: String, found: String, hint: &'static str },
    #[error(
        "`{module}` is a component{}, and only core modules can be linked; run it by itself with \
         `host run`, compose it with other components by `wac plug`, or link the modules that it \
         was made of",
        holding(holds)
    )]
    Component {
        module: String,
        /// The names of the core modules in it.
        holds: Vec<String>,
    },
    #[error("`{module}` has version {version} of the binary format; only version 1 is known")]
    Version { module: String, version: u32 },
    #[error(
        "`{module}` is truncated: its section at offset {offset:#x} should end at byte {expected}, \
         but the file ends at byte {found}; copy or build it again"
    )]
    Truncated { module: String, offset: usize, expected: usize, found: usize },
    #[error(
        "`{module}` uses the feature `{feature}`, which is not enabled here: {message} \
         (at offset {offset:#x}); build it without that feature"
    )]
    Feature { module: String, feature: String, message: String, offset: usize },
    #[error("`{module}` is malformed: {message} (at offset {offset:#x})")]
    Malformed { module: String, message: String, offset: usize },
    #[error(
        "`{module}` has its `{section}` section at offset {offset:#x}; it must come first, and once"
    )]
    DylinkNotFirst {
        module: String,
        /// `dylink.0` or `dylink`; a module with both has two of them.
        section: &'static str,
        offset: usize,
    },
    /// The module has more bytes than
    /// [`InputLimits::max_module_size`](crate::InputLimits::max_module_size).
    #[error(
        "`{module}` has more than {limit} bytes, which is the limit for a module; if it is to be \
         that large, raise \
         `--max-module-size`"
    )]
    TooLarge { module: String, limit: u64 },
    /// The module has more symbols than
    /// [`InputLimits::max_symbols`](crate::InputLimits::max_symbols).
    #[error(
        "`{module}` has {symbols} symbols (imports, exports and names in `dylink.0`), but {limit} \
         is the limit for \
         all modules together; if it is to have that many, raise `--max-symbols`"
    )]
    TooManySymbols { module: String, symbols: usize, limit: usize },
    #[error(
        "`{module}` has a memory of its own that threads share (at offset {offset:#x}), and \
         threads are not supported: build it without `-pthread` and \
         `-C target-feature=+atomics`, or as a shared library, whose memory becomes an ordinary one"
    )]
    SharedMemory { module: String, offset: usize },
    #[error("`{module}` asks in `dylink.0` for an alignment of 2^{log2}; 2^31 is the most")]
    Alignment { module: String, log2: u32 },
}

impl LoadError {
    /// Returns the error of a module that the parser or the validator refuses.
    pub(crate) fn malformed(module: &str, error: &wasmparser::Error) -> Self {
        let module = module.to_owned();
        let message = printable(error.message()).into_owned();
        let offset = error.offset();
        match error.missing_wasm_feature() {
            Some(feature) => {
                LoadError::Feature { module, feature: feature_names(feature), message, offset }
            }
            None => LoadError::Malformed { module, message, offset },
        }
    }
}

/// Returns the names of features as command lines spell them: `legacy-exceptions`.
pub(crate) fn feature_names(features: WasmFeatures) -> String {
    let names = features.iter_names().map(|(name, _)| name.to_lowercase().replace('_', "-"));
    names.collect::<Vec<_>>().join(", ")
}

impl InputLimits {
    pub(crate) fn check_size(&self, module: &str, size: usize) -> Result<(), LoadError> {
        if size as u64 > self.max_module_size {
            return Err(self.too_large(module));
        }
        Ok(())
    }

    /// Returns the error of a module that has more bytes than the limit.
    pub fn too_large(&self, module: &str) -> LoadError {
        LoadError::TooLarge { module: module.to_owned(), limit: self.max_module_size }
    }

    /// Checks the number of symbols of one module.
    pub(crate) fn check_symbols(&self, module: &str, symbols: usize) -> Result<(), LoadError> {
        let limit = self.max_symbols;
        if symbols > limit {
            return Err(LoadError::TooManySymbols { module: module.to_owned(), symbols, limit });
        }
        Ok(())
    }
}

/// Core modules of a component named in a message.
const SHOWN: usize = 4;

fn holding(modules: &[String]) -> String {
    let shown = modules.iter().take(SHOWN).map(|name| format!("`{}`", printable(name)));
    let shown = shown.collect::<Vec<_>>().join(", ");
    match modules.len() {
        0 => String::new(),
        1 => format!(" that holds the core module {shown}"),
        count if count <= SHOWN => format!(" that holds the core modules {shown}"),
        count => format!(" that holds {count} core modules ({shown}, …)"),
    }
}
