//! Finds the way back from written code to source.

pub(crate) mod budget;
pub(crate) mod code_map;
pub(crate) mod dwarf;
pub(crate) mod origin;
pub(crate) mod source_map;
