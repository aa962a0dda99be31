//! A tour of Rust and C++ in one crate, with the bridge of the crate `cxx`: C++ makes an index of
//! pages that Rust has, and Rust searches in it. The bridge checks that both sides agree.

#[allow(unreachable_pub, reason = "the bridge makes all that it names public")]
#[cxx::bridge]
mod ffi {
    /// How often a word is on a page. Both languages know its fields.
    #[derive(Debug, PartialEq, Eq)]
    struct Occurrence {
        page: u32,
        count: u32,
    }

    extern "Rust" {
        type Pages;
        fn next(self: &mut Pages) -> String;
    }

    unsafe extern "C++" {
        include!("tour-cxx/include/index.h");

        type Index;
        /// A C++ exception becomes an `Err`.
        fn make_index(pages: &mut Pages) -> Result<UniquePtr<Index>>;
        fn find(self: &Index, word: &str) -> Result<Vec<Occurrence>>;
        fn words(self: &Index) -> UniquePtr<CxxVector<CxxString>>;
    }
}

/// The pages of a text, one after the other.
struct Pages {
    left: std::vec::IntoIter<&'static str>,
}

impl Pages {
    fn of(pages: Vec<&'static str>) -> Self {
        Pages { left: pages.into_iter() }
    }

    /// Returns the next page, or nothing at the end. C++ calls it.
    fn next(&mut self) -> String {
        self.left.next().unwrap_or_default().to_owned()
    }
}

/// Prints what the index finds, and returns the number of different words.
#[unsafe(no_mangle)]
pub extern "C" fn tour_cxx() -> u32 {
    match search() {
        Ok(words) => words,
        Err(error) => {
            print(&format!("C++ threw: {error}"));
            0
        }
    }
}

fn search() -> Result<u32, cxx::Exception> {
    let mut pages = Pages::of(vec!["to be or not to be", "that is the question"]);
    let index = ffi::make_index(&mut pages)?;
    for ffi::Occurrence { page, count } in index.find("to")? {
        print(&format!("`to` is on page {page}, {count} times"));
    }
    if let Err(error) = index.find("bee") {
        print(&format!("C++ threw: {error}"));
    }
    let words = index.words();
    let list: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
    print(&list.join(" "));
    Ok(u32::try_from(list.len()).unwrap_or(u32::MAX))
}

#[expect(clippy::print_stdout, reason = "a tour shows something")]
fn print(line: &str) {
    println!("{line}");
}

#[cfg(test)]
mod tests {
    use super::{Pages, ffi};

    #[test]
    fn words_are_found() -> Result<(), cxx::Exception> {
        let index = ffi::make_index(&mut Pages::of(vec!["a b a", "b"]))?;
        assert_eq!(index.find("a")?, [ffi::Occurrence { page: 1, count: 2 }]);
        assert_eq!(index.words().len(), 2);
        Ok(())
    }

    #[test]
    fn a_text_without_pages_is_refused() {
        let error = ffi::make_index(&mut Pages::of(Vec::new())).err();
        assert_eq!(error.map(|error| error.to_string()).as_deref(), Some("there are no pages"));
    }
}
