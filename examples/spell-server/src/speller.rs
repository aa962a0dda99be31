//! The C++ library, with types of Rust.

use std::ffi::{CStr, c_char, c_void};
use std::fmt;
use std::ops::Range;

use crate::bindings::{SpellMistake, spell_check};

/// A word that is not in the dictionary.
#[derive(Debug)]
pub(crate) struct Mistake {
    word: String,
    /// Its bytes in the text.
    place: Range<usize>,
    /// Similar words, separated by commas.
    suggestions: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mistake { word, place: Range { start, .. }, suggestions } = self;
        match suggestions.as_str() {
            "" => write!(f, "{start}: {word}"),
            suggestions => write!(f, "{start}: {word}; did you mean {suggestions}?"),
        }
    }
}

/// What a call of C++ reads and writes.
struct Visit<'t> {
    text: &'t [u8],
    mistakes: Vec<Mistake>,
}

/// Returns the words of a text that are not in the dictionary.
///
/// # Errors
///
/// The message of the C++ exception, if the text cannot be read.
pub(crate) fn check(text: &[u8]) -> Result<Vec<Mistake>, String> {
    let mut visit = Visit { text, mistakes: Vec::new() };
    let context = (&raw mut visit).cast::<c_void>();
    // SAFETY: C++ reads only the bytes of `text`, and passes to `add` the context, which nobody
    // else uses meanwhile, and a mistake that is valid during that call.
    let message = unsafe { spell_check(text.as_ptr(), text.len(), Some(add), context) };
    // SAFETY: it is null, or a C string that is valid until the next call.
    match unsafe { string(message) } {
        None => Ok(visit.mistakes),
        Some(message) => Err(message),
    }
}

/// Adds a mistake that C++ has found.
unsafe extern "C" fn add(context: *mut c_void, mistake: *const SpellMistake) {
    // SAFETY: `check` has passed the context, and C++ passes a mistake.
    let (visit, mistake) = unsafe { (&mut *context.cast::<Visit<'_>>(), &*mistake) };
    let place = mistake.offset..mistake.offset + mistake.size;
    let word = visit.text.get(place.clone()).unwrap_or_default();
    let word = String::from_utf8_lossy(word).into_owned();
    // SAFETY: it is a C string that is valid during this call.
    let suggestions = unsafe { string(mistake.suggestions) }.unwrap_or_default();
    visit.mistakes.push(Mistake { word, place, suggestions });
}

/// Copies a C string, which may be null.
///
/// # Safety
///
/// The pointer is null, or that of a C string.
unsafe fn string(text: *const c_char) -> Option<String> {
    if text.is_null() {
        return None;
    }
    // SAFETY: the caller guarantees that it is a C string.
    Some(unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
}
