;; The inner loops of aggregation. All addresses are byte offsets into the memory; $n counts values and is above 0.
;; The first three work on eight values at a time and so on up to seven more than $n: the caller leaves room for them.
;; Each operation is rounded as IEEE 754 says and in the same order as in javascript.ts, so both give the same bits.
(module
  (import "host" "memory" (memory 1))

  ;; sums[i] = sums[i] + weight * values[i]
  (func (export "fold") (param $sums i32) (param $values i32) (param $n i32) (param $weight f64)
    (local $end i32) (local $w v128)
    (local.set $w (f64x2.splat (local.get $weight)))
    (local.set $end (i32.add (local.get $values) (i32.shl (local.get $n) (i32.const 2))))
    (loop $next
      (v128.store (local.get $sums)
        (f64x2.add (v128.load (local.get $sums))
          (f64x2.mul (local.get $w) (f64x2.promote_low_f32x4 (v128.load64_zero (local.get $values))))))
      (v128.store offset=16 (local.get $sums)
        (f64x2.add (v128.load offset=16 (local.get $sums))
          (f64x2.mul (local.get $w) (f64x2.promote_low_f32x4 (v128.load64_zero offset=8 (local.get $values))))))
      (v128.store offset=32 (local.get $sums)
        (f64x2.add (v128.load offset=32 (local.get $sums))
          (f64x2.mul (local.get $w) (f64x2.promote_low_f32x4 (v128.load64_zero offset=16 (local.get $values))))))
      (v128.store offset=48 (local.get $sums)
        (f64x2.add (v128.load offset=48 (local.get $sums))
          (f64x2.mul (local.get $w) (f64x2.promote_low_f32x4 (v128.load64_zero offset=24 (local.get $values))))))
      (local.set $sums (i32.add (local.get $sums) (i32.const 64)))
      (local.set $values (i32.add (local.get $values) (i32.const 32)))
      (br_if $next (i32.lt_u (local.get $values) (local.get $end)))))

  ;; sums[i] = (sums[i] + weightA * a[i]) + weightB * b[i]: two folds for one load and one store of the sum.
  (func (export "foldTwo")
    (param $sums i32) (param $a i32) (param $b i32) (param $n i32) (param $weightA f64) (param $weightB f64)
    (local $end i32) (local $wa v128) (local $wb v128)
    (local.set $wa (f64x2.splat (local.get $weightA)))
    (local.set $wb (f64x2.splat (local.get $weightB)))
    (local.set $end (i32.add (local.get $a) (i32.shl (local.get $n) (i32.const 2))))
    (loop $next
      (v128.store (local.get $sums)
        (f64x2.add
          (f64x2.add (v128.load (local.get $sums))
            (f64x2.mul (local.get $wa) (f64x2.promote_low_f32x4 (v128.load64_zero (local.get $a)))))
          (f64x2.mul (local.get $wb) (f64x2.promote_low_f32x4 (v128.load64_zero (local.get $b))))))
      (v128.store offset=16 (local.get $sums)
        (f64x2.add
          (f64x2.add (v128.load offset=16 (local.get $sums))
            (f64x2.mul (local.get $wa) (f64x2.promote_low_f32x4 (v128.load64_zero offset=8 (local.get $a)))))
          (f64x2.mul (local.get $wb) (f64x2.promote_low_f32x4 (v128.load64_zero offset=8 (local.get $b))))))
      (v128.store offset=32 (local.get $sums)
        (f64x2.add
          (f64x2.add (v128.load offset=32 (local.get $sums))
            (f64x2.mul (local.get $wa) (f64x2.promote_low_f32x4 (v128.load64_zero offset=16 (local.get $a)))))
          (f64x2.mul (local.get $wb) (f64x2.promote_low_f32x4 (v128.load64_zero offset=16 (local.get $b))))))
      (v128.store offset=48 (local.get $sums)
        (f64x2.add
          (f64x2.add (v128.load offset=48 (local.get $sums))
            (f64x2.mul (local.get $wa) (f64x2.promote_low_f32x4 (v128.load64_zero offset=24 (local.get $a)))))
          (f64x2.mul (local.get $wb) (f64x2.promote_low_f32x4 (v128.load64_zero offset=24 (local.get $b))))))
      (local.set $sums (i32.add (local.get $sums) (i32.const 64)))
      (local.set $a (i32.add (local.get $a) (i32.const 32)))
      (local.set $b (i32.add (local.get $b) (i32.const 32)))
      (br_if $next (i32.lt_u (local.get $a) (local.get $end)))))

  ;; out[i] = f32(sums[i] / total); sums[i] = -0
  (func (export "finish") (param $out i32) (param $sums i32) (param $n i32) (param $total f64)
    (local $end i32) (local $t v128) (local $empty v128)
    (local.set $t (f64x2.splat (local.get $total)))
    (local.set $empty (f64x2.splat (f64.const -0)))
    (local.set $end (i32.add (local.get $out) (i32.shl (local.get $n) (i32.const 2))))
    (loop $next
      (v128.store64_lane 0 (local.get $out)
        (f32x4.demote_f64x2_zero (f64x2.div (v128.load (local.get $sums)) (local.get $t))))
      (v128.store (local.get $sums) (local.get $empty))
      (v128.store64_lane offset=8 0 (local.get $out)
        (f32x4.demote_f64x2_zero (f64x2.div (v128.load offset=16 (local.get $sums)) (local.get $t))))
      (v128.store offset=16 (local.get $sums) (local.get $empty))
      (v128.store64_lane offset=16 0 (local.get $out)
        (f32x4.demote_f64x2_zero (f64x2.div (v128.load offset=32 (local.get $sums)) (local.get $t))))
      (v128.store offset=32 (local.get $sums) (local.get $empty))
      (v128.store64_lane offset=24 0 (local.get $out)
        (f32x4.demote_f64x2_zero (f64x2.div (v128.load offset=48 (local.get $sums)) (local.get $t))))
      (v128.store offset=48 (local.get $sums) (local.get $empty))
      (local.set $sums (i32.add (local.get $sums) (i32.const 64)))
      (local.set $out (i32.add (local.get $out) (i32.const 32)))
      (br_if $next (i32.lt_u (local.get $out) (local.get $end)))))

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
