//! Features that phones and the switch keep in step: what a phone sets counts as if its owner had set it elsewhere.

use base::Now;
use phone::lamp::feature_event::{FeatureAsk, Features};

use super::Shard;

impl Shard {
    pub(super) fn features_of(&self, _extension: &str) -> Features {
        Features::default()
    }

    pub(super) fn features_asked(
        &mut self,
        _now: Now,
        _extension: &str,
        _ask: FeatureAsk,
    ) -> Result<(), u16> {
        Ok(())
    }
}
