//! What `new` writes for each kind of guest. `NAME` in a template stands for the guest's name.

use crate::flags::GuestLanguage;

/// A kind of guest, with the files that it starts from.
#[derive(Debug)]
pub(crate) struct Template {
    language: GuestLanguage,
    with_cxx: bool,
    /// The kind, for messages: `a guest in C`.
    pub(crate) title: &'static str,
    entry: &'static str,
    /// The files of the guest's folder: the path of each, and its text.
    files: &'static [(&'static str, &'static str)],
}

/// A template with a guest's name in it.
#[derive(Debug)]
pub(crate) struct NewGuest {
    pub(crate) name: String,
    pub(crate) template: &'static Template,
    /// The lines for `guests.toml`: a comment, and the table. The last line has no end.
    pub(crate) entry: String,
    /// The files of the guest's folder: the path of each, and its text.
    pub(crate) files: Vec<(String, String)>,
}

static TEMPLATES: [Template; 4] = [
    Template {
        language: GuestLanguage::Rust,
        with_cxx: false,
        title: "a guest in Rust",
        entry: include_str!("templates/rust/entry.toml"),
        files: &[
            ("Cargo.toml", include_str!("templates/rust/Cargo.toml")),
            ("src/lib.rs", include_str!("templates/rust/src/lib.rs")),
            CASE,
        ],
    },
    Template {
        language: GuestLanguage::Rust,
        with_cxx: true,
        title: "a guest in Rust with C++ inside",
        entry: include_str!("templates/cxx/entry.toml"),
        files: &[
            ("Cargo.toml", include_str!("templates/cxx/Cargo.toml")),
            ("build.rs", include_str!("templates/cxx/build.rs")),
            ("include/sum.h", include_str!("templates/cxx/include/sum.h")),
            ("src/lib.rs", include_str!("templates/cxx/src/lib.rs")),
            ("src/sum.cpp", include_str!("templates/cxx/src/sum.cpp")),
            CASE,
        ],
    },
    Template {
        language: GuestLanguage::C,
        with_cxx: false,
        title: "a guest in C",
        entry: include_str!("templates/c/entry.toml"),
        files: &[("NAME.c", include_str!("templates/c/guest.c")), CASE],
    },
    Template {
        language: GuestLanguage::Cpp,
        with_cxx: false,
        title: "a guest in C++",
        entry: include_str!("templates/cpp/entry.toml"),
        files: &[("NAME.cpp", include_str!("templates/cpp/guest.cpp")), CASE],
    },
];

/// The file of a guest's test.
pub(crate) const CASE_FILE: &str = "case.md";

const CASE: (&str, &str) = (CASE_FILE, include_str!("templates/case.md"));

impl NewGuest {
    /// Returns a new guest of a language. Only crates have C++ inside.
    pub(crate) fn new(name: &str, language: GuestLanguage, with_cxx: bool) -> Option<Self> {
        let is_wanted = |it: &&Template| it.language == language && it.with_cxx == with_cxx;
        TEMPLATES.iter().find(is_wanted).map(|template| template.fill(name))
    }

    /// Returns the guest that `new` has made, by the comment that it writes above an entry.
    pub(crate) fn by_comment(name: &str, comment: &str) -> Option<Self> {
        TEMPLATES
            .iter()
            .map(|template| template.fill(name))
            .find(|guest| guest.comment() == comment)
    }

    fn comment(&self) -> &str {
        self.entry.lines().next().unwrap_or_default()
    }

    /// Returns whether the guest is a crate, and so a member of the workspace.
    pub(crate) fn is_crate(&self) -> bool {
        self.template.language == GuestLanguage::Rust
    }

    /// Returns the name of the function that the guest exports.
    pub(crate) fn export(&self) -> String {
        fill("NAME_answer", &self.name)
    }
}

impl Template {
    fn fill(&'static self, name: &str) -> NewGuest {
        let file = |(path, text): &(&str, &str)| (fill(path, name), fill(text, name));
        NewGuest {
            name: name.to_owned(),
            template: self,
            entry: fill(self.entry.trim_end(), name),
            files: self.files.iter().map(file).collect(),
        }
    }
}

/// Puts a name in place of `NAME`. In identifiers, which go on with `_`, a `-` becomes `_`.
fn fill(text: &str, name: &str) -> String {
    let identifier = format!("{}_", name.replace('-', "_"));
    text.replace("NAME_", &identifier).replace("NAME", name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::new::name::LONGEST;

    #[test]
    fn a_dash_is_an_underscore_in_identifiers() {
        assert_eq!(fill("NAME/x.h: NAME_sum", "a-b"), "a-b/x.h: a_b_sum");
    }

    #[test]
    fn each_comment_tells_its_template() {
        for template in &TEMPLATES {
            let guest = template.fill("a");
            let found = NewGuest::by_comment("a", guest.comment());
            assert_eq!(found.map(|guest| guest.template.title), Some(template.title));
            assert!(NewGuest::by_comment("b", guest.comment()).is_none(), "{}", guest.entry);
        }
    }

    #[test]
    fn lines_are_short_with_the_longest_name() {
        let name = "n".repeat(LONGEST);
        for guest in TEMPLATES.iter().map(|template| template.fill(&name)) {
            let texts = guest.files.iter().map(|(_, text)| text).chain([&guest.entry]);
            let long = texts.flat_map(|text| text.lines()).find(|line| line.chars().count() > 100);
            assert_eq!(long, None);
        }
    }
}
