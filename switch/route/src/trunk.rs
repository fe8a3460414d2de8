//! A trunk with its rewriting rules compiled.

use provision::{BadPattern, Pattern, Replacement, Rewrite, Trunk};

/// A trunk and its number formats.
#[derive(Clone, Debug)]
pub struct TrunkRoute {
    trunk: Trunk,
    number_in: Rules,
    number_out: Rules,
    caller_in: Rules,
    caller_out: Rules,
}

impl TrunkRoute {
    pub(crate) fn build(trunk: &Trunk) -> Result<Self, BadPattern> {
        Ok(Self {
            number_in: Rules::build(&trunk.number_in)?,
            number_out: Rules::build(&trunk.number_out)?,
            caller_in: Rules::build(&trunk.caller_in)?,
            caller_out: Rules::build(&trunk.caller_out)?,
            trunk: trunk.clone(),
        })
    }

    /// The trunk as set up.
    #[must_use]
    pub fn trunk(&self) -> &Trunk {
        &self.trunk
    }

    /// A dialled number that came in, in our form.
    #[must_use]
    pub fn number_in(&self, number: &str) -> String {
        self.number_in.apply(number)
    }

    /// A dialled number that goes out, in the carrier's form.
    #[must_use]
    pub fn number_out(&self, number: &str) -> String {
        self.number_out.apply(number)
    }

    /// A caller's number that came in, in our form.
    #[must_use]
    pub fn caller_in(&self, number: &str) -> String {
        self.caller_in.apply(number)
    }

    /// A caller's number that goes out, in the carrier's form.
    #[must_use]
    pub fn caller_out(&self, number: &str) -> String {
        self.caller_out.apply(number)
    }
}

/// Rewrites of which the first that matches the whole number wins.
#[derive(Clone, Debug)]
struct Rules(Vec<(Pattern, Replacement)>);

impl Rules {
    fn build(rewrites: &[Rewrite]) -> Result<Self, BadPattern> {
        let compile = |rewrite: &Rewrite| {
            let pattern = Pattern::whole(&rewrite.pattern)?;
            let by = Replacement::read(&rewrite.replace, pattern.groups())?;
            Ok((pattern, by))
        };
        rewrites.iter().map(compile).collect::<Result<_, _>>().map(Self)
    }

    fn apply(&self, number: &str) -> String {
        self.0
            .iter()
            .find_map(|(pattern, by)| pattern.rewrite(number, by))
            .unwrap_or_else(|| number.to_owned())
    }
}
