// The functions that the spell checker offers to Rust: the build writes `../src/bindings.rs` from
// them. Both share one memory, so a pointer means the same to both.
#pragma once

#include <stddef.h>
#include <stdint.h>

/// A word that is not in the dictionary.
typedef struct SpellMistake {
    /// The first byte of the word in the text, and its size in bytes.
    size_t offset, size;
    /// The known words that it may mean, separated by commas. C++ frees them after the call.
    const char* suggestions;
} SpellMistake;

#ifdef __cplusplus
extern "C" {
#endif

/// Calls `visit` with each word of a text that is not in the dictionary.
///
/// Returns 0, or a message if the text cannot be read. The message stays valid until the next call.
const char* spell_check(const uint8_t* text, size_t size,
                        void (*visit)(void* context, const SpellMistake* mistake), void* context);

#ifdef __cplusplus
}
#endif
