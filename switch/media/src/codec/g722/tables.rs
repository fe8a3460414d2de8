//! The constants of ITU-T G.722.

/// Coefficients of both quadrature mirror filters, the first half (Table 11); the second mirrors it.
const MIRROR: [i16; 12] = [3, -11, -11, 53, 12, -156, 32, 362, -210, -805, 951, 3_876];

/// Filter of the lower band, along 24 samples.
pub(super) const LOW_FILTER: [i16; 24] = filter(1);
/// Filter of the higher band.
pub(super) const HIGH_FILTER: [i16; 24] = filter(-1);

const fn filter(even: i16) -> [i16; 24] {
    let mut filter = [0; 24];
    let mut at = 0;
    while at < 24 {
        let mirrored = if at < 12 { MIRROR[at] } else { MIRROR[23 - at] };
        filter[at] = if at % 2 == 0 { even * mirrored } else { mirrored };
        at += 1;
    }
    filter
}

/// Decision levels of the 60-level quantiser (Table 14).
pub(super) const LOW_DECISIONS: [i32; 29] = [
    35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1_023, 1_121,
    1_219, 1_339, 1_458, 1_612, 1_765, 1_980, 2_195, 2_557, 2_919,
];
/// Codes of the intervals below zero and above it, the innermost first (Table 15).
pub(super) const LOW_CODES: [[u8; 30]; 2] = [
    [
        63, 62, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8,
        7, 6, 5, 4,
    ],
    [
        61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37,
        36, 35, 34, 33, 32,
    ],
];
/// What a six bit code stands for (Table 19).
pub(super) const LOW_OUTPUTS: [i32; 64] = [
    -136, -136, -136, -136, -24_808, -21_904, -19_008, -16_704, -14_984, -13_512, -12_280, -11_192, -10_232,
    -9_360, -8_576, -7_856, -7_192, -6_576, -6_000, -5_456, -4_944, -4_464, -4_008, -3_576, -3_168, -2_776,
    -2_400, -2_032, -1_688, -1_360, -1_040, -728, 24_808, 21_904, 19_008, 16_704, 14_984, 13_512, 12_280,
    11_192, 10_232, 9_360, 8_576, 7_856, 7_192, 6_576, 6_000, 5_456, 4_944, 4_464, 4_008, 3_576, 3_168,
    2_776, 2_400, 2_032, 1_688, 1_360, 1_040, 728, 432, 136, -432, -136,
];
/// What its upper four bits stand for in the predictor, which both ends share (Table 17).
pub(super) const LOW_STEPS: [i32; 16] = [
    0, -20_456, -12_896, -8_968, -6_288, -4_240, -2_584, -1_200, 20_456, 12_896, 8_968, 6_288, 4_240, 2_584,
    1_200, 0,
];
/// How those four bits move the step size (Tables 20 and 21).
pub(super) const LOW_MOVES: [i32; 16] =
    [-60, 3_042, 1_198, 538, 334, 172, 58, -30, 3_042, 1_198, 538, 334, 172, 58, -30, -60];

/// Decision level of the four-level quantiser (Table 16).
pub(super) const HIGH_DECISION: i32 = 564;
/// Its codes below zero and above it, the inner first.
pub(super) const HIGH_CODES: [[u8; 2]; 2] = [[1, 0], [3, 2]];
/// What a two bit code stands for (Table 18).
pub(super) const HIGH_STEPS: [i32; 4] = [-7_408, -1_616, 7_408, 1_616];
/// How it moves the step size (Tables 20 and 21).
pub(super) const HIGH_MOVES: [i32; 4] = [798, -214, 798, -214];

/// The logarithm's table of step sizes (Table 22).
pub(super) const STEP_SIZES: [i32; 32] = [
    2_048, 2_093, 2_139, 2_186, 2_233, 2_282, 2_332, 2_383, 2_435, 2_489, 2_543, 2_599, 2_656, 2_714, 2_774,
    2_834, 2_896, 2_960, 3_025, 3_091, 3_158, 3_228, 3_298, 3_371, 3_444, 3_520, 3_597, 3_676, 3_756, 3_838,
    3_922, 4_008,
];
