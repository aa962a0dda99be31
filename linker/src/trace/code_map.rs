//! Maps the code of the input modules to the code of the module that they became.

use std::collections::BTreeMap;
use std::ops::Range;

use wasmparser::FunctionBody;

use crate::module::sections::Contents;
use crate::plan::layout::ItemId;
use crate::plan::set::Set;
use crate::trace::origin::{OriginalCode, offsets};
use crate::write::bound::BoundModule;

/// The functions of one module that were written, in their order. All offsets are in bytes from the
/// start of a file.
#[derive(Debug, Default)]
pub(crate) struct CodeMap {
    functions: Vec<MappedFunction>,
}

/// A function, before and after it was written.
#[derive(Debug)]
pub(crate) struct MappedFunction {
    /// The range of its body in the input module.
    pub(crate) old: Range<usize>,
    /// The range of its body in the new module.
    pub(crate) new: Range<usize>,
    /// For each instruction that was written, the offset of the instruction of this function that
    /// it comes from, and its new offset.
    pub(crate) instructions: Vec<(usize, usize)>,
}

impl BoundModule {
    /// Returns the code maps of some modules of the set.
    pub(crate) fn code_maps(&self, set: &Set, modules: &[usize]) -> BTreeMap<usize, CodeMap> {
        let Some(origins) = &self.origins else { return BTreeMap::new() };
        let Ok(new) = Contents::read(&self.bytes) else { return BTreeMap::new() };
        let mut maps = BTreeMap::new();
        for &module in modules {
            let Some(old) = OriginalCode::read(set, origins, module) else { continue };
            let written = origins.functions.iter().zip(&new.bodies);
            let own = written.filter(|(id, _)| id.module == module);
            let functions = own.filter_map(|(id, new)| mapped_function(&old, *id, new));
            maps.insert(module, CodeMap { functions: functions.collect() });
        }
        maps
    }
}

fn mapped_function(
    old: &OriginalCode<'_>,
    function: ItemId,
    new: &FunctionBody<'_>,
) -> Option<MappedFunction> {
    let written = old.written(function)?.into_iter().map(|written| written.offset);
    Some(MappedFunction {
        old: old.body(function)?.range(),
        new: new.range(),
        instructions: written.zip(offsets(new)).collect(),
    })
}

impl CodeMap {
    /// Returns the functions that have some code in a range of old offsets.
    pub(crate) fn functions_in(
        &self,
        range: Range<usize>,
    ) -> impl Iterator<Item = &MappedFunction> {
        let first = self.functions.partition_point(|function| function.old.end <= range.start);
        self.functions[first..].iter().take_while(move |function| function.old.start < range.end)
    }

    /// Returns the new range of code that was a range inside of one function; `None` for any other
    /// range. Some tools write ranges that begin at 0 or never end when they lose track of
    /// the code, and what they mean is unknown.
    pub(crate) fn map_range(&self, range: Range<usize>) -> Option<Range<usize>> {
        let function = self.functions_in(range.clone()).next()?;
        let is_inside = function.old.start <= range.start && range.end <= function.old.end;
        if is_inside { function.map_range(range) } else { None }
    }

    /// Returns the new ranges of code in a range that may span functions, in the old order.
    pub(crate) fn map_ranges(&self, range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let functions = self.functions_in(range.clone());
        functions.filter_map(move |function| function.map_range(range.clone()))
    }

    /// Returns the new offset of an instruction, or of the end of one.
    pub(crate) fn map_offset(&self, old: usize) -> Option<usize> {
        let after = self.functions.partition_point(|function| function.old.end < old);
        let function = self.functions.get(after).filter(|function| function.old.start <= old);
        function.map(|function| function.map_offset(old))
    }
}

impl MappedFunction {
    /// Returns the new range of the code that the function has in a range.
    pub(crate) fn map_range(&self, range: Range<usize>) -> Option<Range<usize>> {
        let new = self.map_offset(range.start)..self.map_offset(range.end.max(range.start));
        (range.start < self.old.end && !new.is_empty()).then_some(new)
    }

    /// Returns the new offset of the instruction at an offset, or of the next one in the
    /// function if that is gone.
    pub(crate) fn map_offset(&self, old: usize) -> usize {
        if old <= self.old.start {
            return self.new.start;
        }
        let next = self.instructions.partition_point(|(begin, _)| *begin < old);
        self.instructions.get(next).map_or(self.new.end, |(_, new)| *new)
    }
}
