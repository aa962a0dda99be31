//! The world of a program: what its component imports and exports.

use std::path::PathBuf;

use linker::{ExternType, FuncType, Import, Set, ValType};
use wit_component::metadata::{self, Bindgen};
use wit_parser::abi::{AbiVariant, WasmSignature, WasmType};
use wit_parser::{
    Function, LiftLowerAbi, ManglingAndAbi, Resolve, Type, TypeDefKind, TypeId, WasmExport,
    WasmExportKind, WasmImport, WorldId, WorldItem, WorldKey,
};

use crate::fault::ComponentFault;

/// A world in WIT files.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Wit {
    /// A folder with a WIT package, or a file.
    pub path: PathBuf,
    /// The name of the world; `None` if the package has only one.
    pub world: Option<String>,
}

/// The world of a program.
pub(crate) struct World {
    bindgen: Bindgen,
    /// The part of it that comes from WIT files, so that no module describes it.
    pub(crate) of_files: Option<(Resolve, WorldId)>,
    /// Whether a module describes a part of it.
    pub(crate) is_in_modules: bool,
}

/// A function of the world that the program exports.
pub(crate) struct WorldFunction {
    /// Its name in the core module.
    pub(crate) name: String,
    pub(crate) ty: FuncType,
    /// The name of the function that frees its results, if there is one.
    pub(crate) post_return: String,
    /// Whether the canonical ABI allocates memory for its arguments.
    pub(crate) allocates: bool,
}

/// A function of the world that the program imports.
pub(crate) struct ImportedFunction {
    pub(crate) module: String,
    pub(crate) name: String,
    pub(crate) ty: FuncType,
    /// Whether the canonical ABI allocates memory for its results.
    pub(crate) allocates: bool,
}

/// The names that the canonical ABI has in core modules.
const NAMES: ManglingAndAbi = ManglingAndAbi::Legacy(LiftLowerAbi::Sync);

/// The module name under which functions of the world itself are imported.
const ROOT: &str = "$root";
/// The beginning of the module names under which exported resources are managed.
const OF_EXPORT: &str = "[export]";

impl World {
    /// Returns the world of the modules of a set: what the files say, and the modules themselves.
    ///
    /// # Errors
    ///
    /// If they cannot be read, or contradict each other.
    pub(crate) fn of(set: &Set, wit: Option<&Wit>) -> Result<Self, ComponentFault> {
        let mut bindgen = Bindgen::default();
        let mut sources: Vec<String> = Vec::new();
        for input in set.inputs.iter().filter(|input| input.module.has_component_type()) {
            let name = &input.module.name;
            let read = metadata::decode(&input.bytes).map_err(|error| ComponentFault::Section {
                module: name.clone(),
                message: message(&error),
            });
            let (_, read) = read?;
            merge(&mut bindgen, read, &sources, name)?;
            sources.push(name.clone());
        }
        let is_in_modules = !sources.is_empty();
        let mut of_files = None;
        if let Some(wit) = wit {
            let (resolve, world) = read_files(wit, set.is_command())?;
            let read = Bindgen { resolve: resolve.clone(), world, ..Bindgen::default() };
            of_files = Some((resolve, world));
            merge(&mut bindgen, read, &sources, &wit.path.to_string_lossy())?;
        }
        let world = World { bindgen, of_files, is_in_modules };
        world.refuse_async()?;
        Ok(world)
    }

    pub(crate) fn resolve(&self) -> &Resolve {
        &self.bindgen.resolve
    }

    fn world(&self) -> &wit_parser::World {
        &self.bindgen.resolve.worlds[self.bindgen.world]
    }

    /// Returns whether nothing describes a world.
    pub(crate) fn is_unknown(&self) -> bool {
        self.of_files.is_none() && !self.is_in_modules
    }

    /// Returns the functions that modules import and whatever runs the component defines. For a
    /// program that becomes a component, these are also all of WASI, whether the world says so or
    /// not, and those of the modules `adapted`.
    pub(crate) fn imports_of(&self, set: &Set, adapted: Option<&[String]>) -> Vec<Import> {
        let is_adapted = |module: &str| {
            adapted.is_some_and(|adapted| {
                module.starts_with("wasi:") || adapted.iter().any(|name| name == module)
            })
        };
        let names: Vec<_> = self.import_keys().collect();
        let is_of_world = |import: &Import| {
            let module = import.module.as_str();
            !self.is_unknown() && (module.starts_with(OF_EXPORT) || module == ROOT)
                || names.iter().any(|name| name == module)
                || is_adapted(module)
        };
        let mut wanted = set.wanted_of_host();
        wanted.retain(is_of_world);
        wanted
    }

