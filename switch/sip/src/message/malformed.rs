/// What could not be read in one header or URI. The text names the thing, for logs and reason phrases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The header is absent.
    #[error("Missing {0}")]
    Missing(&'static str),
    /// The grammar does not allow what is there.
    #[error("Bad {0}")]
    Syntax(&'static str),
}
