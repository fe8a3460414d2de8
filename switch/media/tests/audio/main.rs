//! What far ends hear, in virtual time: tones in at one end, levels at the others.

mod bad;
mod churn;
mod digits;
mod moves;
mod playing;
mod recorded;
mod rooms;
mod seams;
mod taps;
mod two;
mod world;
