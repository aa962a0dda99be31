//! One module: its bytes read into plain data.

pub(crate) mod constant;
pub(crate) mod contract;
pub(crate) mod custom_sections;
pub(crate) mod data;
pub(crate) mod dylink;
pub(crate) mod error;
pub(crate) mod export_index;
pub(crate) mod header;
pub(crate) mod items;
pub(crate) mod load;
pub(crate) mod producers;
pub(crate) mod relocations;
pub(crate) mod sections;
pub(crate) mod stack_checks;
pub(crate) mod thread_local;
pub(crate) mod validate;

pub(crate) use data::Internals;
pub use data::{Export, Import, Kind, Module};
pub(crate) use sections::functions;
