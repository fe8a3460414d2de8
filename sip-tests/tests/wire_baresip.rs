//! Two real phones that hear each other: not packets are checked but sound.

use sip_tests::wire::{Baresip, Block, Node, Transport, level_at, read_wav, until};

/// Samples of a second and a half.
const LISTEN: usize = 12_000;
/// The share of the power that the other's tone has to have; the own one must stay below a tenth of that.
const CLEAR: f64 = 0.5;

#[test]
fn two_baresips_register_over_udp_and_each_hears_the_other_one_s_tone() {
    conversation(Transport::Udp);
}

#[test]
fn two_baresips_register_over_tcp_and_each_hears_the_other_one_s_tone() {
    conversation(Transport::Tcp);
}

/// Conformance 5922, RFC 3261 §26.2: phones that check the switch's certificate.
#[test]
fn two_baresips_register_over_tls_and_each_hears_the_other_one_s_tone() {
    conversation(Transport::Tls);
}

fn conversation(transport: Transport) {
    let node = Node::start_secure(
        Block::claim(),
        "[[station]]\nextension = \"1001\"\npassword = \"secret-1001\"\n\n\
         [[station]]\nextension = \"1002\"\npassword = \"secret-1002\"\n",
        "",
    );
    let (low, high) = (440.0, 1_200.0);
    let mut one = Baresip::start(&node.block, 21, "1001", transport, low);
    let two = Baresip::start(&node.block, 22, "1002", transport, high);
    until("both to be registered", || (node.api().items("/api/v1/registrations").len() == 2).then_some(()));
    let switch = if transport == Transport::Tls { node.tls() } else { node.sip() };
    one.command("dial", &format!("sip:1002@{switch};transport={}", transport.word()));
    one.event("CALL_ESTABLISHED");
    for (phone, theirs, own) in [(&one, high, low), (&two, low, high)] {
        let sound = until("a second of sound", || {
            let samples = phone.heard().first().map(|file| read_wav(file))?;
            let from = samples.iter().position(|sample| sample.unsigned_abs() > 1_000)?;
            samples.get(from..from + LISTEN).map(<[i16]>::to_vec)
        });
        let (clear, echo) = (level_at(&sound, theirs), level_at(&sound, own));
        assert!(clear > CLEAR, "{theirs} Hz has {clear} of the power, {own} Hz {echo}");
        assert!(echo < CLEAR / 10.0, "{own} Hz comes back with {echo} of the power");
    }
    one.command("hangup", "");
    let record = node.records(1).remove(0);
    assert_eq!((&record["cause"], &record["codec"]), (&"normal".into(), &"PCMU".into()), "{record:#}");
}
