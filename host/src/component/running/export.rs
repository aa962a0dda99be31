//! The functions that a component exports, and their arguments and results as text.

use std::fmt;

use wasmtime::Engine;
use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::wasm_wave::wasm::DisplayType;
use wasmtime::component::{Component, Type, Val};

use super::argument;
use crate::error::Error;

/// A function that a component exports.
#[derive(Clone)]
pub(super) struct ExportedFunction {
    /// The interface that it belongs to; `None` for a function of the world itself.
    pub(super) interface: Option<String>,
    pub(super) name: String,
    ty: ComponentFunc,
}

impl ExportedFunction {
    /// Returns all functions that a component exports.
    pub(super) fn all(component: &Component) -> Vec<Self> {
        let engine = component.engine();
        let mut functions = Vec::new();
        for (name, item) in component.component_type().exports(engine) {
            match item.ty {
                ComponentItem::ComponentFunc(ty) => {
                    functions.push(ExportedFunction { interface: None, name: name.to_owned(), ty });
                }
                ComponentItem::ComponentInstance(instance) => {
                    functions.extend(of_interface(engine, name, &instance));
                }
                _ => {}
            }
        }
        functions
    }

    /// Returns the name with its interface: `docs:adder/add@0.1.0#add`.
    pub(super) fn full_name(&self) -> String {
        match &self.interface {
            Some(interface) => format!("{interface}#{}", self.name),
            None => self.name.clone(),
        }
    }

    /// Returns whether a name means this function: its own, with or without the interface, its
    /// package and its version.
    fn is_called(&self, name: &str) -> bool {
        let Some((wanted, function)) = name.rsplit_once('#') else { return name == self.name };
        let Some(interface) = self.interface.as_deref().filter(|_| function == self.name) else {
            return false;
        };
        let plain = interface.split('@').next().unwrap_or_default();
        let own = plain.rsplit('/').next().unwrap_or_default();
        [interface, plain, own].contains(&wanted)
    }

    /// Finds the function that a name means.
    ///
    /// # Errors
    ///
    /// [`Error::NoComponentFunction`] if there is none, or there are several.
    pub(super) fn find(component: &str, functions: &[Self], name: &str) -> Result<Self, Error> {
        // A function of the world itself has no other name.
        let is_of_world = |it: &&Self| it.interface.is_none() && it.name == name;
        if let Some(function) = functions.iter().find(is_of_world) {
            return Ok(function.clone());
        }
        let mut found = functions.iter().filter(|function| function.is_called(name));
        match (found.next(), found.next()) {
            (Some(only), None) => Ok(only.clone()),
            (first, _) => Err(Error::NoComponentFunction {
                component: component.to_owned(),
                name: name.to_owned(),
                is_ambiguous: first.is_some(),
                functions: functions.iter().map(ToString::to_string).collect(),
            }),
        }
    }

    /// Parses the arguments of a call.
    ///
    /// # Errors
    ///
    /// [`Error::ComponentArguments`] with all faults.
    pub(super) fn parse(&self, args: &[String]) -> Result<Vec<Val>, Error> {
        let params: Vec<_> = self.ty.params().collect();
        let mut faults = Vec::new();
        if params.len() != args.len() {
            let (expected, found) = (params.len(), args.len());
            let s = if expected == 1 { "" } else { "s" };
            faults.push(format!("{expected} argument{s} expected, {found} given"));
        }
        let mut values = Vec::new();
        for ((name, ty), arg) in params.iter().zip(args) {
            match argument::parse(ty, arg) {
                Ok(value) => values.push(value),
                Err(message) => {
                    let (arg, ty) = (linker::printable(arg), title(ty));
                    faults.push(format!("{name}: `{arg}` is no {ty}: {message}"));
                }
            }
        }
        if faults.is_empty() {
            return Ok(values);
        }
        Err(Error::ComponentArguments { function: self.to_string(), faults })
    }

    /// Returns values for the results of a call, which it replaces.
    pub(super) fn results(&self) -> Vec<Val> {
        self.ty.results().map(|_| Val::Bool(false)).collect()
    }
}

fn of_interface(
    engine: &Engine,
    interface: &str,
    instance: &wasmtime::component::types::ComponentInstance,
) -> Vec<ExportedFunction> {
    let exports = instance.exports(engine).filter_map(|(name, item)| match item.ty {
        ComponentItem::ComponentFunc(ty) => {
            let (interface, name) = (Some(interface.to_owned()), name.to_owned());
            Some(ExportedFunction { interface, name, ty })
        }
        _ => None,
    });
    exports.collect()
}

/// Writes the function as WIT does.
impl fmt::Display for ExportedFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let params = self.ty.params();
        let params = params.map(|(name, ty)| format!("{name}: {}", title(&ty)));
        let params = params.collect::<Vec<_>>().join(", ");
        write!(f, "{}: func({params})", linker::printable(&self.full_name()))?;
        self.ty.results().try_for_each(|ty| write!(f, " -> {}", title(&ty)))
    }
}

/// Returns a type as WIT writes it. That of a resource has no name here.
fn title(ty: &Type) -> String {
    DisplayType(ty).to_string().replace("<<UNSUPPORTED>>", "resource")
}

/// Returns a result as text, in the syntax of WAVE.
pub(super) fn display(value: &Val) -> String {
    value.to_wave().unwrap_or_else(|_| "<resource>".to_owned())
}