    fn import_keys(&self) -> impl Iterator<Item = String> {
        let interfaces = self.world().imports.iter();
        let interfaces = interfaces.filter(|(_, item)| matches!(item, WorldItem::Interface { .. }));
        interfaces.map(|(key, _)| self.resolve().name_world_key(key))
    }

    /// Returns the functions that the program must export.
    pub(crate) fn exports(&self) -> Vec<WorldFunction> {
        let functions = functions(self.resolve(), &self.world().exports);
        functions.map(|(interface, function)| self.exported(interface, function)).collect()
    }

    fn exported(&self, interface: Option<&WorldKey>, func: &Function) -> WorldFunction {
        let name = |kind| {
            let export = WasmExport::Func { interface, func, kind };
            self.resolve().wasm_export_name(NAMES, export)
        };
        let signature = self.resolve().wasm_signature(AbiVariant::GuestExport, func);
        let mut params = func.params.iter();
        let allocates = signature.indirect_params || params.any(|param| self.has_list(&param.ty));
        WorldFunction {
            name: name(WasmExportKind::Normal),
            post_return: name(WasmExportKind::PostReturn),
            ty: func_type(&signature),
            allocates,
        }
    }

    /// Returns the functions that the program may import.
    pub(crate) fn imports(&self) -> Vec<ImportedFunction> {
        let imported = |(interface, func): (Option<&WorldKey>, &Function)| {
            let import = WasmImport::Func { interface, func };
            let (module, name) = self.resolve().wasm_import_name(NAMES, import);
            let signature = self.resolve().wasm_signature(AbiVariant::GuestImport, func);
            let allocates = func.result.as_ref().is_some_and(|ty| self.has_list(ty));
            ImportedFunction { module, name, ty: func_type(&signature), allocates }
        };
        functions(self.resolve(), &self.world().imports).map(imported).collect()
    }

    /// Returns the names of the functions that destroy exported resources. A program need not have
    /// them.
    pub(crate) fn destructors(&self) -> Vec<String> {
        let interfaces = self.world().exports.iter().filter_map(|(key, item)| match item {
            WorldItem::Interface { id, .. } => Some((key, *id)),
            _ => None,
        });
        let types = interfaces.flat_map(|(interface, id)| {
            let types = self.resolve().interfaces[id].types.values();
            types.map(move |&resource| (interface, resource))
        });
        let is_resource =
            |id: TypeId| matches!(self.resolve().types[id].kind, TypeDefKind::Resource);
        let resources = types.filter(|(_, resource)| is_resource(*resource));
        let destructor = |(interface, resource)| {
            let export = WasmExport::ResourceDtor { interface, resource };
            self.resolve().wasm_export_name(NAMES, export)
        };
        resources.map(destructor).collect()
    }

    /// Returns whether it exports an interface with this name, of any version.
    pub(crate) fn exports_interface(&self, name: &str) -> bool {
        let mut keys = self.world().exports.keys();
        keys.any(|key| {
            let key = self.resolve().name_world_key(key);
            key.split('@').next() == Some(name)
        })
    }

    /// Returns whether a value of this type contains a string or a list, for which the canonical
    /// ABI allocates memory.
    fn has_list(&self, ty: &Type) -> bool {
        let Type::Id(id) = ty else { return matches!(ty, Type::String) };
        let has = |ty: &Type| self.has_list(ty);
        let has_any = |ty: &Option<Type>| ty.as_ref().is_some_and(has);
        match &self.resolve().types[*id].kind {
            TypeDefKind::List(_) | TypeDefKind::Map(..) => true,
            TypeDefKind::Type(ty) | TypeDefKind::Option(ty) => has(ty),
            TypeDefKind::FixedLengthList(ty, _) => has(ty),
            TypeDefKind::Record(record) => record.fields.iter().any(|field| has(&field.ty)),
            TypeDefKind::Tuple(tuple) => tuple.types.iter().any(has),
            TypeDefKind::Variant(variant) => variant.cases.iter().any(|case| has_any(&case.ty)),
            TypeDefKind::Result(result) => has_any(&result.ok) || has_any(&result.err),
            TypeDefKind::Resource
            | TypeDefKind::Handle(_)
            | TypeDefKind::Flags(_)
            | TypeDefKind::Enum(_)
            | TypeDefKind::Future(_)
            | TypeDefKind::Stream(_)
            | TypeDefKind::Unknown => false,
        }
    }

