//! Feature codes with a real phone, by what it hears.

use std::thread;
use std::time::Duration;

use sip_tests::wire::{Baresip, Block, Desk, Node, until};

const OWN: f64 = 440.0;

/// Features §0.3, `*77`: what a supervisor says is a prompt that `play:` says to others at once.
#[test]
fn a_prompt_is_recorded_by_phone_and_played_to_another() {
    let node = Node::start(
        Block::claim(),
        "[[user]]\nlogin = \"ana\"\nrole = \"supervisor\"\n\n\
         [[station]]\nextension = \"1001\"\npassword = \"secret-1001\"\nuser = \"ana\"\n\n\
         [[station]]\nextension = \"1002\"\npassword = \"secret-1002\"\n\n\
         [[number]]\ndid = \"556\"\nto = \"play:custom/12;times=3\"\n",
    );
    let mut ana = Baresip::desk(&node.block, 21, "1001", OWN);
    ana.dial("*7712");
    ana.talks();
    thread::park_timeout(Duration::from_millis(2_500));
    ana.press("#");
    // What was said, before the question whether it is right.
    ana.hears_tone(OWN);
    ana.press("1");
    let prompts = || node.api().items("/api/v1/prompts?language=en");
    until("the prompt", || prompts().iter().any(|it| it["id"] == "custom/12").then_some(()));
    let mut bob = Baresip::desk(&node.block, 22, "1002", 1_200.0);
    bob.dial("556");
    bob.talks();
    bob.hears_tone(OWN);
    bob.hang_up();
}
