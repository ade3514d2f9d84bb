;; The inner loops of aggregation. All addresses are byte offsets into the memory; $n counts values.
;; Each operation is rounded as IEEE 754 says and in the same order as in javascript.ts, so both give the same bits.
(module
  (import "host" "memory" (memory 1))

  ;; sums[i] = weight * values[i]: the first input. It writes rather than adds to zero, so that -0 stays -0.
  (func (export "begin") (param $sums i32) (param $values i32) (param $n i32) (param $weight f64)
    (local $end i32) (local $w v128)
    (local.set $w (f64x2.splat (local.get $weight)))
    (local.set $end (i32.add (local.get $values) (i32.shl (i32.and (local.get $n) (i32.const -4)) (i32.const 2))))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $values) (local.get $end)))
        (v128.store (local.get $sums)
          (f64x2.mul (local.get $w) (f64x2.promote_low_f32x4 (v128.load64_zero (local.get $values)))))
        (v128.store offset=16 (local.get $sums)
          (f64x2.mul (local.get $w) (f64x2.promote_low_f32x4 (v128.load64_zero offset=8 (local.get $values)))))
        (local.set $values (i32.add (local.get $values) (i32.const 16)))
        (local.set $sums (i32.add (local.get $sums) (i32.const 32)))
        (br $next)))
    (local.set $end (i32.add (local.get $end) (i32.shl (i32.and (local.get $n) (i32.const 3)) (i32.const 2))))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $values) (local.get $end)))
        (f64.store (local.get $sums)
          (f64.mul (local.get $weight) (f64.promote_f32 (f32.load (local.get $values)))))
        (local.set $values (i32.add (local.get $values) (i32.const 4)))
        (local.set $sums (i32.add (local.get $sums) (i32.const 8)))
        (br $next))))

  ;; sums[i] = sums[i] + weight * values[i]
  (func (export "fold") (param $sums i32) (param $values i32) (param $n i32) (param $weight f64)
    (local $end i32) (local $w v128)
    (local.set $w (f64x2.splat (local.get $weight)))
    (local.set $end (i32.add (local.get $values) (i32.shl (i32.and (local.get $n) (i32.const -4)) (i32.const 2))))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $values) (local.get $end)))
        (v128.store (local.get $sums)
          (f64x2.add (v128.load (local.get $sums))
            (f64x2.mul (local.get $w) (f64x2.promote_low_f32x4 (v128.load64_zero (local.get $values))))))
        (v128.store offset=16 (local.get $sums)
          (f64x2.add (v128.load offset=16 (local.get $sums))
            (f64x2.mul (local.get $w) (f64x2.promote_low_f32x4 (v128.load64_zero offset=8 (local.get $values))))))
        (local.set $values (i32.add (local.get $values) (i32.const 16)))
        (local.set $sums (i32.add (local.get $sums) (i32.const 32)))
        (br $next)))
    (local.set $end (i32.add (local.get $end) (i32.shl (i32.and (local.get $n) (i32.const 3)) (i32.const 2))))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $values) (local.get $end)))
        (f64.store (local.get $sums)
          (f64.add (f64.load (local.get $sums))
            (f64.mul (local.get $weight) (f64.promote_f32 (f32.load (local.get $values))))))
        (local.set $values (i32.add (local.get $values) (i32.const 4)))
        (local.set $sums (i32.add (local.get $sums) (i32.const 8)))
        (br $next))))

  ;; out[i] = f32(sums[i] / total)
  (func (export "finish") (param $out i32) (param $sums i32) (param $n i32) (param $total f64)
    (local $end i32) (local $t v128)
    (local.set $t (f64x2.splat (local.get $total)))
    (local.set $end (i32.add (local.get $out) (i32.shl (i32.and (local.get $n) (i32.const -2)) (i32.const 2))))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $out) (local.get $end)))
        (v128.store64_lane 0 (local.get $out)
          (f32x4.demote_f64x2_zero (f64x2.div (v128.load (local.get $sums)) (local.get $t))))
        (local.set $out (i32.add (local.get $out) (i32.const 8)))
        (local.set $sums (i32.add (local.get $sums) (i32.const 16)))
        (br $next)))
    (if (i32.and (local.get $n) (i32.const 1))
      (then (f32.store (local.get $out)
        (f32.demote_f64 (f64.div (f64.load (local.get $sums)) (local.get $total)))))))

  ;; The place of the first NaN or infinity, or -1. Not finite means: all bits of the exponent are set.
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
