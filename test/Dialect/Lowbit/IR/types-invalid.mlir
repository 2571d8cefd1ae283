// Types that are not. The function is named after the rule of docs/Formats.md
// that its argument breaks, if it is not the syntax that is wrong.

// RUN: lowbit-opt %s --split-input-file --verify-diagnostics

//===----------------------------------------------------------------------===//
// minifloat
//===----------------------------------------------------------------------===//

// expected-error@+1 {{F0: expected a minifloat such as e4m3fn}}
func.func private @f0(!lowbit.minifloat<f8E4M3FN>)

// -----

// expected-error@+1 {{F0: expected a minifloat such as e4m3fn, ue5m3fn, e4m3fnuz, e2m1finite or e3m2, but found 'e4m3fnu'}}
func.func private @f0_suffix(!lowbit.minifloat<e4m3fnu>)

// -----

// expected-error@+1 {{but found 'E4M3'}}
func.func private @f0_uppercase(!lowbit.minifloat<E4M3>)

// -----

// expected-error@+1 {{but found 'm3e4'}}
func.func private @f0_order(!lowbit.minifloat<m3e4>)

// -----

// expected-error@+1 {{but found 'e04m3'}}
func.func private @f0_leading_zero(!lowbit.minifloat<e04m3>)

// -----

// expected-error@+1 {{but found 'e4'}}
func.func private @f0_no_mantissa(!lowbit.minifloat<e4>)

// -----

// expected-error@+1 {{F1: a minifloat has at least 1 exponent bit}}
func.func private @f1(!lowbit.minifloat<e0m3fn>)

// -----

// expected-error@+1 {{F1: the width of a minifloat is 2 to 16 bits, but 17 are asked for}}
func.func private @f1_wide(!lowbit.minifloat<e5m11>)

// -----

// expected-error@+1 {{F1: the width of a minifloat is 2 to 16 bits, but 1 are asked for}}
func.func private @f1_narrow(!lowbit.minifloat<ue1m0finite>)

// -----

// expected-error@+1 {{F1: the width of a minifloat is 2 to 16 bits}}
func.func private @f1_huge(!lowbit.minifloat<e4294967295m4294967295>)

// -----

// expected-error@+1 {{F1: the width of a minifloat is 2 to 16 bits}}
func.func private @f1_overflow(!lowbit.minifloat<e99999999999999999999m1>)

// -----

// expected-error@+1 {{F2: a minifloat with infinity and NaN (no suffix) has at least 1 mantissa bit}}
func.func private @f2(!lowbit.minifloat<e4m0>)

// -----

// expected-error@+1 {{F3: 'fnuz' puts NaN at the code of -0, so it needs a sign}}
func.func private @f3(!lowbit.minifloat<ue4m3fnuz>)

// -----

// expected-error@+1 {{F4: this minifloat has no finite value other than 0}}
func.func private @f4(!lowbit.minifloat<e1m0fn>)

// -----

// expected-error@+1 {{F5: every finite value must be exact in f32, but with bias -113 the largest is 2^128 or more}}
func.func private @f5_large(!lowbit.minifloat<e4m3fn, bias = -113>)

// -----

// expected-error@+1 {{F5: every finite value must be exact in f32, but with bias 148 the smallest is below 2^-149}}
func.func private @f5_small(!lowbit.minifloat<e4m3fn, bias = 148>)

// -----

// expected-error@+1 {{F5: every finite value must be exact in f32}}
func.func private @f5_max(!lowbit.minifloat<e4m3fn, bias = 9223372036854775807>)

// -----

// expected-error@+1 {{F5: every finite value must be exact in f32}}
func.func private @f5_min(!lowbit.minifloat<e4m3fn, bias = -9223372036854775807>)

// -----

// expected-error@+1 {{F5: every finite value must be exact in f32}}
func.func private @f5_wide(!lowbit.minifloat<e9m1>)

// -----

