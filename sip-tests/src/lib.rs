//! The test house: a simulated world of phones, carriers and a lossy network, and tests on the real wire.
