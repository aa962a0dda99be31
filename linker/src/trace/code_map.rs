//! Where the code of the modules lies in the one that they became.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::module::sections::Contents;
use crate::module::sections::Signatures;
use crate::plan::set::Set;
use crate::trace::origin::{offsets, written};
use crate::write::bound::BoundModule;

/// The functions of one module that were written, in their order. All offsets count from the start of
/// a file.
#[derive(Debug, Default)]
pub(crate) struct CodeMap {
    functions: Vec<MappedFunction>,
}

#[derive(Debug)]
pub(crate) struct MappedFunction {
    pub(crate) old: Range<usize>,
    pub(crate) new: Range<usize>,
    /// For each instruction that was written where it begins, after where that begins which it comes from.
    pub(crate) instructions: Vec<(usize, usize)>,
}

impl BoundModule {
    /// What became of the code of those modules of the set that are asked for.
    pub(crate) fn moved(&self, set: &Set, modules: &[usize]) -> BTreeMap<usize, CodeMap> {
        let mut moved: BTreeMap<usize, CodeMap> = BTreeMap::new();
        let Some(origins) = &self.origins else { return moved };
        let Ok(new) = Contents::read(&self.bytes) else { return moved };
        for &module in modules {
            let Ok(old) = Contents::read(&set.inputs[module].bytes) else { continue };
            let imported = set.inputs[module].module.internals.imported_functions;
            let functions = origins.functions.iter().zip(&new.bodies);
            let functions = functions.filter(|(id, _)| id.module == module);
            let signatures = Signatures::new(&old);
            let functions = functions.filter_map(|(id, new)| {
                let defined = id.index.checked_sub(imported)? as usize;
                Some(MappedFunction {
                    old: old.bodies.get(defined)?.range(),
                    new: new.range(),
                    instructions: written(&old, defined, &signatures)?
                        .into_iter()
                        .zip(offsets(new))
                        .collect(),
                })
            });
            moved.insert(module, CodeMap { functions: functions.collect() });
        }
        moved
    }
}

impl CodeMap {
    pub(crate) fn functions(&self) -> &[MappedFunction] {
        &self.functions
    }

    /// Those of which some code was in a range.
    pub(crate) fn functions_in(
        &self,
        range: Range<usize>,
    ) -> impl Iterator<Item = &MappedFunction> {
        let first = self.functions.partition_point(|function| function.old.end <= range.start);
        self.functions[first..].iter().take_while(move |function| function.old.start < range.end)
    }

    /// What is left of a range of code inside of one function. Of any other nothing: some tools write ranges
    /// that begin at 0 or never end where they lost the place, and nobody knows what was meant.
    pub(crate) fn piece(&self, range: Range<usize>) -> Option<Range<usize>> {
        let function = self.functions_in(range.clone()).next()?;
        let is_inside = function.old.start <= range.start && range.end <= function.old.end;
        function.piece(range).filter(|_| is_inside)
    }

    /// What is left of a range of code, in the order in which it was.
    pub(crate) fn pieces(&self, range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let functions = self.functions_in(range.clone());
        functions.filter_map(move |function| function.piece(range.clone()))
    }

    /// Where an instruction is now, or what follows one.
    pub(crate) fn at(&self, old: usize) -> Option<usize> {
        let after = self.functions.partition_point(|function| function.old.end < old);
        let function = self.functions.get(after).filter(|function| function.old.start <= old);
        function.map(|function| function.at(old))
    }
}

impl MappedFunction {
    /// What it has of a range of code.
    pub(crate) fn piece(&self, range: Range<usize>) -> Option<Range<usize>> {
        let piece = self.at(range.start)..self.at(range.end.max(range.start));
        (range.start < self.old.end && !piece.is_empty()).then_some(piece)
    }

    /// The place of what begins at an offset, or else of what comes next in the function.
    pub(crate) fn at(&self, old: usize) -> usize {
        if old <= self.old.start {
            return self.new.start;
        }
        let next = self.instructions.partition_point(|(begin, _)| *begin < old);
        self.instructions.get(next).map_or(self.new.end, |(_, new)| *new)
    }
}
