//! One band's adaptive differential coder: what sender and receiver compute alike (ITU-T G.722 §3, §6.2).

use super::tables::STEP_SIZES;

/// Names in the recommendation stand beside the fields.
#[derive(Clone, Copy, Debug)]
pub(super) struct Band {
    /// S: what the next sample is predicted to be.
    predicted: i32,
    /// SZ: the part of it that comes from past differences.
    from_differences: i32,
    /// DET: the step size.
    step: i32,
    /// NB: its logarithm.
    logarithm: i32,
    /// The largest logarithm, and the shift that makes a step size of it.
    ceiling: i32,
    shift: i32,
    /// RLT, the two last outputs.
    outputs: [i32; 2],
    /// PLT, the two last partial outputs.
    partials: [i32; 2],
    /// A, coefficients of the poles.
    poles: [i32; 2],
    /// DLT, the six last differences.
    differences: [i32; 6],
    /// B, coefficients of the zeros.
    zeros: [i32; 6],
}

impl Band {
    pub(super) fn low() -> Self {
        Self::starting(32, 18_432, 8)
    }

    pub(super) fn high() -> Self {
        Self::starting(8, 22_528, 10)
    }

    fn starting(step: i32, ceiling: i32, shift: i32) -> Self {
        Self {
            predicted: 0,
            from_differences: 0,
            step,
            logarithm: 0,
            ceiling,
            shift,
            outputs: [0; 2],
            partials: [0; 2],
            poles: [0; 2],
            differences: [0; 6],
            zeros: [0; 6],
        }
    }

    pub(super) fn predicted(&self) -> i32 {
        self.predicted
    }

    /// A quantiser's level, given in parts of the step size.
    pub(super) fn scaled(&self, level: i32) -> i32 {
        (self.step * level) >> 15
    }

    /// A decision level of a quantiser.
    pub(super) fn decision(&self, level: i32) -> i32 {
        (self.step * level) >> 12
    }

    /// Goes on by a sample whose difference from the prediction was coded as `difference`; its code moves the step size.
    pub(super) fn advance(&mut self, difference: i32, movement: i32) {
        self.adapt_step(movement);
        let output = saturated(self.predicted + difference);
        let partial = saturated(self.from_differences + difference);
        self.adapt_poles(partial);
        self.adapt_zeros(difference);
        self.outputs = [output, self.outputs[0]];
        self.partials = [partial, self.partials[0]];
        self.differences.copy_within(..5, 1);
        self.differences[0] = difference;
        self.predict();
    }

    /// LOGSC, SCALE.
    fn adapt_step(&mut self, movement: i32) {
        self.logarithm = (((self.logarithm * 127) >> 7) + movement).clamp(0, self.ceiling);
        let mantissa = STEP_SIZES[(self.logarithm >> 6 & 31) as usize];
        let down = self.shift - (self.logarithm >> 11);
        self.step = if down < 0 { mantissa << -down } else { mantissa >> down } << 2;
    }

    /// UPPOL2, UPPOL1.
    fn adapt_poles(&mut self, partial: i32) {
        let [first, second] = self.poles;
        let like_last = same_sign(partial, self.partials[0]);
        let like_one_before = same_sign(partial, self.partials[1]);
        let fourfold = saturated(first << 2);
        let pull = if like_last { -fourfold } else { fourfold }.min(32_767);
        let push = if like_one_before { 128 } else { -128 };
        let second = (push + (pull >> 7) + ((second * 32_512) >> 15)).clamp(-12_288, 12_288);
        let push = if like_last { 192 } else { -192 };
        let limit = saturated(15_360 - second);
        let first = saturated(push + ((first * 32_640) >> 15)).clamp(-limit, limit);
        self.poles = [first, second];
    }

    /// UPZERO.
    fn adapt_zeros(&mut self, difference: i32) {
        let push = if difference == 0 { 0 } else { 128 };
        for (zero, past) in self.zeros.iter_mut().zip(self.differences) {
            let push = if same_sign(difference, past) { push } else { -push };
            *zero = saturated(push + ((*zero * 32_640) >> 15));
        }
    }

    /// FILTEP, FILTEZ, PREDIC.
    fn predict(&mut self) {
        let doubled = |value: i32| saturated(2 * value);
        let pole = |at: usize| (self.poles[at] * doubled(self.outputs[at])) >> 15;
        let from_outputs = saturated(pole(0) + pole(1));
        let zeros = self.zeros.iter().zip(self.differences);
        let from_differences = zeros.map(|(zero, past)| (zero * doubled(past)) >> 15).sum();
        self.from_differences = saturated(from_differences);
        self.predicted = saturated(from_outputs + self.from_differences);
    }
}

/// Held within 16 bits.
pub(super) fn saturated(value: i32) -> i32 {
    value.clamp(-32_768, 32_767)
}

fn same_sign(one: i32, other: i32) -> bool {
    (one ^ other) >= 0
}
