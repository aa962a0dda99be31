//! ```
//! assert_eq!(tested::half(4), 2);
//! ```

/// Returns the half.
///
/// ```should_panic
/// tested::half(3);
/// ```
pub fn half(x: i32) -> i32 {
    assert!(x % 2 == 0, "{x} is odd");
    x / 2
}

#[cfg(test)]
mod tests {
    use super::half;

    #[test]
    fn four() {
        println!("is not shown");
        assert_eq!(half(4), 2);
    }

    #[test]
    #[should_panic(expected = "is odd")]
    fn odd() {
        half(5);
    }

    #[test]
    #[ignore = "it fails"]
    fn wrong() {
        println!("is shown");
        // A hook around that of the standard library.
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| hook(info)));
        assert_eq!(half(6), 2, "not a third");
    }

    #[test]
    #[ignore = "it fails"]
    fn expects_another_panic() -> Result<(), String> {
        Err("no half".to_owned())
    }
}
