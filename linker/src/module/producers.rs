//! The tools that made a module, as its `producers` section names them.

use wasmparser::{CustomSectionReader, KnownCustom, ProducersSectionReader};

use crate::names::printable;

/// The tools that made a module, as far as they are named. Emscripten removes the section from what
/// it links without `-g`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Producers {
    /// The version of the clang that compiled most of it.
    pub(crate) clang: Option<String>,
    /// The SDK that it belongs to, with its version. System libraries name theirs.
    pub(crate) sdk: Option<String>,
    /// Whether Zig compiled a part of it.
    pub(crate) is_by_zig: bool,
}

impl Producers {
    /// Adds what a section says, if it is a well-formed one about producers.
    pub(crate) fn read(&mut self, section: &CustomSectionReader<'_>) {
        // The convention asks readers to ignore what is malformed here.
        if let KnownCustom::Producers(fields) = section.as_known() {
            self.read_fields(fields);
        }
    }

    fn read_fields(&mut self, fields: ProducersSectionReader<'_>) {
        for field in fields.into_iter().flatten() {
            for value in field.values.into_iter().flatten() {
                match field.name {
                    // Distributions put their name before it.
                    "processed-by" if value.name.ends_with(CLANG) => {
                        self.is_by_zig |= value.version.contains(OF_ZIG);
                        self.clang.get_or_insert_with(|| number(value.version));
                    }
                    "sdk" => {
                        let title = || format!("{} {}", value.name, value.version);
                        self.sdk.get_or_insert_with(|| printable(&title()).into_owned());
                    }
                    _ => {}
                }
            }
        }
    }
}

const CLANG: &str = "clang";

/// The part of the version by which Zig's clang differs from others.
const OF_ZIG: &str = "/zig-bootstrap ";

/// Returns the number in a version such as `20.1.2 (https://…)`.
fn number(version: &str) -> String {
    printable(version.split_whitespace().next().unwrap_or_default()).into_owned()
}
