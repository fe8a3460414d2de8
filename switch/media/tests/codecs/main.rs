//! Every codec with every other, at every rate, and with whatever else may come in a packet.

mod damage;
mod pairs;
mod world;
