//! Numbers to where: a pure function from a snapshot and an inquiry to a verdict and its reason.
