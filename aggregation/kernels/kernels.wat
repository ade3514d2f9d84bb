;; The inner loops of aggregation. All addresses are byte offsets into the memory; $n counts values and is above 0.
;; The mean takes eight values at a time and so goes on up to seven beyond $n: the caller leaves room for them.
;; Each operation is rounded as IEEE 754 says and in the same order as in javascript.ts, so both give the same bits.
(module
  (import "host" "memory" (memory 1))

  ;; out[i] = f32((-0 + weights[0] * values[0][i] + weights[1] * values[1][i] + and so on) / total) over $count (above 0)
  ;; inputs whose values begin $stride bytes apart. One pass: the sums never leave their registers.
  (func (export "mean")
    (param $out i32) (param $values i32) (param $stride i32) (param $weights i32) (param $count i32) (param $n i32)
    (param $total f64)
    (local $end i32) (local $lastWeight i32) (local $at i32) (local $weight i32) (local $w v128) (local $t v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local.set $t (f64x2.splat (local.get $total)))
    (local.set $end (i32.add (local.get $values) (i32.shl (local.get $n) (i32.const 2))))
    (local.set $lastWeight (i32.add (local.get $weights) (i32.shl (local.get $count) (i32.const 3))))
    (loop $next
      (local.set $a (f64x2.splat (f64.const -0)))
      (local.set $b (local.get $a))
      (local.set $c (local.get $a))
      (local.set $d (local.get $a))
      (local.set $at (local.get $values))
      (local.set $weight (local.get $weights))
      (loop $input
        (local.set $w (v128.load64_splat (local.get $weight)))
        (local.set $a (f64x2.add (local.get $a)
          (f64x2.mul (local.get $w) (f64x2.promote_low_f32x4 (v128.load64_zero (local.get $at))))))
        (local.set $b (f64x2.add (local.get $b)
          (f64x2.mul (local.get $w) (f64x2.promote_low_f32x4 (v128.load64_zero offset=8 (local.get $at))))))
        (local.set $c (f64x2.add (local.get $c)
          (f64x2.mul (local.get $w) (f64x2.promote_low_f32x4 (v128.load64_zero offset=16 (local.get $at))))))
        (local.set $d (f64x2.add (local.get $d)
          (f64x2.mul (local.get $w) (f64x2.promote_low_f32x4 (v128.load64_zero offset=24 (local.get $at))))))
        (local.set $at (i32.add (local.get $at) (local.get $stride)))
        (local.set $weight (i32.add (local.get $weight) (i32.const 8)))
        (br_if $input (i32.lt_u (local.get $weight) (local.get $lastWeight))))
      (v128.store64_lane 0 (local.get $out) (f32x4.demote_f64x2_zero (f64x2.div (local.get $a) (local.get $t))))
      (v128.store64_lane offset=8 0 (local.get $out) (f32x4.demote_f64x2_zero (f64x2.div (local.get $b) (local.get $t))))
      (v128.store64_lane offset=16 0 (local.get $out) (f32x4.demote_f64x2_zero (f64x2.div (local.get $c) (local.get $t))))
      (v128.store64_lane offset=24 0 (local.get $out) (f32x4.demote_f64x2_zero (f64x2.div (local.get $d) (local.get $t))))
      (local.set $out (i32.add (local.get $out) (i32.const 32)))
      (local.set $values (i32.add (local.get $values) (i32.const 32)))
      (br_if $next (i32.lt_u (local.get $values) (local.get $end)))))

  ;; The place of the first NaN or infinity, or -1. Not finite means: all bits of the exponent are set. Looks at $n values only.
  (func (export "firstNotFinite") (param $values i32) (param $n i32) (result i32)
    (local $at i32) (local $end i32) (local $mask v128)
    (local.set $mask (v128.const i32x4 0x7f800000 0x7f800000 0x7f800000 0x7f800000))
    (local.set $at (local.get $values))
    (local.set $end (i32.add (local.get $values) (i32.shl (i32.and (local.get $n) (i32.const -16)) (i32.const 2))))
    (block $found
      (loop $next
        (br_if $found (i32.ge_u (local.get $at) (local.get $end)))
        (br_if $found (v128.any_true (v128.or
          (v128.or
            (i32x4.eq (local.get $mask) (v128.and (local.get $mask) (v128.load (local.get $at))))
            (i32x4.eq (local.get $mask) (v128.and (local.get $mask) (v128.load offset=16 (local.get $at)))))
          (v128.or
            (i32x4.eq (local.get $mask) (v128.and (local.get $mask) (v128.load offset=32 (local.get $at))))
            (i32x4.eq (local.get $mask) (v128.and (local.get $mask) (v128.load offset=48 (local.get $at))))))))
        (local.set $at (i32.add (local.get $at) (i32.const 64)))
        (br $next)))
    (local.set $end (i32.add (local.get $values) (i32.shl (local.get $n) (i32.const 2))))
    (loop $next
      (if (i32.ge_u (local.get $at) (local.get $end)) (then (return (i32.const -1))))
      (if (i32.eq (i32.const 0x7f800000) (i32.and (i32.const 0x7f800000) (i32.load (local.get $at))))
        (then (return (i32.shr_u (i32.sub (local.get $at) (local.get $values)) (i32.const 2)))))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br $next))
    (unreachable)))