// expected-error@+1 {{integer value too large}}
func.func private @bias_overflow(!lowbit.minifloat<e4m3fn, bias = 9223372036854775808>)

// -----

// expected-error@+1 {{expected integer value}}
func.func private @bias_float(!lowbit.minifloat<e4m3fn, bias = 7.0>)

// -----

// expected-error@+1 {{expected 'bias'}}
func.func private @bias_keyword(!lowbit.minifloat<e4m3fn, frac = 7>)

// -----

// expected-error@+1 {{expected '='}}
func.func private @bias_missing(!lowbit.minifloat<e4m3fn, bias>)

// -----

// expected-error@+1 {{F6: '!lowbit.minifloat<e4m3fn>' is the builtin type f8E4M3FN; write that}}
func.func private @f6(!lowbit.minifloat<e4m3fn>)

// -----

// expected-error@+1 {{F6: '!lowbit.minifloat<e4m3fnuz, bias = 11>' is the builtin type f8E4M3B11FNUZ; write that}}
func.func private @f6_bias(!lowbit.minifloat<e4m3fnuz, bias = 11>)

// -----

// expected-error@+1 {{is the builtin type f4E2M1FN; write that}}
func.func private @f6_finite(!lowbit.minifloat<e2m1finite>)

// -----

// expected-error@+1 {{is the builtin type f16; write that}}
func.func private @f6_f16(!lowbit.minifloat<e5m10>)

// -----

// expected-error@+1 {{is the builtin type bf16; write that}}
func.func private @f6_bf16(!lowbit.minifloat<e8m7>)

// -----

// expected-error@+1 {{expected valid keyword}}
func.func private @no_text(!lowbit.minifloat<>)

// -----

// expected-error@+1 {{expected '<'}}
func.func private @no_angle(!lowbit.minifloat)

// -----

// expected-error@+1 {{unbalanced '<' character in pretty dialect name}}
func.func private @open(!lowbit.minifloat<e5m3fn)

// -----

// expected-error@+1 {{expected valid keyword}}
func.func private @string(!lowbit.minifloat<"e5m3fn">)

// -----

//===----------------------------------------------------------------------===//
// log
//===----------------------------------------------------------------------===//

// expected-error@+1 {{F7: the width of a logarithmic format is 2 to 8 bits, but 9 are asked for}}
func.func private @f7(!lowbit.log<9>)

// -----

// expected-error@+1 {{but 1 are asked for}}
func.func private @f7_one(!lowbit.log<1>)

// -----

// expected-error@+1 {{but 0 are asked for}}
func.func private @f7_zero(!lowbit.log<0>)

// -----

// expected-error@+1 {{but 4294967295 are asked for}}
func.func private @f7_huge(!lowbit.log<4294967295>)

// -----

// expected-error@+1 {{expected a number of 0 or more that fits into 32 bits, found 4294967300}}
func.func private @f7_overflow(!lowbit.log<4294967300>)

// -----

// expected-error@+1 {{expected a number of 0 or more that fits into 32 bits, found -4}}
func.func private @f7_negative(!lowbit.log<-4>)

// -----

// expected-error@+1 {{F8: a logarithmic format has at most 7 fraction bits, but 8 are asked for}}
func.func private @f8(!lowbit.log<4, frac = 8>)

// -----

// expected-error@+1 {{but 4294967295 are asked for}}
func.func private @f8_huge(!lowbit.log<8, frac = 4294967295>)

// -----

// expected-error@+1 {{expected a number of 0 or more that fits into 32 bits, found -1}}
func.func private @f8_negative(!lowbit.log<8, frac = -1>)

// -----

// expected-error@+1 {{expected 'frac'}}
func.func private @log_keyword(!lowbit.log<4, bias = 1>)

// -----

// expected-error@+1 {{expected integer value}}
func.func private @log_no_width(!lowbit.log<frac = 1>)

// -----

