//! A switch with calls that are up, each between two phones with a codec each.

use std::fmt::Write as _;
use std::time::Duration;

use base::media::Codec;

use super::{Block, Node, Phone, converse};

/// Calls from a trunk on host 2, each to a trunk of its own from host 10 on.
#[derive(Debug)]
pub struct Pairs {
    /// The switch.
    pub node: Node,
    /// Who called.
    pub near: Vec<Phone>,
    /// Who answered.
    pub far: Vec<Phone>,
    /// The switch's 200 to each caller.
    pub oks: Vec<String>,
}

impl Pairs {
    /// Calls of callers and callees with these codecs.
    ///
    /// # Panics
    /// When they do not come up.
    pub fn up(codecs: &[(Codec, Codec)]) -> Self {
        Self::with(codecs, "", "")
    }

    /// The same, with more lines for each callee's trunk, and more tables.
    ///
    /// # Panics
    /// As [`Self::up`].
    pub fn with(codecs: &[(Codec, Codec)], trunk: &str, more: &str) -> Self {
        let block = Block::claim();
        let mut text =
            format!("[[trunk]]\nname = \"caller\"\nhosts = [\"{}\"]\nhealth_secs = 0\n\n", block.ip(2));
        for (host, call) in (10..).zip(0..codecs.len()) {
            let peer = block.at(host, 5_060);
            write!(
                text,
                "[[trunk]]\nname = \"carrier{call}\"\npeer = \"sip:{peer}\"\nhealth_secs = 0\n{trunk}\n\
                 [[number]]\ndid = \"+155502{call:02}\"\nto = \"trunk:carrier{call}\"\n\n"
            )
            .expect("a string takes it");
        }
        let node = Node::start(block, &(text + more));
        let mut pairs = Self { node, near: Vec::new(), far: Vec::new(), oks: Vec::new() };
        for ((host, port), codecs) in (10..).zip(5_060..).zip(codecs) {
            pairs.connect(host, port, *codecs);
        }
        pairs
    }

    fn connect(&mut self, host: u8, port: u16, (caller, callee): (Codec, Codec)) {
        let (block, switch, call) = (&self.node.block, self.node.sip(), self.oks.len());
        let mut near = Phone::new(block.at(2, port), caller);
        let mut far = Phone::new(block.at(host, 5_060), callee);
        near.party.invite_with(switch, &format!("+155502{call:02}"), &id(call), &near.sdp());
        far.answer(switch);
        self.oks.push(near.connected(switch, &id(call)));
        self.near.push(near);
        self.far.push(far);
    }

    /// Lets all speak and listen.
    pub fn converse(&mut self, ms: u64) {
        let mut all: Vec<&mut Phone> = self.near.iter_mut().chain(&mut self.far).collect();
        converse(&mut all, Duration::from_millis(ms));
    }

    /// The first caller offers this body anew, and the callee answers what it is offered then.
    ///
    /// # Panics
    /// When either does not answer.
    pub fn reoffer(&mut self, cseq: u32, sdp: &str) {
        let (switch, ok) = (self.node.sip(), &self.oks[0]);
        let (near, far) = (&mut self.near[0], &mut self.far[0]);
        std::thread::scope(|scope| {
            scope.spawn(|| far.answer(switch));
            near.party.reinvite(ok, switch, &id(0), cseq, sdp);
        });
    }

    /// The caller of the first call hangs up.
    ///
    /// # Panics
    /// When the callee does not hear of it.
    pub fn hang_up(&self) {
        let (switch, far) = (self.node.sip(), &self.far[0].party);
        self.near[0].party.hang_up(&self.oks[0], switch, &id(0));
        let bye = far.expect("BYE");
        far.reply(&bye, switch, "200 OK", "");
    }
}

fn id(call: usize) -> String {
    format!("pair{call}")
}
