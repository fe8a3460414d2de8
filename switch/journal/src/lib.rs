//! Facts on disk first: segments, recovery and the records made from them.
