//! Traces written code back to the modules and the source that it came from.

pub(crate) mod budget;
pub(crate) mod code_map;
pub(crate) mod dwarf;
pub(crate) mod origin;
pub(crate) mod size;
pub(crate) mod source_map;
