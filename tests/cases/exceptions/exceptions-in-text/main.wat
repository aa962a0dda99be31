;; Emscripten's helpers for exceptions work at every type that they can have. This module defines
;; the functions of libc that they need.
(module
  (@dylink.0 (mem-info (memory 16 4) (table 8 0)))
  (import "env" "memory" (memory 1))
  (import "env" "__indirect_function_table" (table 8 funcref))
  (import "env" "__stack_pointer" (global $stack (mut i32)))
  (import "env" "__memory_base" (global $memory_base i32))
  (import "env" "__table_base" (global $table_base i32))
  (import "env" "__throw_exception" (func $throw (param i32)))
  (import "env" "invoke_jijfdVFX"
    (func $invoke_all (param i32 i32 i64 f32 f64 v128 funcref externref) (result i64)))
  (import "env" "invoke_vi" (func $invoke_vi (param i32 i32)))
  (import "env" "invoke_i" (func $invoke_i (param i32) (result i32)))
  (import "env" "invoke_f" (func $invoke_f (param i32) (result f32)))
  (import "env" "invoke_d" (func $invoke_d (param i32) (result f64)))
  (import "env" "invoke_V" (func $invoke_v128 (param i32) (result v128)))
  (import "env" "invoke_F" (func $invoke_funcref (param i32) (result funcref)))
  (import "env" "invoke_X" (func $invoke_externref (param i32) (result externref)))
  (import "env" "__cxa_find_matching_catch_2" (func $find_2 (result i32)))
  (import "env" "__cxa_find_matching_catch_7"
    (func $find_7 (param i32 i32 i32 i32 i32) (result i32)))
  (type $all (func (param i32 i64 f32 f64 v128 funcref externref) (result i64)))
  (elem (global.get $table_base) func $sum $throws $throws_i $throws_f $throws_d $throws_v $throws_F $throws_X)
  (global $threw (mut i32) (i32.const 0))
  (func (export "setThrew") (param i32 i32)
    (global.set $threw (i32.add (global.get $threw) (i32.sub (local.get 0) (local.get 1)))))

  ;; Reads the array of types that it is given, which lies on the stack.
  (func (export "__cxa_find_matching_catch") (param $types i32) (param $count i32) (result i32)
    (local $sum i32)
    (if (i32.ne (local.get $types) (global.get $stack)) (then unreachable))
    (if (i32.and (local.get $types) (i32.const 15)) (then unreachable))
    (local.set $sum (local.get $count))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $count)))
        (local.set $sum
          (i32.add (i32.mul (local.get $sum) (i32.const 10)) (i32.load (local.get $types))))
        (local.set $types (i32.add (local.get $types) (i32.const 4)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $next)))
    (local.get $sum))

  (func $sum (type $all)
    (i64.add
      (i64.add (i64.extend_i32_s (local.get 0)) (local.get 1))
      (i64.add
        (i64.add (i64.trunc_f32_s (local.get 2)) (i64.trunc_f64_s (local.get 3)))
        (i64.add (i64x2.extract_lane 1 (local.get 4))
          (i64.extend_i32_u
            (i32.add (ref.is_null (local.get 5)) (ref.is_null (local.get 6))))))))
  (func $throws (param i32)
    ;; What is taken from the stack is given back by who catches.
    (global.set $stack (i32.sub (global.get $stack) (i32.const 64)))
    (call $throw (local.get 0)))
  (func $throws_i (result i32) (call $throw (i32.const 1)) (i32.const 1))
  (func $throws_f (result f32) (call $throw (i32.const 1)) (f32.const 1))
  (func $throws_d (result f64) (call $throw (i32.const 1)) (f64.const 1))
  (func $throws_v (result v128) (call $throw (i32.const 1)) (v128.const i64x2 1 1))
  (func $throws_F (result funcref) (call $throw (i32.const 1)) (ref.func $throws_F))
  (func $throws_X (result externref) (call $throw (i32.const 1)) unreachable)

  (func $slot (param i32) (result i32) (i32.add (global.get $table_base) (local.get 0)))
  (func $check (param i32) (if (i32.eqz (local.get 0)) (then unreachable)))
  (func (export "test") (result i32)
    (local $before i32)
    (local.set $before (global.get $stack))
    ;; Arguments and the result arrive.
    (call $check (i64.eq (i64.const 31)
      (call $invoke_all (call $slot (i32.const 0)) (i32.const 1) (i64.const 2) (f32.const 4) (f64.const 8)
        (v128.const i64x2 0 14) (ref.null func) (ref.null extern))))
    (call $check (i32.eqz (global.get $threw)))
    ;; What throws is told of, and returns zero.
    (call $invoke_vi (call $slot (i32.const 1)) (i32.const 5))
    (call $check (i32.eq (global.get $threw) (i32.const 1)))
    (call $check (i32.eq (global.get $stack) (local.get $before)))
    (call $check (i32.eqz (call $invoke_i (call $slot (i32.const 2)))))
    (call $check (f32.eq (f32.const 0) (call $invoke_f (call $slot (i32.const 3)))))
    (call $check (f64.eq (f64.const 0) (call $invoke_d (call $slot (i32.const 4)))))
    (call $check (i32.eqz (v128.any_true (call $invoke_v128 (call $slot (i32.const 5))))))
    (call $check (ref.is_null (call $invoke_funcref (call $slot (i32.const 6)))))
    (call $check (ref.is_null (call $invoke_externref (call $slot (i32.const 7)))))
    (call $check (i32.eq (global.get $threw) (i32.const 7)))
    ;; Types are found where they were put: five of them, and none.
    (call $check (i32.eq (i32.const 512345)
      (call $find_7 (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4) (i32.const 5))))
    (call $check (i32.eqz (call $find_2)))
    (call $check (i32.eq (global.get $stack) (local.get $before)))
    (i32.const 42)))
