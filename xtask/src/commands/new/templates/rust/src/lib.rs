//! The guest `NAME`, in Rust.

/// Returns 42, the sum of the numbers in a text. Other modules can call it, in any language.
// SAFETY of the unmangled name: the modules that are linked with this one define no other function
// of this name.
#[unsafe(no_mangle)]
pub extern "C" fn NAME_answer() -> i32 {
    sum("20 and 22")
}

/// Returns the sum of the numbers in a text, without its other words.
fn sum(text: &str) -> i32 {
    text.split_whitespace().filter_map(|word| word.parse::<i32>().ok()).sum()
}

#[cfg(test)]
mod tests {
    #[test]
    fn words_are_left_out() {
        assert_eq!(super::sum("1 and 2"), 3);
    }
}