    /// Refuses worlds with functions, streams or futures of WASI preview 3.
    fn refuse_async(&self) -> Result<(), ComponentFault> {
        let resolve = self.resolve();
        let world = self.world();
        let all = functions(resolve, &world.imports).chain(functions(resolve, &world.exports));
        let is_async = |func: &Function| {
            func.kind.is_async() || !func.find_futures_and_streams(resolve).is_empty()
        };
        let found = all.filter(|(_, func)| is_async(func)).map(|(interface, func)| {
            let interface = interface.map(|key| resolve.name_world_key(key) + "#");
            format!("{}{}", interface.unwrap_or_default(), func.name)
        });
        let functions: Vec<_> = found.collect();
        if functions.is_empty() { Ok(()) } else { Err(ComponentFault::Async { functions }) }
    }
}

/// Returns the functions among the imports or exports of a world, each with its interface.
fn functions<'r>(
    resolve: &'r Resolve,
    items: impl IntoIterator<Item = (&'r WorldKey, &'r WorldItem)>,
) -> impl Iterator<Item = (Option<&'r WorldKey>, &'r Function)> {
    items.into_iter().flat_map(|(key, item)| {
        let functions: Vec<_> = match item {
            WorldItem::Interface { id, .. } => {
                resolve.interfaces[*id].functions.values().map(|func| (Some(key), func)).collect()
            }
            WorldItem::Function(func) => vec![(None, func)],
            WorldItem::Type { .. } => Vec::new(),
        };
        functions
    })
}

fn func_type(signature: &WasmSignature) -> FuncType {
    let types = |types: &[WasmType]| {
        let ty = |ty: &WasmType| match ty {
            WasmType::I32 | WasmType::Pointer | WasmType::Length => ValType::I32,
            WasmType::I64 | WasmType::PointerOrI64 => ValType::I64,
            WasmType::F32 => ValType::F32,
            WasmType::F64 => ValType::F64,
        };
        types.iter().map(ty).collect()
    };
    FuncType { params: types(&signature.params), results: types(&signature.results) }
}

/// Reads the world in WIT files. The adapter of a command defines `wasi:cli/run`.
fn read_files(wit: &Wit, is_command: bool) -> Result<(Resolve, WorldId), ComponentFault> {
    if !wit.path.exists() {
        let message = "there is no such file or folder".to_owned();
        return Err(ComponentFault::Wit { path: wit.path.clone(), message });
    }
    let mut resolve = Resolve::default();
    let read = resolve
        .push_path(&wit.path)
        .and_then(|(package, _)| resolve.select_world(&[package], wit.world.as_deref()));
    // The message shows the line of the file.
    let world = read.map_err(|error| {
        let message = linker::printable_lines(&resolve.render_error(&error)).into_owned();
        let message = message + &other_worlds(&resolve, wit.world.as_deref());
        ComponentFault::Wit { path: wit.path.clone(), message }
    })?;
    if is_command {
        let keys: Vec<_> = resolve.worlds[world].exports.keys().cloned().collect();
        for key in keys {
            if resolve.name_world_key(&key).starts_with("wasi:cli/run@") {
                resolve.worlds[world].exports.shift_remove(&key);
            }
        }
    }
    Ok((resolve, world))
}

/// Returns the worlds that there are, if none has the name that is wanted.
fn other_worlds(resolve: &Resolve, wanted: Option<&str>) -> String {
    let mut names: Vec<_> = resolve.worlds.iter().map(|(_, world)| world.name.as_str()).collect();
    names.sort_unstable();
    match wanted {
        Some(wanted) if !names.is_empty() && !names.contains(&wanted) => {
            let names = names.iter().map(|name| format!("`{}`", linker::printable(name)));
            format!("; the worlds are {}", names.collect::<Vec<_>>().join(", "))
        }
        _ => String::new(),
    }
}

fn merge(
    bindgen: &mut Bindgen,
    more: Bindgen,
    sources: &[String],
    source: &str,
) -> Result<(), ComponentFault> {
    let merged = bindgen.merge(more);
    merged.map(drop).map_err(|error| ComponentFault::Contradiction {
        known: sources.to_vec(),
        contradicting: source.to_owned(),
        message: message(&error),
    })
}

/// Returns the message of an error and its causes on one line.
pub(crate) fn message(error: &anyhow::Error) -> String {
    let causes = error.chain().map(ToString::to_string).collect::<Vec<_>>().join(": ");
    let words: Vec<_> = causes.split_whitespace().collect();
    linker::printable(&words.join(" ")).into_owned()
}

/// Returns whether an import is a function of this type.
pub(crate) fn is_function(import: &Import, ty: &FuncType) -> bool {
    matches!(&import.ty, ExternType::Func(found) if **found == *ty)
}
