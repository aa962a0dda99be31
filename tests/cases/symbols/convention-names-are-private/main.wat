;; Every module exports the names of the convention, and imports some: it always gets its own. The
;; first definition does not win here: otherwise one module's constructors would run twice and the
;; others' never.
(module
  (@dylink.0
    (mem-info)
    (import-info "env" "__wasm_call_ctors" binding-weak undefined))
  (import "env" "counts_of_a" (func $counts_of_a (result i32 i32)))
  (import "env" "counts_of_b" (func $counts_of_b (result i32 i32)))
  (import "env" "is_as_own" (func $is_as_own (result i32)))
  (import "env" "is_bs_own" (func $is_bs_own (result i32)))
  (import "env" "constructors_of_a" (func $constructors_of_a (result i32)))
  (import "env" "constructors_of_b" (func $constructors_of_b (result i32)))
  (import "GOT.func" "__wasm_call_ctors" (global $constructors_slot (mut i32)))
  (func (export "test") (result i32)
    (if (i32.ne (i32.add (call $counts_of_a)) (i32.const 2)) (then (return (i32.const 1))))
    (if (i32.ne (i32.mul (call $counts_of_a)) (i32.const 1)) (then (return (i32.const 2))))
    (if (i32.ne (i32.add (call $counts_of_b)) (i32.const 2)) (then (return (i32.const 3))))
    (if (i32.ne (i32.mul (call $counts_of_b)) (i32.const 1)) (then (return (i32.const 4))))
    (if (i32.eqz (call $is_as_own)) (then (return (i32.const 5))))
    (if (i32.eqz (call $is_bs_own)) (then (return (i32.const 6))))
    (if (i32.eqz (call $constructors_of_a)) (then (return (i32.const 7))))
    (if (i32.eq (call $constructors_of_a) (call $constructors_of_b)) (then (return (i32.const 8))))
    ;; Main has none.
    (if (global.get $constructors_slot) (then (return (i32.const 9))))
    (i32.const 42)))
