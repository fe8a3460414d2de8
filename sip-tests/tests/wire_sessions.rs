//! Session timers on the wire (RFC 4028): what SIPp sees of them from both sides, over UDP and TCP.

use sip_tests::wire::{Block, Node, Script, Sipp, Transport};

const CALLER: u8 = 2;
const CALLEE: u8 = 3;

struct Stage {
    node: Node,
    transport: Transport,
}

impl Stage {
    fn play(&self, name: &str, caller: &Script, callee: Option<Script>) {
        let sipp = |script: &Script, host: u8| {
            let at = self.node.block.at(host, 5_060);
            let folder = self.node.block.folder();
            Sipp::script(script, &format!("{name}-{host}"), folder, at, self.transport)
                .from("+13145551111")
                .calls(1)
        };
        let waiting = callee.map(|script| sipp(&script, CALLEE).listen());
        let called = sipp(caller, CALLER).to("+15550001").call(self.node.sip()).end();
        assert_eq!(called.successful, 1, "{name}");
        if let Some(waiting) = waiting {
            assert_eq!(waiting.end().successful, 1, "{name}");
        }
    }
}

#[test]
fn intervals_are_asked_for_settled_and_refused_over_udp() {
    sessions(Transport::Udp);
}

#[test]
fn intervals_are_asked_for_settled_and_refused_over_tcp() {
    sessions(Transport::Tcp);
}

fn sessions(transport: Transport) {
    let block = Block::claim();
    let (caller, callee, word) = (block.ip(CALLER), block.at(CALLEE, 5_060), transport.word());
    let provisioning = format!(
        "[[trunk]]\nname = \"caller\"\nhosts = [\"{caller}\"]\nhealth_secs = 0\n\n\
         [[trunk]]\nname = \"callee\"\npeer = \"sip:{callee}\"\ntransport = \"{word}\"\nhealth_secs = 0\n\n\
         [[number]]\ndid = \"+15550001\"\nto = \"trunk:callee\"\n"
    );
    let stage = Stage { node: Node::start(block, &provisioning), transport };

    // §9: the caller knows timers and wishes for nothing; the callee takes what we ask for.
    let caller = Script::new().sdp().header("Supported: timer").ask("INVITE").expect(200);
    let caller = caller.saying("Session-Expires: 1800;refresher=uac").ask("ACK").pause(50);
    let caller = caller.ask("BYE").expect(200);
    let callee = Script::new().take("INVITE").saying("Session-Expires: 1800").sdp();
    let callee = callee.header("Session-Expires: 1800;refresher=uas").header("Require: timer").reply(200);
    stage.play("settled", &caller, Some(callee.take("ACK").take("BYE").reply(200)));

    // §6: too brief for us.
    let caller = Script::new().sdp().header("Supported: timer").header("Session-Expires: 60").ask("INVITE");
    stage.play("too-brief", &caller.expect(422).saying("Min-SE: 90").ask("ACK-REFUSAL"), None);

    // §7.3: too brief for them.
    let caller = Script::new().sdp().ask("INVITE").talk();
    let callee = Script::new().take("INVITE").header("Min-SE: 7200").reply(422).take("ACK");
    let callee = callee.take("INVITE").saying("Session-Expires: 7200").listen();
    stage.play("longer", &caller, Some(callee));
}