//===----------------------------------------------------------------------===//
// codebook
//===----------------------------------------------------------------------===//

// expected-error@+1 {{F9: the width of a codebook is 2 to 8 bits, but 1 are asked for}}
func.func private @f9(!lowbit.codebook<1, [0.0, 1.0]>)

// -----

// expected-error@+1 {{but 9 are asked for}}
func.func private @f9_wide(!lowbit.codebook<9, [0.0, 1.0]>)

// -----

// expected-error@+1 {{but 4294967295 are asked for}}
func.func private @f9_huge(!lowbit.codebook<4294967295, [0.0]>)

// -----

// expected-error@+1 {{F10: a codebook of 2 bits has 4 values, but 3 are given}}
func.func private @f10(!lowbit.codebook<2, [0.0, 1.0, 2.0]>)

// -----

// expected-error@+1 {{but 5 are given}}
func.func private @f10_many(!lowbit.codebook<2, [0, 1, 2, 3, 4]>)

// -----

// expected-error@+1 {{but 0 are given}}
func.func private @f10_none(!lowbit.codebook<2, []>)

// -----

// expected-error@+1 {{F11: the values of a codebook are finite, but that of code 1 is not}}
func.func private @f11(!lowbit.codebook<2, [0.0, 1.0e39, 1.0, 2.0]>)

// -----

// expected-error@+1 {{but that of code 3 is not}}
func.func private @f11_rounds_to_inf(!lowbit.codebook<2, [0.0, 1.0, 1.0, -3.4028236e38]>)

// -----

// expected-error@+1 {{F12: no codebook is named 'nf5'; the named ones are nf4, iq4nl}}
func.func private @f12(!lowbit.codebook<4, nf5>)

// -----

// expected-error@+1 {{F12: codebook 'nf4' has 4 bits, not 3}}
func.func private @f12_width(!lowbit.codebook<3, nf4>)

// -----

// expected-error@+1 {{F13: this list of values is the codebook 'iq4nl'; write !lowbit.codebook<4, iq4nl>}}
func.func private @f13(!lowbit.codebook<4, [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113]>)

// -----

// expected-error@+1 {{expected a number without a type in the values of the codebook}}
func.func private @nan(!lowbit.codebook<2, [0.0, nan, 1.0, 2.0]>)

// -----

// expected-error@+1 {{expected constant integer or floating point value}}
func.func private @negative_inf(!lowbit.codebook<2, [0.0, -inf, 1.0, 2.0]>)

// -----

// expected-error@+1 {{expected a number without a type in the values of the codebook}}
func.func private @typed_value(!lowbit.codebook<2, [0.0, 1.0 : f32, 1.0, 2.0]>)

// -----

// expected-error@+1 {{expected a number without a type in the values of the codebook}}
func.func private @nested_list(!lowbit.codebook<2, [[0.0], 1.0, 1.0, 2.0]>)

// -----

// expected-error@+1 {{integer out of range}}
func.func private @integer_overflow(!lowbit.codebook<2, [9223372036854775808, 1, 2, 3]>)

// -----

// expected-error@+1 {{expected ','}}
func.func private @no_values(!lowbit.codebook<4>)

// -----

// expected-error@+1 {{unbalanced '[' character in pretty dialect name}}
func.func private @open_list(!lowbit.codebook<2, [0.0, 1.0>)

// -----

// expected-error@+1 {{expected integer value}}
func.func private @width_missing(!lowbit.codebook<nf4>)

// -----

//===----------------------------------------------------------------------===//
// Others
//===----------------------------------------------------------------------===//

// expected-error@+1 {{unknown  type `float` in dialect `lowbit`}}
func.func private @unknown_type(!lowbit.float<8>)

// -----

// A tensor of such a type is no better.
// expected-error@+1 {{F7: the width of a logarithmic format is 2 to 8 bits}}
func.func private @f7_in_tensor(tensor<4x!lowbit.log<16>>)
