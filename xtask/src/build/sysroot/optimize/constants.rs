//! The constants in the code of a library that have relocations.

use std::collections::HashMap;

use anyhow::ensure;
use wasmparser::{Operator, RelocationEntry};

use super::contents::Contents;

/// The size of the opcode before the value of an `i32.const`, in bytes.
pub(super) const OPCODE_SIZE: usize = 1;

/// The constants in the code of a library that have relocations.
pub(super) struct Constants {
    /// The index of the constant of each instruction, by its offset in the library.
    pub(super) sites: HashMap<usize, usize>,
    pub(super) values: Vec<Constant>,
}

pub(super) struct Constant {
    pub(super) value: i32,
    /// The relocation of one of the instructions. Those of the others differ in the offset only.
    pub(super) relocation: RelocationEntry,
}

impl Constants {
    /// Finds the constants of the relocations of code.
    pub(super) fn find(
        relocations: &[RelocationEntry],
        library: &Contents<'_>,
    ) -> anyhow::Result<Self> {
        let offset =
            |entry: &RelocationEntry| library.code_start + entry.offset as usize - OPCODE_SIZE;
        let relocations: HashMap<_, _> =
            relocations.iter().map(|entry| (offset(entry), entry)).collect();
        let mut constants = Constants { sites: HashMap::new(), values: Vec::new() };
        let mut indices = HashMap::new();
        for body in &library.bodies {
            for operator in body.get_operators_reader()?.into_iter_with_offsets() {
                let (Operator::I32Const { value }, offset) = operator? else { continue };
                let Some(&&relocation) = relocations.get(&offset) else { continue };
                let key = (relocation.ty as u8, relocation.index, relocation.addend, value);
                let index = *indices.entry(key).or_insert_with(|| {
                    constants.values.push(Constant { value, relocation });
                    constants.values.len() - 1
                });
                constants.sites.insert(offset, index);
            }
        }
        ensure!(constants.sites.len() == relocations.len(), "a relocation is not of a constant");
        Ok(constants)
    }
}
