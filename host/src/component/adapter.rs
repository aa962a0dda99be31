//! The adapters by which a component uses WASI preview 1.

use std::path::{Path, PathBuf};

use linker::WASI;
use wasi_preview1_component_adapter_provider as provider;

use crate::fault::ComponentFault;
use crate::input;
use crate::world::description::World;

/// A module that defines the functions of another interface by those of the component's world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adapter {
    /// The module name under which the program imports these functions.
    pub name: String,
    /// Its file.
    pub path: PathBuf,
}

impl Adapter {
    /// Uses the module in a file. It adapts WASI preview 1, unless `name` is another module name.
    pub fn new(name: Option<&str>, path: impl Into<PathBuf>) -> Self {
        Adapter { name: name.unwrap_or(WASI).to_owned(), path: path.into() }
    }

    /// Reads the module.
    pub(super) fn read(&self) -> Result<Vec<u8>, ComponentFault> {
        let fault = |message| ComponentFault::Adapter { path: self.path.clone(), message };
        match input::read_limited(&self.path, MOST_BYTES) {
            Ok(Some(bytes)) if bytes.starts_with(b"\0asm\x01") => Ok(bytes),
            Ok(Some(_)) => Err(fault("it is no module in the binary format".to_owned())),
            Ok(None) => Err(fault("it is too large".to_owned())),
            Err(error) => Err(fault(reason(&self.path, &error))),
        }
    }
}

/// The largest adapter in bytes. Those of WASI have 100 KiB.
const MOST_BYTES: u64 = 64 << 20;

fn reason(path: &Path, error: &std::io::Error) -> String {
    if path.exists() { error.to_string() } else { "there is no such file".to_owned() }
}

/// The functions of WASI preview 1 that the adapter for servers does not have.
const BEYOND_PROXY: [&str; 3] = ["args_", "environ_", "path_"];

/// Returns the adapter for WASI preview 1 that gives a program what it uses, and nothing more.
///
/// That for commands defines `wasi:cli/run`. That for servers needs neither files, arguments nor
/// environment variables, so that every server runs the component.
pub(super) fn of_wasi(is_command: bool, world: &World, imports: &[String]) -> &'static [u8] {
    let is_beyond = |import: &String| {
        BEYOND_PROXY.iter().any(|beyond| import.starts_with(beyond)) || import == "fd_readdir"
    };
    if is_command {
        provider::WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER
    } else if world.exports_interface("wasi:http/incoming-handler")
        && !imports.iter().any(is_beyond)
    {
        provider::WASI_SNAPSHOT_PREVIEW1_PROXY_ADAPTER
    } else {
        provider::WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER
    }
}
