;; Flushes `std::cout`.
(module
  (@dylink.0 (mem-info))
  (import "GOT.mem" "_ZNSt3__24coutE" (global $cout (mut i32)))
  (import "env" "_ZNSt3__213basic_ostreamIcNS_11char_traitsIcEEE5flushEv"
    (func $flush (param i32) (result i32)))
  (func (export "flushes") (result i32)
    (i32.eq (call $flush (global.get $cout)) (global.get $cout))))
