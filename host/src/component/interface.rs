//! The interface of a component, as WIT.

use std::path::Path;

use linker::InputLimits;
use wit_component::{DecodedWasm, WitPrinter};
use wit_parser::{Package, PackageId};

use crate::error::Error;
use crate::input;
use crate::world::description::message;

/// Returns the imports and exports of the component in a file, as WIT; `None` if the file is no
/// component. The definitions of WASI are left out.
///
/// # Errors
///
/// [`Error::Read`] if the file cannot be read; [`Error::Compile`] if it is no valid component.
pub fn component_interface(path: &Path, limits: &InputLimits) -> Result<Option<String>, Error> {
    let Some(bytes) = input::component(path, limits)? else { return Ok(None) };
    let print = || {
        let decoded = wit_component::decode(&bytes)?;
        let package = decoded.package();
        let resolve = match &decoded {
            DecodedWasm::WitPackage(resolve, _) | DecodedWasm::Component(resolve, _) => resolve,
        };
        // The packages of WASI are known, and long.
        let is_shown =
            |(id, other): &(PackageId, &Package)| *id != package && other.name.namespace != "wasi";
        let others: Vec<_> = resolve.packages.iter().filter(is_shown).map(|(id, _)| id).collect();
        let mut printer = WitPrinter::default();
        printer.print(resolve, package, &others)?;
        Ok(printer.output.to_string())
    };
    let text: anyhow::Result<String> = print();
    text.map(Some).map_err(|error| Error::Compile {
        module: linker::printable(&path.to_string_lossy()).into_owned(),
        message: message(&error),
    })
}
