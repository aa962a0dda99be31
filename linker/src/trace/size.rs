//! What takes the room in a written module.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use serde::Serialize;
use wasmparser::{ConstExpr, DataKind, Operator};

use crate::module::relocations::data_names;
use crate::module::sections::Contents;
use crate::names::{demangle, shortened};
use crate::plan::set::Set;
use crate::write::bound::{BoundModule, DataOrigin};

/// The sizes of what a written module contains, by the module that it comes from. All sizes are in
/// bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SizeReport {
    /// The modules, the largest first.
    pub modules: Vec<ModuleSize>,
    /// The size of the whole file.
    pub file: usize,
}

/// The size of what a written module contains of one of the modules that were linked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModuleSize {
    /// The name of the module; `None` for functions that the linker has written.
    pub module: Option<String>,
    pub code: usize,
    pub data: usize,
    /// The functions and variables, the largest first.
    pub symbols: Vec<SymbolSize>,
}

/// The size of a function or variable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SymbolSize {
    /// The name, mangled; `None` if it has none.
    pub symbol: Option<String>,
    pub code: usize,
    pub data: usize,
}

impl BoundModule {
    /// Returns what takes the room in this module, for a module that [`Plan::fuse`] has written.
    /// `set` is the set of that plan.
    ///
    /// [`Plan::fuse`]: crate::Plan::fuse
    pub fn sizes(&self, set: &Set) -> SizeReport {
        let mut sizes = BTreeMap::new();
        // A module that was just written is well-formed.
        if let (Some(origins), Ok(written)) = (&self.origins, Contents::read(&self.bytes)) {
            for (position, body) in written.bodies.iter().enumerate() {
                let origin = origins.functions.get(position);
                let size = SymbolSize { symbol: None, code: body.range().len(), data: 0 };
                let module = origin.map(|id| id.module);
                let key = origin.map(|id| Key::Function(id.index));
                sizes.entry(module).or_insert_with(Vec::new).push((key, size));
            }
            let segments = segments(&written);
            for origin in &origins.data {
                let size = SymbolSize { symbol: None, code: 0, data: stored(&segments, origin) };
                let key = origin.symbol.map(Key::Data);
                sizes.entry(Some(origin.module)).or_default().push((key, size));
            }
        }
        let mut modules: Vec<_> =
            sizes.into_iter().map(|(module, sizes)| module_size(set, module, sizes)).collect();
        modules.sort_by_key(|size| std::cmp::Reverse(size.code + size.data));
        SizeReport { modules, file: self.bytes.len() }
    }
}

/// Identifies a function or a data symbol of a module, by its index.
enum Key {
    Function(u32),
    Data(u32),
}

/// Returns the size of a module with some functions and variables, and names these.
fn module_size(
    set: &Set,
    module: Option<usize>,
    sizes: Vec<(Option<Key>, SymbolSize)>,
) -> ModuleSize {
    let input = module.map(|module| &set.inputs[module]);
    let contents = input.and_then(|input| Contents::read(&input.bytes).ok());
    let mut functions = BTreeMap::new();
    for naming in contents.iter().flat_map(Contents::function_names) {
        functions.entry(naming.index).or_insert(naming.name);
    }
    let variables = contents.as_ref().map(data_names).unwrap_or_default();
    let mut symbols: Vec<_> = sizes
        .into_iter()
        .filter(|(_, size)| size.code + size.data > 0)
        .map(|(key, size)| {
            let name = match key {
                Some(Key::Function(index)) => functions.get(&index),
                Some(Key::Data(index)) => variables.get(&index),
                None => None,
            };
            SymbolSize { symbol: name.map(|&name| name.to_owned()), ..size }
        })
        .collect();
    symbols.sort_by_key(|size| std::cmp::Reverse(size.code + size.data));
    ModuleSize {
        module: input.map(|input| input.module.name.clone()),
        code: symbols.iter().map(|size| size.code).sum(),
        data: symbols.iter().map(|size| size.data).sum(),
        symbols,
    }
}

/// Returns the addresses that the data segments of a written module fill, in ascending order.
fn segments(written: &Contents<'_>) -> Vec<Range<u64>> {
    let segments = written.data.iter().filter_map(|data| {
        let DataKind::Active { offset_expr, .. } = &data.kind else { return None };
        let start = u64::from(constant(offset_expr)?);
        Some(start..start + data.data.len() as u64)
    });
    segments.collect()
}

fn constant(expression: &ConstExpr<'_>) -> Option<u32> {
    match expression.get_operators_reader().read().ok()? {
        Operator::I32Const { value } => Some(value.cast_unsigned()),
        _ => None,
    }
}

/// Returns how many bytes of a part of the data are in the file. Zeros are left out there.
fn stored(segments: &[Range<u64>], origin: &DataOrigin) -> usize {
    let start = u64::from(origin.address);
    let end = start + u64::from(origin.size);
    let first = segments.partition_point(|segment| segment.end <= start);
    let inside = segments[first..].iter().take_while(|segment| segment.start < end);
    let bytes = inside.map(|segment| segment.end.min(end) - segment.start.max(start));
    bytes.sum::<u64>() as usize
}

/// The most symbols of each module that the report for people names.
const SHOWN: usize = 20;

impl fmt::Display for SizeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:>10} {:>10}", "code", "data")?;
        for module in &self.modules {
            let name = module.module.as_deref().unwrap_or("(the linker)");
            writeln!(f, "{:>10} {:>10}  {name}", module.code, module.data)?;
            for symbol in module.symbols.iter().take(SHOWN) {
                let unnamed = if symbol.code > 0 { "(a function)" } else { "(data)" };
                let name = symbol.symbol.as_deref().map_or(unnamed.into(), demangle);
                let name = shortened(&name);
                writeln!(f, "{:>10} {:>10}    {name}", symbol.code, symbol.data)?;
            }
            let others = module.symbols.get(SHOWN..).unwrap_or_default();
            if !others.is_empty() {
                let code: usize = others.iter().map(|symbol| symbol.code).sum();
                let data: usize = others.iter().map(|symbol| symbol.data).sum();
                writeln!(f, "{code:>10} {data:>10}    ({} others)", others.len())?;
            }
        }
        let code: usize = self.modules.iter().map(|module| module.code).sum();
        let data: usize = self.modules.iter().map(|module| module.data).sum();
        writeln!(f, "{code:>10} {data:>10}  in a file of {} bytes", self.file)
    }
}
